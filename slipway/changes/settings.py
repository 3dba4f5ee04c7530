"""What a function is beside its code, in one environment, and why that differs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.artifacts.images.containerfile import needs_base
from slipway.artifacts.images.environment import CONTAINER_RUNTIME, needs_dead_letters, needs_log_agent, runs_as_image
from slipway.artifacts.inputs import ContainerInputs, PackageInputs
from slipway.changes.differences import differences
from slipway.core.spec import environment_spec, function_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.changes.state import Environment, State
    from slipway.core.loaded import LoadedFunction

_FOR_TARGET = {"aws": "lambda", "knative": "knative"}
_SIGNATURE = "signature"


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A function in an environment of a state.

    Attributes:
        state: The state.
        environment: The environment.
        function: The function.
        inputs: What decides its code; None for an image that function.yaml names.
    """

    state: State
    environment: Environment
    function: LoadedFunction
    inputs: PackageInputs | ContainerInputs | None

    @property
    def target(self) -> str:
        """Where it runs."""
        return self.function.target_in(self.environment.settings)

    @property
    def spec(self) -> dict[str, Any]:
        """What its component takes, and an image that function.yaml names."""
        spec = function_spec(self.function, self.environment.settings)
        return {**spec, "image": self.function.manifest.image}

    @property
    def base_image(self) -> str | None:
        """The base image that it stands on, as the settings name it; None where it stands on none that they name."""
        if not runs_as_image(self.function, self.environment.settings) or self.inputs is None:
            return None
        runtime: str = self.function.manifest.runtime
        if isinstance(self.inputs, ContainerInputs):
            if not needs_base(self.inputs):
                return None
            runtime = CONTAINER_RUNTIME
        return {str(name): image for name, image in self.environment.settings.images.base.items()}.get(runtime)


def setting_reasons(old: Place, new: Place) -> Iterator[str]:
    """Why what is deployed of a function differs in an environment, its code aside.

    Args:
        old: The function in the environment at the base.
        new: The same now.
    """
    name = new.function.name
    between = function_spec(new.function, old.environment.settings) | {"image": new.function.manifest.image}
    for path in differences(old.spec, between):
        yield "how its handler is called" if path == _SIGNATURE else f"functions/{name}/function.yaml: {path}"
    where = f"stacks/Pulumi.{new.environment.settings.environment}.yaml"
    for path in differences(between, new.spec):
        yield f"{where}: {path} of {name}"
    if old.environment is not new.environment:
        for path in _environment(old, new):
            yield f"{where}: {path}"
    if old.base_image != new.base_image:
        yield f"{where}: base image"


def program_reasons(old: Place, new: Place) -> Iterator[str]:
    """Which programs of Slipway's own that stand beside a function or in its image differ."""
    settings = new.environment.settings
    if isinstance(old.inputs, PackageInputs) and isinstance(new.inputs, PackageInputs):
        images = runs_as_image(new.function, settings)
        if images and old.state.server(old.inputs) != new.state.server(new.inputs):
            yield "what serves images, runtime/server/requirements.txt"
    if new.target == "lambda" and new.spec["sinks"] and old.state.shipper != new.state.shipper:
        yield "shipper of its logs, runtime/slipway_shipper/"
    if needs_dead_letters([new.function], settings) and old.state.dead_letters != new.state.dead_letters:
        yield "service of its dead letters, runtime/slipway_deadletters/"


def _environment(old: Place, new: Place) -> Iterator[str]:
    """Paths of settings of the environment that matter to a function."""
    before, now = environment_spec(old.environment.settings), environment_spec(new.environment.settings)
    for key in sorted({*before, *now}):
        if _FOR_TARGET.get(key, new.target) != new.target:
            continue
        if key == "catalogue":
            mine = _used(new)
            yield from _entries(
                {f"resources.{e['kind']}.{e['name']}": e for e in before[key] if (e["kind"], e["name"]) in mine},
                {f"resources.{e['kind']}.{e['name']}": e for e in now[key] if (e["kind"], e["name"]) in mine},
            )
        elif key == "sinks":
            chosen = {*old.spec["sinks"], *new.spec["sinks"]}
            yield from _entries(
                {f"sinks.{e['name']}": e for e in before[key] if e["name"] in chosen},
                {f"sinks.{e['name']}": e for e in now[key] if e["name"] in chosen},
            )
        else:
            yield from differences(before.get(key), now.get(key), key)
    collectors = [place.environment.settings.images.collector for place in (old, new)]
    if collectors[0] != collectors[1] and needs_log_agent([new.function], new.environment.settings):
        yield "images.collector"
    yield from differences(dict(old.environment.foreign), dict(new.environment.foreign))


def _entries(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        yield from differences(before.get(name), now.get(name), name)


def _used(place: Place) -> set[tuple[str, str]]:
    """Entries of the catalogue that a function uses: kind and name."""
    spec = place.spec
    return {
        *((grant["kind"], grant["name"]) for grant in spec["grants"]),
        *(("secret", secret["secret"]) for secret in spec["secrets"]),
        *(("queue", event["queue"]) for event in spec["queues"]),
    }
