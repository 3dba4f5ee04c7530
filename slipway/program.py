"""What the Pulumi program deploys: the project's models as plain values, and packages as keys in a bucket."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import pulumi

from slipway.artifacts.builder import Builder, collect_all
from slipway.artifacts.commits import last_commits
from slipway.artifacts.publish import Publisher, package_key
from slipway.core import validate
from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.project import Project
from slipway.core.spec import environment_spec, function_spec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from pathlib import Path

    from slipway.artifacts.inputs import PackageInputs
    from slipway.core.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannedFunction:
    """One function of an environment.

    Attributes:
        name: Name of the function.
        spec: JSON-like values for `FunctionArgs.from_spec`.
        inputs: What its package is made of; None for an image.
        image: Image with digest; None for a package.
    """

    name: str
    spec: Mapping[str, Any]
    inputs: PackageInputs | None
    image: str | None

    @property
    def key(self) -> str | None:
        """Key of its package, known before the package exists; None for an image."""
        return package_key(self.inputs) if self.inputs else None


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """An environment and the functions that it deploys.

    Attributes:
        project: The project.
        settings: Settings of the environment.
        environment: JSON-like values for `EnvironmentArgs.from_spec`.
        functions: Its functions, by name, sorted.
    """

    project: Project
    settings: Settings
    environment: Mapping[str, Any]
    functions: Mapping[str, PlannedFunction]

    def code(self, function: PlannedFunction, bucket: pulumi.Output[str] | None = None) -> dict[str, Any]:
        """What runs, as values for `Code`.

        Args:
            function: One of the functions.
            bucket: The packages bucket. In an update, a package that is not there yet is built and uploaded once the
                bucket exists, and the key resolves after that. A preview only names the key. Without a bucket, nothing
                will be published.
        """
        if function.inputs is None:
            return {"image": function.image}
        if bucket is None or pulumi.runtime.is_dry_run():
            return {"bucket": bucket, "key": function.key}
        published: pulumi.Output[str] = bucket.apply(functools.partial(self._published, function))
        return {"bucket": bucket, "key": published}

    def _published(self, function: PlannedFunction, bucket: str) -> Awaitable[str]:
        return asyncio.to_thread(self._publish, function, self._publisher(bucket))

    def _publish(self, function: PlannedFunction, publisher: Publisher) -> str:
        assert function.inputs is not None
        assert function.key is not None
        build = functools.partial(self._built, function.inputs)
        commit = str(function.spec["commit"])
        try:
            publisher.ensure(function.inputs.digest, function.key, build, function=function.name, commit=commit)
        except SlipwayError as error:
            raise pulumi.RunError(_text(error)) from error
        return function.key

    def _built(self, inputs: PackageInputs) -> Path:
        return self._builder.build(inputs, verify=True).package.path

    @functools.cached_property
    def _builder(self) -> Builder:
        return Builder(self.project)

    @functools.cache  # noqa: B019 - one plan lives as long as the program
    def _publisher(self, bucket: str) -> Publisher:
        return Publisher(bucket, functools.partial(_s3_client, self.settings))


def plan(environment: str, start: Path | None = None) -> Plan:
    """Read, check and complete everything that an environment deploys; builds and calls nothing.

    Args:
        environment: Name of the environment, which is the stack's name.
        start: Where to look for the project from; default the working directory.

    Raises:
        BadInputError: Something is wrong; all mistakes are its findings.
    """
    project = Project.find(start)
    loaded = validate.load(project, [environment])
    loaded.require_valid()
    settings = loaded.settings[environment]
    functions = loaded.deployed(environment)
    inputs = collect_all(project, functions.values())
    commits = last_commits(project, {name: found.paths for name, found in inputs.items()})
    planned = {
        name: PlannedFunction(
            name=name,
            spec={**function_spec(function, settings), "commit": commits.get(name, "unknown")},
            inputs=inputs.get(name),
            image=function.manifest.image,
        )
        for name, function in functions.items()
    }
    return Plan(project=project, settings=settings, environment=environment_spec(settings), functions=planned)


def plan_or_stop(environment: str) -> Plan:
    """`plan` for the Pulumi program: mistakes end it with all their messages and without a traceback.

    Raises:
        pulumi.RunError: Something is wrong; the message holds one line for each mistake.
    """
    try:
        return plan(environment)
    except SlipwayError as error:
        raise pulumi.RunError(_text(error)) from error


def _text(error: SlipwayError) -> str:
    findings = error.findings if isinstance(error, BadInputError) else []
    return "\n".join([*(finding.render() for finding in findings), str(error)])


def _s3_client(settings: Settings) -> Any:
    from slipway.aws.clients import Aws  # noqa: PLC0415 - a preview never needs boto3

    return Aws.of(settings).client("s3")
