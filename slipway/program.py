"""What the Pulumi program deploys: the project's models as plain values, packages as keys, images as references."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import pulumi

from slipway.artifacts.builder import Builder, collect_all
from slipway.artifacts.commits import last_commits
from slipway.artifacts.inputs import container_paths
from slipway.artifacts.publish import Publisher, package_key
from slipway.artifacts.shipper import shipper
from slipway.core import validate
from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.project import Project
from slipway.core.spec import environment_spec, function_spec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from slipway.artifacts.images.environment import Image
    from slipway.artifacts.inputs import PackageInputs
    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannedFunction:
    """One function of an environment.

    Attributes:
        name: Name of the function.
        spec: JSON-like values for `FunctionArgs.from_spec`.
        inputs: What its package is made of; None for an image.
        image: What runs on Knative and in containers; None for a package.
    """

    name: str
    spec: Mapping[str, Any]
    inputs: PackageInputs | None
    image: Image | None

    @property
    def key(self) -> str | None:
        """Key of its package, known before the package exists; None for an image."""
        return package_key(self.inputs) if self.inputs else None

    @property
    def code(self) -> dict[str, Any]:
        """What runs, as values for `Code`, before anything of it is published."""
        return {"image": self.image.reference} if self.image else {"key": self.key}


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """An environment and the functions that it deploys.

    Attributes:
        project: The project.
        settings: Settings of the environment.
        spec: JSON-like values for `EnvironmentArgs.from_spec`.
        functions: Its functions, by name, sorted.
        dead_letters: Image of the service that keeps dead letters; None where nothing can become one.
        log_agent: Image of the log agent; None where no function on Knative has a log sink.
        shipper: What the package of the shipper is made of; None where no function on Lambda has a log sink.
    """

    project: Project
    settings: Settings
    spec: Mapping[str, Any]
    functions: Mapping[str, PlannedFunction]
    dead_letters: Image | None = None
    log_agent: Image | None = None
    shipper: PackageInputs | None = None

    @functools.cached_property
    def environment(self) -> dict[str, Any]:
        """Values for `EnvironmentArgs.from_spec`, with what of Slipway's own runs beside the functions."""
        found = dict(self.spec)
        if self.dead_letters is not None:
            kept = {**found["knative"]["dead_letters"], "image": self._in_registry(self.dead_letters)}
            found["knative"] = {**found["knative"], "dead_letters": kept}
        if self.log_agent is not None:
            found["knative"] = {**found["knative"], "log_agent": self._in_registry(self.log_agent)}
        if self.shipper is not None:
            found["shipper"] = {
                "key": package_key(self.shipper),
                "runtime": self.shipper.runtime,
                "publish": self._shipper_in,
            }
        return found

    def code(self, function: PlannedFunction, bucket: pulumi.Output[str] | None = None) -> dict[str, Any]:
        """What runs, as values for `Code`; in an update it is published first, and the values resolve after that.

        A preview only names it.

        Args:
            function: One of the functions.
            bucket: The packages bucket, for functions that are packages; it resolves once the bucket exists.
        """
        if function.image is not None:
            return {"image": self._in_registry(function.image)}
        if bucket is None or pulumi.runtime.is_dry_run():
            return {"bucket": bucket, "key": function.key}
        published: pulumi.Output[str] = bucket.apply(functools.partial(self._published, function))
        return {"bucket": bucket, "key": published}

    def _shipper_in(self, bucket: pulumi.Output[str]) -> str | pulumi.Output[str]:
        """Key of the shipper's package; in an update it resolves when the package lies in the bucket."""
        assert self.shipper is not None
        if pulumi.runtime.is_dry_run():
            return package_key(self.shipper)
        published: pulumi.Output[str] = bucket.apply(self._shipped_to)
        return published

    def _shipped_to(self, bucket: str) -> Awaitable[str]:
        return _said(functools.partial(self._ship, self._publisher(bucket)))

    def _ship(self, publisher: Publisher) -> str:
        assert self.shipper is not None
        key = package_key(self.shipper)
        build = functools.partial(self._built, self.shipper)
        publisher.ensure(self.shipper.digest, key, build, function=self.shipper.function)
        return key

    def _in_registry(self, image: Image) -> str | pulumi.Output[str]:
        if image.layout is None or pulumi.runtime.is_dry_run():
            return image.reference
        return pulumi.Output.from_input(_said(image.publish))

    def _published(self, function: PlannedFunction, bucket: str) -> Awaitable[str]:
        return _said(functools.partial(self._publish, function, self._publisher(bucket)))

    def _publish(self, function: PlannedFunction, publisher: Publisher) -> str:
        assert function.inputs is not None
        assert function.key is not None
        build = functools.partial(self._built, function.inputs)
        commit = str(function.spec["commit"])
        publisher.ensure(function.inputs.digest, function.key, build, function=function.name, commit=commit)
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
    """Read, check and complete everything that an environment deploys.

    Images are built if they are not in the cache, because only that tells their digests; packages are not. Where a
    function rolls out step by step, its target is asked where calls go now.

    Args:
        environment: Name of the environment, which is the stack's name.
        start: Where to look for the project from; default the working directory.

    Raises:
        BadInputError: Something is wrong; all mistakes are its findings.
        SlipwayError: An image cannot be built, or a target cannot be asked.
    """
    project = Project.find(start)
    loaded = validate.load(project, [environment])
    loaded.require_valid()
    settings = loaded.settings[environment]
    functions = loaded.deployed(environment)
    inputs = collect_all(project, functions.values())
    commits = last_commits(
        project,
        {
            name: inputs[name].paths
            if name in inputs
            else container_paths(project.relative(project.functions), name, function.manifest.includes)
            for name, function in functions.items()
        },
    )
    images, dead_letters, log_agent = _images(project, settings, functions, inputs)
    specs = {
        name: {
            **function_spec(function, settings),
            "commit": commits.get(name, "unknown"),
            "code_digest": inputs[name].digest if name in inputs else images[name].digest,
        }
        for name, function in functions.items()
    }
    _point(project, settings, specs)
    shipped = any(specs[name]["sinks"] and found.target_in(settings) == "lambda" for name, found in functions.items())
    return Plan(
        project=project,
        settings=settings,
        spec=_environment(project, settings),
        functions={
            name: PlannedFunction(
                name=name, spec=spec, inputs=None if name in images else inputs[name], image=images.get(name)
            )
            for name, spec in specs.items()
        },
        dead_letters=dead_letters,
        log_agent=log_agent,
        shipper=shipper(project) if shipped else None,
    )


