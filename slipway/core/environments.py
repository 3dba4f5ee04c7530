"""Reads the settings of environments: `stacks/Pulumi.<environment>.yaml`."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from slipway.core.anatomy import hides_keys
from slipway.core.document import property_name
from slipway.core.explain import Mistake, check, known, nearest, to_finding
from slipway.core.findings import Finding, Severity
from slipway.core.placed import Environment
from slipway.core.settings import PREFIX, Settings, StackFile
from slipway.core.settings_rules import settings_mistakes
from slipway.core.yaml_source import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slipway.core.document import PropertyPath
    from slipway.core.project import Project

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_SECURE = "secure"


@dataclasses.dataclass(frozen=True, slots=True)
class LoadedEnvironment:
    """An environment after its file was read.

    Attributes:
        environment: Its settings as far as they could be used; None when they could not.
        complete: Whether everything in the file was right.
        findings: What was found.
        foreign: Configuration of others than Slipway in the file, such as that of the engine's providers.
    """

    environment: Environment | None
    complete: bool
    findings: list[Finding]
    foreign: dict[str, Any] = dataclasses.field(default_factory=dict)


def environment_names(project: Project) -> list[str]:
    """Names of all environments of a project, sorted, wrong names included."""
    if not project.stacks.is_dir():
        return []
    return sorted(
        path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in project.stacks.glob("Pulumi.*.yaml")
    )


def name_findings(project: Project, wanted: Sequence[str] | None) -> tuple[list[str], list[Finding]]:
    """Which environments are meant, and what is wrong with their names.

    Args:
        project: The project.
        wanted: Names that were asked for; None means all.

    Returns:
        Names of environments that have a file, and findings about the others.
    """
    present = environment_names(project)
    names = list(dict.fromkeys(present if wanted is None else wanted))
    mistakes: list[tuple[str, str, str, str]] = [
        (path.name, "wrong-ending", "is not read", f"rename it to {path.stem}.yaml")
        for path in sorted(project.stacks.glob("Pulumi.*.yml"))
    ]
    for name in names:
        file = f"Pulumi.{name}.yaml"
        if name not in present:
            message = f"there is no environment {name!r}{nearest(name, present)}"
            mistakes.append((file, "unknown-environment", message, f"there: {known(present)}"))
        elif not _NAME.fullmatch(name):
            allowed = "use 1-40 lower-case letters, digits and hyphens, with no hyphen first or last"
            mistakes.append((file, "bad-name", f"{name!r} is not an environment's name", allowed))
    if not present:
        mistakes.append(("", "no-environment", "holds no environment", "add Pulumi.<environment>.yaml"))
    findings = [
        Finding(
            severity=Severity.ERROR,
            rule=rule,
            message=message,
            remedy=remedy,
            file=project.relative(project.stacks / file),
        )
        for file, rule, message, remedy in mistakes
    ]
    return [name for name in names if name in present], findings


def load_environment(project: Project, name: str) -> LoadedEnvironment:
    """Read the settings of an environment.

    Args:
        project: The project.
        name: Name of an environment that has a file.
    """
    path = project.stack_file(name)
    document = read_yaml(path, inside=project.stacks, shown=project.relative(path), hides=_hides)
    stack = check(StackFile, document, {"config": {}}, environment=name)
    if not isinstance(document.data, dict) or not isinstance(document.data.get("config"), dict):
        return LoadedEnvironment(None, complete=False, findings=stack.findings)
    foreign = list(_foreign_keys(document.data["config"]))
    section = document.section(PREFIX, at=("config",))
    secure = list(_secure_values(section.data))
    section.refused.update(mistake.path for mistake in secure)
    section.data = _without_secure(section.data)
    checked = check(Settings, section, {"target": "knative"}, environment=name)
    findings = [*stack.findings, *checked.findings]
    findings += [to_finding(document, mistake, environment=name) for mistake in foreign]
    findings += [to_finding(section, mistake, environment=name) for mistake in secure]
    if checked.model is None:
        return LoadedEnvironment(None, complete=False, findings=findings)
    settings = checked.model.named(name)
    rules = [m for m in settings_mistakes(settings) if not checked.refused.touches(m.path)]
    findings += [to_finding(section, mistake, environment=name) for mistake in rules]
    complete = not any(finding.severity >= Severity.ERROR for finding in findings)
    others = {key: value for key, value in document.data["config"].items() if not key.startswith(PREFIX)}
    environment = Environment(settings, section, checked.refused)
    return LoadedEnvironment(environment, complete=complete, findings=findings, foreign=others)


def _hides(holder: PropertyPath) -> bool:
    """Keys are shown in the settings, but not in what belongs to others, where they may be anything."""
    if len(holder) <= 1:
        return holder not in {(), ("config",)}
    key = str(holder[1])
    return not key.startswith(PREFIX) or hides_keys(Settings, (key.removeprefix(PREFIX), *holder[2:]))


def _foreign_keys(config: dict[str, Any]) -> Iterator[Mistake]:
    """Keys of the configuration without a namespace, or with a misspelt one."""
    for key in config:
        namespace, colon, rest = key.partition(":")
        if not colon or not namespace or not rest:
            remedy = f"write {PREFIX}{key}" if key in _setting_names() else "write <namespace>:<name>"
            message = f"{property_name((key,))} has no namespace"
            yield Mistake(path=("config", key), rule="unknown-key", message=message, remedy=remedy, at_key=True)
        elif key != key.strip() or (f"{namespace}:" != PREFIX and nearest(namespace, [PREFIX[:-1]])):
            message = f"unknown namespace in {property_name((key,))}, did you mean '{PREFIX}'?"
            yield Mistake(path=("config", key), rule="unknown-key", message=message, at_key=True)


def _setting_names() -> list[str]:
    return [field.alias or name for name, field in Settings.model_fields.items()]


def _secure_values(value: Any, path: PropertyPath = ()) -> Iterator[Mistake]:
    if isinstance(value, dict) and _is_secure(value):
        name = PREFIX + property_name(path)
        message = f"{name} is an encrypted value, which settings do not take"
        remedy = "keep secrets in a secret store and name them under slipway:resources.secret"
        yield Mistake(path=path, rule="secure-value", message=message, remedy=remedy)
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from _secure_values(inner, (*path, key))


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == [_SECURE]


def _without_secure(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secure(inner) for key, inner in value.items() if not _is_secure(inner)}
    if isinstance(value, list):
        return [_without_secure(inner) for inner in value if not _is_secure(inner)]
    return value
