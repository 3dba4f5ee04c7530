"""First answer of `hello` when no instance runs: on Knative, from zero / on Lambda, under AWS's runtime client."""

from __future__ import annotations

import statistics

from benchmarks import clusters
from benchmarks.both_targets import deployed
from benchmarks.harness import Measurement

ID = "B11"
TARGET = None
_COLD_ROUNDS = 3
_WARM_ROUNDS = 20


def measure() -> Measurement:
    """Seconds on the clock of requests to the public entries; both targets take turns.

    For information: here it is this machine that starts instances, whose pace is neither AWS's nor a real cluster's. On
    Knative the time has the autoscaler, the pod and two proxies in it; on Lambda a process and no virtual machine.
    """
    cold: dict[str, list[float]] = {"knative": [], "lambda": []}
    warm: dict[str, list[float]] = {"knative": [], "lambda": []}
    with clusters.running() as cluster, deployed(cluster) as hello:
        hello.hasten()
        for _ in range(_COLD_ROUNDS):
            hello.forget_instances()
            cold["lambda"].append(hello.on_lambda())
            hello.wait_for_zero()
            cold["knative"].append(hello.knative())
            for _ in range(_WARM_ROUNDS):
                warm["knative"].append(hello.knative())
                warm["lambda"].append(hello.on_lambda())
    first = {target: statistics.median(found) for target, found in cold.items()}
    later = {target: statistics.median(found) for target, found in warm.items()}
    said = "; ".join(f"{name}: {first[name]:.3g} s cold, {later[name] * 1000:.3g} ms warm" for name in first)
    return Measurement(
        ratio=first["knative"] / first["lambda"],
        note=f"{said}; medians of {_COLD_ROUNDS} cold and {_COLD_ROUNDS * _WARM_ROUNDS} warm, time on the clock",
        parts={
            "knative cold / warm": (first["knative"] / later["knative"], None),
            "lambda cold / warm": (first["lambda"] / later["lambda"], None),
            "warm, knative / lambda": (later["knative"] / later["lambda"], None),
        },
    )
