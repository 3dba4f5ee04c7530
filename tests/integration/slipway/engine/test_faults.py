"""Kills at random moments, and failures of AWS: nothing is lost, nothing is left over, each message says what to do.

SLIPWAY_FAULT_RUNS sets how many kills (default 3, `make faults` 20), SLIPWAY_FAULT_SEED another series than the default's;
`make faults` takes a new one each time.
"""

import contextlib
import json
import logging
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

_log = logging.getLogger(__name__)

RUNS = int(os.environ.get("SLIPWAY_FAULT_RUNS", "3"))
SEED = int(os.environ.get("SLIPWAY_FAULT_SEED", "42"))
VICTIMS = ("engine", "provider", "aws", "everything")

# What the state says exists, under the same names as `Checkout.everything`.
LABELS = {
    "aws:lambda/function:Function": lambda r: f"function {r['inputs']['name']}",
    "aws:sqs/queue:Queue": lambda r: f"queue {r['inputs']['name']}",
    "aws:iam/role:Role": lambda r: f"role {r['id']}",
    "aws:iam/policy:Policy": lambda r: f"policy {r['inputs']['name']}",
    "aws:s3/bucket:Bucket": lambda r: f"bucket {r['id']}",
    "aws:cloudwatch/logGroup:LogGroup": lambda r: f"group {r['id']}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda r: f"alarm {r['id']}",
    "aws:scheduler/schedule:Schedule": lambda r: f"schedule {r['inputs']['name']}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": lambda r: f"schedule group {r['id']}",
    "aws:lambda/eventSourceMapping:EventSourceMapping": lambda r: f"mapping {r['id']}",
    "aws:cloudwatch/eventBus:EventBus": lambda r: f"bus {r['id']}",
    "aws:cloudwatch/eventRule:EventRule": lambda r: f"rule {r['inputs']['name']}",
    "aws:apigatewayv2/api:Api": lambda r: f"api {r['id']}",
    "aws:apigatewayv2/route:Route": lambda r: f"route {r['id']}",
    "aws:apigatewayv2/integration:Integration": lambda r: f"integration {r['id']}",
    "aws:apigatewayv2/stage:Stage": lambda r: f"stage {r['inputs']['apiId']}/{r['id']}",
    "aws:kms/key:Key": lambda r: f"key {r['id']}",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": lambda r: f"stream {r['inputs']['name']}",
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": lambda r: (
        f"filter {r['inputs']['logGroup']} {r['inputs']['name']}"
    ),
}


def recorded(checkout) -> set[str]:
    done = subprocess.run(
        [checkout.root / ".venv" / "bin" / "pulumi", "stack", "export", "-s", "local"],
        cwd=checkout.root,
        check=True,
        capture_output=True,
        text=True,
    )
    resources = json.loads(done.stdout)["deployment"]["resources"]
    return {LABELS[r["type"]](r) for r in resources if r["type"] in LABELS}


def ours(checkout) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(checkout.root):
                found.append(process)
    return found


def kind_of(process: psutil.Process) -> str:
    line = process.cmdline()
    name = Path(line[0]).name if line else ""
    if name.startswith("pulumi-resource-"):
        return "provider"
    return "engine" if name == "pulumi" else "aws" if "toolchain.embedded_aws.daemon" in line else "other"


def kill(checkout, victim: str) -> list[str]:
    killed = []
    for process in ours(checkout):
        with contextlib.suppress(psutil.Error):
            kind = kind_of(process)
            if victim in {kind, "everything"}:
                process.send_signal(signal.SIGKILL)
                killed.append(kind)
    return killed


def starting_point(checkout, chance: random.Random) -> str:
    """Nothing at all, or everything with changes to come: an update of each function, one function more or less."""
    if chance.random() < 0.5:
        checkout.run("destroy", "--yes")
        assert checkout.everything() == set()
        return "nothing"
    checkout.run("up")
    for manifest in (checkout.root / "functions").glob("*/function.yaml"):
        text = manifest.read_text()
        lines = [
            f"memory: {chance.choice([192, 320, 448])}" if line.startswith("memory:") else line
            for line in text.splitlines()
        ]
        manifest.write_text("\n".join(lines) + "\n")
    audit, aside = checkout.root / "functions" / "audit", checkout.root / "audit-aside"
    (audit.rename(aside) if audit.exists() else aside.rename(audit))
    return "changes"


def test_one_more_up_mends_whatever_a_kill_left(checkout):
    chance = random.Random(SEED)
    started = time.monotonic()
    checkout.run("up")
    whole = time.monotonic() - started
    for run in range(RUNS):
        victim = VICTIMS[run % len(VICTIMS)]
        begun = starting_point(checkout, chance)
        process = checkout.popen("up")
        # The first seconds are Python's and the engine's start; changes take less than everything.
        moment = chance.uniform(1, whole if begun == "nothing" else 0.7 * whole)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=moment)
        killed = kill(checkout, victim)
        while not killed and process.poll() is None:
            killed = kill(checkout, victim)  # it comes later
        where = f"run {run} of seed {SEED}: {victim} killed after {moment:.1f} s from {begun}, killed {killed}"
        _log.info(where)
        if victim == "aws":
            # Left to itself, the provider would go on trying for minutes.
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=300)
        checkout.run("local", "start")
        mended = checkout.run("up")
        _log.info(mended.stderr)
        checkout.run("preview", "--exit-code")
        checkout.run("verify")
        exists, known = checkout.everything(), recorded(checkout)
        assert exists == known, f"{where}: orphans {exists - known}, missing {known - exists}"
