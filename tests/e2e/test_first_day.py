"""What the README promises, typed in a checkout of its own: in this order, as a new user would."""

import json
import re
import shlex
import shutil
import urllib.request
from pathlib import Path

import boto3
import psutil
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)
SAMPLES = ["audit", "hello", "nightly-report", "orders", "receipts"]


def preview(checkout, *arguments):
    """Function or resource names that an update would change, with what would happen to them."""
    steps = json.loads(checkout.slipway("preview", "--json", *arguments).stdout)["steps"]
    return {(step["op"], step["urn"].rsplit("::", 1)[1]) for step in steps if step["op"] != "same"}


def rows(checkout, command):
    done = checkout.slipway(command, "--json")
    return {row["name"]: row for row in json.loads(done.stdout)["functions"]}


def versions(checkout):
    return {name: row["version"] for name, row in rows(checkout, "list").items()}


def client(checkout, service):
    text = (checkout.root / "stacks/Pulumi.local.yaml").read_text(encoding="utf-8")
    endpoint = re.search(r"endpoint: (\S+)", text)[1]
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=endpoint, region_name="eu-central-1", **keys)


def functions_with_code_changes(changes):
    return {name for op, name in changes if op == "update" and name in SAMPLES}


def test_make_up_deploys_and_invokes_every_function(checkout):
    printed = checkout.run("make", "up").stdout
    table = printed[printed.rindex("latency") :]
    for name in SAMPLES:
        assert re.search(rf"^{name} .*\bok$", table, re.MULTILINE), printed
    logged = printed[printed.rindex("last lines in the sink") :]
    for name in SAMPLES:
        assert re.search(rf"^{name} +central +\d\d:\d\d:\d\d ", logged, re.MULTILINE), printed


def test_the_deployed_route_answers_over_http(checkout):
    url = rows(checkout, "list")["hello"]["url"]
    with urllib.request.urlopen(f"{url}?name=Ada", timeout=30) as answer:
        assert answer.read() == b"Hello, Ada!\n"


def test_a_second_make_up_changes_and_builds_nothing(checkout):
    before = versions(checkout)
    printed = checkout.run("make", "up").stdout
    assert re.search(r"^nothing changed, \d+ unchanged$", printed, re.MULTILINE), printed
    assert versions(checkout) == before


def test_a_preview_right_after_is_empty_also_by_hand(checkout):
    assert preview(checkout) == set()
    checkout.run(".venv/bin/pulumi", "preview", "-s", "local", "--expect-no-changes", "--non-interactive")


def test_a_preview_after_a_refresh_is_empty(checkout):
    checkout.slipway("refresh")
    assert preview(checkout) == set()


