"""Update, preview, refresh and destroy with the real engine and provider; what is broken is mended by one more update."""

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def deployed(checkout):
    checkout.run("up")
    return checkout


def state_file(checkout):
    return checkout.root / ".slipway/state/.pulumi/stacks/slipway/local.json.gz"


def test_a_preview_after_an_update_is_empty(deployed):
    done = deployed.run("preview", "--expect-no-changes")
    assert done.stdout.startswith("nothing to change")


def test_plain_pulumi_sees_the_same(deployed):
    done = subprocess.run(
        [deployed.root / ".venv/bin/pulumi", "preview", "-s", "local", "--expect-no-changes", "--non-interactive"],
        cwd=deployed.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_preview_from_another_path_and_umask_is_empty(deployed, tmp_path):
    other = tmp_path / "another checkout"
    shutil.copytree(deployed.root, other, symlinks=True)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; os.umask(0o077); from slipway.cli.main import main; main()",
            "preview",
            "--exit-code",
        ],
        cwd=other,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    # The embedded AWS belongs to the first checkout: the copy calls it by its address.
    assert "to update" not in done.stdout, done.stdout + done.stderr
    assert "to create" not in done.stdout, done.stdout + done.stderr
    assert done.returncode in {0, 3}, done.stdout + done.stderr


def test_every_function_answers(deployed):
    rows = json.loads(deployed.run("verify", "--json").stdout)
    rows = rows["functions"] if isinstance(rows, dict) else rows
    assert {row["result"] for row in rows} == {"ok"}


def test_a_changed_function_is_the_only_change(deployed):
    main = deployed.root / "functions/hello/main.py"
    text = main.read_text()
    try:
        main.write_text(text + "\nCHANGED = True\n")
        plan = json.loads(deployed.run("preview", "--json").stdout)
        assert {step["name"] for step in plan["steps"] if step["custom"]} <= {"hello", "hello-alias"}
        assert any(step["name"] == "hello" and step["op"] == "update" for step in plan["steps"])
        deployed.run("preview", "--exit-code", status=1)
    finally:
        main.write_text(text)


def test_a_preview_warns_of_what_it_would_take_from_logs(deployed):
    stack = deployed.root / "stacks/Pulumi.local.yaml"
    text = stack.read_text()
    try:
        stack.write_text(text.replace("    central: {", "    archive: {") + "  slipway:logs: {retention: 7}\n")
        findings = json.loads(deployed.run("preview", "--json").stdout)["findings"]
        assert {finding["severity"] for finding in findings} == {"warning"}
        removed = {finding["function"] for finding in findings if finding["rule"] == "sink-removed"}
        assert removed == {"audit", "hello", "nightly-report", "orders", "receipts"}
        shorter = {finding["resource"] for finding in findings if finding["rule"] == "shorter-retention"}
        assert {"hello-logs", "orders-logs"} <= shorter
        done = deployed.run("preview", "--threshold", "warning", status=1)
        assert "warning: orders-logs: keeps records for 7 days and no longer for 30 days" in done.stdout
        assert "no longer go to sink 'central'; sinks that it keeps: archive" in done.stdout
    finally:
        stack.write_text(text)


def test_bad_input_stops_before_anything_is_touched(deployed):
    manifest = deployed.root / "functions/hello/function.yaml"
    text = manifest.read_text()
    try:
        manifest.write_text(text.replace("memory: 128", "memory: 64"))
        done = deployed.run("up", status=2)
        assert "memory" in done.stderr
        assert "Traceback" not in done.stderr
        assert "starting the engine" not in done.stderr
    finally:
        manifest.write_text(text)


def test_a_dead_lock_is_removed_and_said(deployed):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = deployed.root / ".slipway/state/.pulumi/locks/organization/slipway/local"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "pid": dead.pid,
        "username": "ada",
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00.123456789Z",
    }
    (folder / "x.json").write_text(json.dumps(content))
    done = deployed.run("recover")
    assert f"mended: removed the lock of process {dead.pid}" in done.stderr
    assert not list(folder.glob("*.json"))


def test_a_lock_of_a_living_process_is_respected(deployed):
    folder = deployed.root / ".slipway/state/.pulumi/locks/organization/slipway/local"
    lock = folder / "x.json"
    content = {
        "pid": os.getpid(),
        "username": "ada",
        "hostname": socket.gethostname(),
        "timestamp": "2126-01-01T00:00:00Z",
    }
    lock.write_text(json.dumps(content))
    try:
        done = deployed.run("up", status=3)
        assert f"held by process {os.getpid()} of ada@" in done.stderr
    finally:
        lock.unlink()


