"""The parts of log sinks on the embedded cluster: the agent that ships logs and the store that they go to.

Each is built from a module set of its own: what the collector and Loki need of shared modules excludes each other.
There is no official archive of this collector, and Loki's are zip files.
"""

from __future__ import annotations

from pathlib import Path

from toolchain.parts import ModuleSet, Part

COLLECTOR = "0.138.0"
LOKI = "3.4.0"

_HERE = Path(__file__).parent
_LOKI_MODULE = "github.com/grafana/loki/v3"


def collector() -> Part:
    """The OpenTelemetry Collector with the components that the agent's configuration names; no other one stands in."""
    return Part(
        name="otelcol",
        title="OpenTelemetry Collector",
        version=COLLECTOR,
        binary="otelcol",
        modules=ModuleSet(
            folder=_HERE / "otelcol",
            package=".",
            version_symbol="",
            variables=(("main.version", COLLECTOR),),
            cpu_seconds=240,
            disk_mb=2500,
        ),
    )


def loki() -> Part:
    """The log store."""
    return Part(
        name="loki",
        title="Loki",
        version=LOKI,
        binary="loki",
        version_command=("--version",),
        newer_is_compatible=True,
        modules=ModuleSet(
            folder=_HERE / "loki",
            package=f"{_LOKI_MODULE}/cmd/loki",
            version_symbol="",
            variables=((f"{_LOKI_MODULE}/pkg/util/build.Version", LOKI),),
            cpu_seconds=400,
            disk_mb=3500,
        ),
    )


def cluster() -> tuple[Part, ...]:
    """Both, in the order in which they are installed."""
    return collector(), loki()