def test_a_preview_from_another_path_umask_time_zone_and_locale_is_empty(checkout, tmp_path):
    other = tmp_path / "elsewhere"
    checkout.run("git", "clone", "-q", ".", str(other))
    (other / ".venv").symlink_to(checkout.root / ".venv")
    (other / ".slipway").symlink_to(checkout.root / ".slipway")
    here = type(checkout)(other)
    assert (
        here.slipway(
            "preview", "--exit-code", umask=0o077, env={"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
        ).returncode
        == 0
    )


def test_logs_tell_what_a_function_did(checkout):
    checkout.slipway("invoke", "orders", "--example")
    assert "order accepted" in checkout.slipway("logs", "orders", "--since", "1h").stdout


def test_every_line_arrives_in_the_sink(checkout):
    found = json.loads(checkout.slipway("verify", "sinks", "--json").stdout)["deliveries"]
    assert {one["function"]: (one["sent"], one["arrived"], one["result"]) for one in found} == dict.fromkeys(
        SAMPLES, (100, 100, "ok")
    )
    shown = checkout.slipway("logs", "orders", "--sink", "central", "--grep", "order accepted").stdout
    assert "order accepted" in shown
    assert "delivery canary" not in shown


def commands_of_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    day = text[text.index("## A day with it") :]
    lines = day[day.index("```") + 4 :].partition("```")[0].splitlines()
    return [line for line in lines if line.startswith("slipway ")]


@pytest.mark.parametrize("line", commands_of_the_readme())
def test_each_command_of_the_readme_works(checkout, line):
    command, *arguments = shlex.split(line, comments=True)
    done = checkout.run(f".venv/bin/{command}", *arguments)
    assert done.stdout.strip()
    # A refused request counts as an answer, so its status 0 would not show an example that is wrong.
    assert arguments[0] != "invoke" or done.stderr.startswith(("status 200", "status 201")), done.stderr


def test_the_function_of_the_readme_deploys(checkout):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## A function") :]
    blocks = re.findall(r"```(?:yaml|python)\n(.*?)```", section, re.DOTALL)
    folder = checkout.root / "functions/greeter"
    folder.mkdir()
    (folder / "function.yaml").write_text(blocks[0].replace("/hello", "/greeter"), encoding="utf-8")
    (folder / "main.py").write_text(blocks[1], encoding="utf-8")
    checkout.slipway("up")
    assert json.loads(checkout.slipway("invoke", "greeter", "--json").stdout)["body"] == "Hello, world!\n"
    shutil.rmtree(folder)
    checkout.slipway("up")
    assert "greeter" not in rows(checkout, "list")


def test_readme_changes_touch_no_function(checkout):
    checkout.replace("README.md", "# Slipway", "# Our functions")
    (checkout.root / "functions/hello/NOTES.md").write_text("Who greets whom.\n", encoding="utf-8")
    assert preview(checkout) == set()
    checkout.commit("Words only")
    assert preview(checkout) == set()


def test_a_code_change_updates_one_function(checkout):
    checkout.replace("functions/hello/main.py", "}, {name}!", "} to you, {name}!")
    assert functions_with_code_changes(preview(checkout)) == {"hello"}
    checkout.commit("A warmer greeting")
    checkout.slipway("up")
    assert preview(checkout) == set()
    answered = json.loads(checkout.slipway("invoke", "hello", "--json").stdout)
    assert json.loads(answered["body"]) == {"greeting": "Hello to you, Ada!"}


def test_a_change_of_shared_code_updates_exactly_its_importers(checkout):
    importers = {
        path.parent.name
        for path in (checkout.root / "functions").glob("*/*.py")
        if re.search(r"\bshared\b.*\bmoney\b", path.read_text(encoding="utf-8"))
    }
    assert importers
    assert importers != set(SAMPLES)
    with (checkout.root / "functions/shared/money.py").open("a", encoding="utf-8") as file:
        file.write("\n# Rounded half up.\n")
    assert functions_with_code_changes(preview(checkout)) == importers
    checkout.run("git", "checkout", "-q", "functions/shared/money.py")


def test_bad_input_is_named_all_at_once_and_deploys_nothing(checkout):
    before = versions(checkout)
    checkout.replace("functions/hello/function.yaml", "memory: 128", "memory: 64\ntimout: 5")
    for command in (["slipway", "up"], ["slipway", "validate"], ["slipway", "preview"]):
        done = checkout.run(f".venv/bin/{command[0]}", *command[1:], check=False)
        assert done.returncode == 2
        said = done.stdout + done.stderr
        assert re.search(r"functions/hello/function\.yaml:6:\d+: memory must be 128-10240 MB, found 64", said)
        assert re.search(r"functions/hello/function\.yaml:7:\d+: unknown key 'timout'", said)
        assert "Traceback" not in said
    by_hand = checkout.run(".venv/bin/pulumi", "preview", "-s", "local", "--non-interactive", check=False)
    assert by_hand.returncode != 0
    assert "memory must be 128-10240 MB, found 64" in by_hand.stdout
    assert "Traceback" not in by_hand.stdout
    checkout.run("git", "checkout", "-q", "functions/hello/function.yaml")
    assert versions(checkout) == before


def test_doctor_finds_everything(checkout):
    assert checkout.slipway("doctor").returncode == 0


def test_what_is_deployed_outlives_make_down(checkout):
    checkout.run("make", "down")
    assert checkout.slipway("invoke", "hello", check=False).returncode == 3
    checkout.run("make", "up")
    assert {row["result"] for row in rows(checkout, "verify").values()} == {"ok"}


def test_destroy_leaves_nothing(checkout):
    checkout.slipway("destroy", "--yes")
    assert client(checkout, "lambda").list_functions()["Functions"] == []
    assert client(checkout, "iam").list_roles()["Roles"] == []
    assert client(checkout, "sqs").list_queues().get("QueueUrls", []) == []
    assert client(checkout, "apigatewayv2").get_apis()["Items"] == []
    assert client(checkout, "s3").list_buckets()["Buckets"] == []
    assert client(checkout, "cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert client(checkout, "scheduler").list_schedules()["Schedules"] == []
    groups = client(checkout, "logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups if group["logGroupName"].startswith("/slipway/")] == []


def test_make_down_leaves_no_process(checkout):
    checkout.run("make", "down")
    root = str(checkout.root)
    assert [p for p in psutil.process_iter(["cmdline"]) if any(root in word for word in p.info["cmdline"] or [])] == []


@pytest.mark.parametrize("command", ["destroy --yes", "down"])
def test_taking_down_what_is_not_there_is_no_failure(checkout, command):
    if command == "down":
        checkout.run("make", "down")
        return
    checkout.slipway("local", "start")
    checkout.slipway(*command.split())