def test_a_half_written_state_goes_back_to_the_last_copy(deployed):
    file = state_file(deployed)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    done = deployed.run("up")
    assert "mended: the state of local could not be read; went back to the copy" in done.stderr
    assert json.loads(gzip.decompress(file.read_bytes()))["checkpoint"]
    deployed.run("preview", "--exit-code")


def test_an_unrecorded_creation_is_taken_over(deployed):
    """As after a kill between AWS's answer and the record of it: the resource exists, the state says "creating"."""
    before = deployed.everything()
    file = state_file(deployed)
    state = json.loads(gzip.decompress(file.read_bytes()))
    latest = state["checkpoint"]["latest"]
    lost = [
        r
        for r in latest["resources"]
        if r["type"] in {"aws:apigatewayv2/route:Route", "aws:lambda/permission:Permission"}
    ]
    assert len(lost) > 3
    latest["resources"] = [r for r in latest["resources"] if r not in lost]
    keep = ("urn", "custom", "type", "inputs", "parent", "provider", "dependencies", "propertyDependencies")
    latest["pending_operations"] = [{"type": "creating", "resource": {k: r[k] for k in keep if k in r}} for r in lost]
    for resource in latest["resources"]:
        gone = {r["urn"] for r in lost}
        resource["dependencies"] = [urn for urn in resource.get("dependencies") or [] if urn not in gone]
        resource["propertyDependencies"] = {
            k: [u for u in v or [] if u not in gone] for k, v in (resource.get("propertyDependencies") or {}).items()
        }
    file.write_bytes(gzip.compress(json.dumps(state).encode()))
    done = deployed.run("up")
    assert done.stderr.count("existed and was taken over") == len(lost)
    assert deployed.everything() == before
    deployed.run("preview", "--exit-code")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            {
                "service": "iam",
                "status": 403,
                "code": "ExpiredToken",
                "message": "The security token included in the request is expired",
            },
            ["-role: reading IAM Role", "ExpiredToken", "the credentials have expired; what to do: sign in again"],
        ),
        (
            {
                "service": "lambda",
                "status": 403,
                "code": "AccessDeniedException",
                "message": "not authorized to perform: lambda:GetFunction",
            },
            ["AccessDeniedException", "the credentials do not allow this call; what to do"],
        ),
        (
            {
                "service": "s3",
                "status": 400,
                "code": "AuthorizationHeaderMalformed",
                "message": "the region 'eu-central-1' is wrong; expecting 'us-east-1'",
            },
            [
                "AuthorizationHeaderMalformed",
                "the region is wrong; what to do: check `region` in stacks/Pulumi.local.yaml",
            ],
        ),
    ],
)
def test_what_aws_says_is_made_readable_and_nothing_is_lost(deployed, fault, words):
    deployed.fault(**fault, count=0)
    try:
        done = deployed.run("up", "--refresh", status=3)
    finally:
        deployed.no_faults()
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    deployed.run("up")
    deployed.run("preview", "--exit-code")


@pytest.mark.parametrize("status", [429, 500])
def test_throttling_and_server_errors_are_borne(deployed, status):
    deployed.fault(service="lambda", status=status, count=3)
    deployed.run("refresh")


def test_an_aws_that_does_not_run_is_said(deployed):
    deployed.run("local", "stop")
    try:
        for command in (["up"], ["preview"], ["verify"]):
            done = deployed.run(*command, status=3)
            assert "the embedded AWS is not running; what to do: run `slipway local start`" in done.stderr
    finally:
        deployed.run("local", "start")


def test_an_interrupted_update_ends_orderly_and_the_next_one_goes_on(deployed):
    for manifest in (deployed.root / "functions").glob("*/function.yaml"):
        manifest.write_text(manifest.read_text().replace("memory: 128", "memory: 192"))
    process = deployed.popen("up")
    for line in process.stderr:
        if line.startswith("update"):
            break
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody gets it
    said = process.communicate(timeout=120)
    assert process.returncode in {130, 0}, said
    assert not list((deployed.root / ".slipway/state/.pulumi/locks/organization/slipway/local").glob("*.json"))
    deployed.run("up")
    deployed.run("preview", "--exit-code")


def test_destroy_asks_and_then_leaves_nothing(deployed):
    done = deployed.run("destroy", status=2)
    assert "add --yes" in done.stderr
    deployed.run("destroy", "--yes")
    assert deployed.everything() == set()
    deployed.run("up")
    deployed.run("preview", "--exit-code")
