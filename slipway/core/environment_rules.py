"""What must hold between the settings of environments and the functions that they deploy, and between environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.catalogue_rules import wanted
from slipway.core.explain import Mistake, known, nearest, to_finding
from slipway.core.settings_knative import EMBEDDED_RUNTIME
from slipway.core.sink_rules import unfit_sinks, unknown_names
from slipway.core.targets import FEATURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slipway.core.findings import Finding
    from slipway.core.loaded import LoadedFunction
    from slipway.core.placed import Environment
    from slipway.core.settings import Settings


def environment_findings(
    environments: Mapping[str, Environment], functions: Mapping[str, LoadedFunction], names: Sequence[str]
) -> list[Finding]:
    """What is wrong in the settings of environments, whatever they deploy.

    Args:
        environments: Environments by name, as far as their settings could be used.
        functions: Functions by name, as far as their manifests could be used.
        names: Names of all functions, those included whose manifests could not be used.
    """
    owners = {function.manifest.owner for function in functions.values()} if len(functions) == len(names) else None
    findings = [*_unknown_functions(environments, names), *_shared_namespaces(environments)]
    for environment, here in environments.items():
        mistakes = unknown_names(here.settings, names, owners)
        findings += [to_finding(here.document, mistake, environment=environment) for mistake in mistakes]
    return findings


def unfit_settings(functions: Mapping[str, LoadedFunction], here: Environment) -> list[Finding]:
    """What the settings of an environment say that does not go with how its functions use them.

    Args:
        functions: Functions that the environment deploys.
        here: The environment.
    """
    settings = here.settings
    mistakes = (
        *_queues(functions, settings),
        *_hosts(functions, settings),
        *_base(functions, settings),
        *unfit_sinks(functions, here),
    )
    return [
        to_finding(here.document, mistake, environment=settings.environment)
        for mistake in mistakes
        if not here.refused.touches(mistake.path)
    ]


def _queues(functions: Mapping[str, LoadedFunction], settings: Settings) -> Iterator[Mistake]:
    why = FEATURES["queue.fifo"].on_knative.how
    used = {name for function in functions.values() for _, kind, name in wanted(function) if kind == "queue"}
    for name, queue in settings.catalogue("queue").items():
        if queue.fifo and name not in used and settings.target == "knative":
            yield Mistake(
                path=("resources", "queue", name, "fifo"),
                rule="not-on-knative",
                message=f"queue {name!r} is fifo, but no function on Lambda uses it: {why}",
                remedy="remove fifo, or the queue",
            )


def _hosts(functions: Mapping[str, LoadedFunction], settings: Settings) -> Iterator[Mistake]:
    owners: dict[str, str] = {}
    for name, override in settings.functions.items():
        function = functions.get(name)
        for index, host in enumerate(override.hosts if function else []):
            path = ("functions", name, "hosts", index)
            owner = owners.setdefault(host, name)
            if owner != name or host in override.hosts[:index]:
                message = f"host {host} is already one of function {owner!r}"
                yield Mistake(path=path, rule="repeated-value", message=message, remedy="keep one")
        if function and override.hosts and all(route.visibility != "public" for route in function.manifest.http):
            yield Mistake(
                path=("functions", name, "hosts"),
                rule="unused-key",
                message=f"slipway:functions.{name}.hosts: the function has no public route",
                remedy="remove it, or make a route public",
            )


def _base(functions: Mapping[str, LoadedFunction], settings: Settings) -> Iterator[Mistake]:
    """What keeps dead letters is an image of Slipway's own, on the same base as functions."""
    knative = settings.knative
    if knative is None or knative.embedded or EMBEDDED_RUNTIME in knative.base:
        return
    for name, function in functions.items():
        takes_events = len(function.manifest.http) < len(function.manifest.events)
        if takes_events and function.target_in(settings) == "knative" and function.manifest.runtime != EMBEDDED_RUNTIME:
            yield Mistake(
                path=("images",),
                rule="no-base-image",
                message=f"slipway:images.base has no {EMBEDDED_RUNTIME}: an image keeps dead letters of {name!r}",
                remedy="add it; Slipway's own service runs on it",
            )
            return


def _unknown_functions(environments: Mapping[str, Environment], names: Sequence[str]) -> Iterator[Finding]:
    for environment, here in environments.items():
        for name in here.settings.functions:
            if name not in names:
                mistake = Mistake(
                    path=("functions", name),
                    rule="unknown-function",
                    message=f"slipway:functions names {name!r}, which is no function{nearest(name, names)}",
                    remedy=f"functions: {known(names)}",
                    at_key=True,
                )
                yield to_finding(here.document, mistake, environment=environment)


def _shared_namespaces(environments: Mapping[str, Environment]) -> Iterator[Finding]:
    """Each environment is alone in its namespace; a second one would take down what the first one made."""
    owners: dict[tuple[str | None, str], str] = {}
    for environment, here in sorted(environments.items()):
        knative = here.settings.knative
        if knative is None or here.refused.touches(("namespace",)) or here.refused.touches(("kubeContext",)):
            continue
        owner = owners.setdefault((knative.context, knative.namespace), environment)
        if owner != environment:
            document = environments[owner].document
            mark = document.mark(("namespace",))
            mistake = Mistake(
                path=("namespace",),
                rule="shared-namespace",
                message=f"namespace {knative.namespace!r} is already that of environment {owner!r} in the same cluster "
                f"({document.file}:{mark.line}:{mark.column})",
                remedy="give each its own slipway:namespace",
            )
            yield to_finding(here.document, mistake, environment=environment)