def plan_or_stop(environment: str) -> Plan:
    """`plan` for the Pulumi program: mistakes end it with all their messages and without a traceback.

    Raises:
        pulumi.RunError: Something is wrong; the message holds one line for each mistake.
    """
    try:
        return plan(environment)
    except SlipwayError as error:
        raise pulumi.RunError(_text(error)) from error


def _images(
    project: Project,
    settings: Settings,
    functions: Mapping[str, LoadedFunction],
    inputs: Mapping[str, PackageInputs],
) -> tuple[dict[str, Image], Image | None, Image | None]:
    """Images of the functions that run as one, of the dead letters if there can be any, and of the log agent."""
    if settings.target == "lambda" and inputs.keys() == functions.keys() and not settings.has_knative:
        return {}, None, None  # packages all, and nothing of images is loaded
    from slipway.artifacts.images import environment as images  # noqa: PLC0415 - Lambda alone does not need it

    builder = images.EnvironmentImages(project, settings)
    found = builder.build_all(functions, inputs)
    kept = builder.dead_letters if images.needs_dead_letters(functions.values(), settings) else None
    agent = builder.log_agent if images.needs_log_agent(functions.values(), settings) else None
    return found, kept, agent


def _point(project: Project, settings: Settings, specs: Mapping[str, dict[str, Any]]) -> None:
    """Add where calls go now to what rolls out step by step."""
    rolling = {name: spec for name, spec in specs.items() if spec["rollout"]}
    if not rolling:
        return
    from slipway.rollout import pointers  # noqa: PLC0415 - it calls the targets; most environments do not need it

    for name, pointer in pointers.read(project, settings, {n: s["target"] for n, s in rolling.items()}).items():
        rolling[name]["rollout"] = {**rolling[name]["rollout"], "pointer": dataclasses.asdict(pointer)}


def _environment(project: Project, settings: Settings) -> dict[str, Any]:
    """The environment's values, with where the embedded cluster's access lies on this machine."""
    spec = environment_spec(settings)
    if settings.knative is None or not settings.knative.embedded:
        return spec
    # The engine and its plugins work in the project's folder: the same words whatever the checkout's path.
    return {**spec, "knative": {**spec["knative"], "kubeconfig": project.relative(project.kubeconfig)}}


async def _said(publish: Callable[[], str]) -> str:
    """Publish in a thread; what goes wrong ends the program in words.

    Raises:
        pulumi.RunError: It cannot be published.
    """
    try:
        return await asyncio.to_thread(publish)
    except SlipwayError as error:
        raise pulumi.RunError(_text(error)) from error


def _text(error: SlipwayError) -> str:
    findings = error.findings if isinstance(error, BadInputError) else []
    return "\n".join([*(finding.render() for finding in findings), str(error)])


def _s3_client(settings: Settings) -> Any:
    from slipway.aws.clients import Aws  # noqa: PLC0415 - a preview never needs boto3

    return Aws.of(settings).client("s3")
