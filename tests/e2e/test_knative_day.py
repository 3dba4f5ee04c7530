"""A day with an environment on Knative, typed in a checkout of its own: in this order, on the tests' cluster."""

import contextlib
import json
import re
import uuid

import boto3
import pytest
import tenacity
import yaml

from tests.cluster import cluster  # noqa: F401 - a fixture
from tests.e2e.conftest import copy_of_this, free_ports

pytestmark = pytest.mark.timeout(1800)
ENVIRONMENT = "local-knative"
STACK = f"stacks/Pulumi.{ENVIRONMENT}.yaml"
ORDER = {
    "customer": "Grace Hopper",
    "currency": "EUR",
    "lines": [{"sku": "MOTH-1", "quantity": 3, "unit_price": 1100}],
}
PAYMENT = {
    "specversion": "1.0",
    "type": "com.example.order.paid",
    "source": "com.example.payments",
    "datacontenttype": "application/json",
}
UNPAID = "payment-without-method"


class Day:
    """A checkout whose environment is on the cluster, in a namespace of its own."""

    def __init__(self, checkout, on):
        self.checkout, self.cluster = checkout, on
        self.namespace = f"test-{uuid.uuid4().hex[:8]}"
        self.aws, entry = free_ports(2)
        # The embedded AWS of a checkout listens where `local` says.
        checkout.replace("stacks/Pulumi.local.yaml", ":4610", f":{self.aws}")
        checkout.replace("stacks/Pulumi.local.yaml", ":4611", f":{entry}")
        checkout.env |= {"SLIPWAY_CLUSTER_DIR": str(on.config.state)}
        config = on.config
        ports = {
            "apiPort": config.api_port,
            "httpPort": config.http_port,
            "registryPort": config.registry_port,
            "lokiPort": config.loki_port,
        }
        file = checkout.root / STACK
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        settings = content["config"]
        settings["slipway:cluster"] = ports
        settings["slipway:namespace"] = self.namespace
        settings["slipway:aws"] |= {
            "endpoint": f"http://127.0.0.1:{self.aws}",
            "httpEntry": f"http://127.0.0.1:{entry}",
        }
        settings["slipway:eventing"] = {"retry": {"attempts": 1, "backoff": "PT1S"}}
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        for manifest in (checkout.root / "functions").glob("*/function.yaml"):
            # A call's time runs while its instance starts, which takes long where everything is tested at once.
            text = manifest.read_text(encoding="utf-8")
            manifest.write_text(re.sub(r"(?m)^timeout: .*$", "timeout: 60", text), encoding="utf-8")
        checkout.commit("as cloned, on the tests' cluster")
        self.samples = sorted(path.parent.name for path in (checkout.root / "functions").glob("*/function.yaml"))

    def slipway(self, *arguments, **options):
        return self.checkout.slipway(*arguments, "-s", ENVIRONMENT, **options)

    def up(self):
        """What `make up ENV=local-knative` prints; a cluster that was lent to the tests is not touched.

        `slipway start` would start it again where its code is another one than this checkout's.
        """
        if self.cluster.own:
            return self.checkout.run("make", "up", f"ENV={ENVIRONMENT}", timeout=1500).stdout
        self.checkout.run("make", "setup", "PURPOSE=--for knative")
        self.slipway("up")
        return self.slipway("verify").stdout

    def start(self):
        """Start what the environment needs by now."""
        if self.cluster.own:
            self.slipway("start")
        else:
            self.checkout.run("make", "setup", "PURPOSE=--for local")
            self.checkout.slipway("local", "start")

    def rows(self, command, *arguments):
        found = json.loads(self.slipway(command, "--json", *arguments).stdout)["functions"]
        return {row["name"]: row for row in found}

    def call(self, function, path, **options):
        return self.cluster.call(function, self.namespace, path, **options)

    def service(self, name):
        """A Knative Service; None when there is none."""
        listed = self.cluster.get("services.serving.knative.dev", "-n", self.namespace)["items"]
        return next((item for item in listed if item["metadata"]["name"] == name), None)

    def revisions(self, function):
        label = f"serving.knative.dev/service={function}"
        listed = self.cluster.get("revisions.serving.knative.dev", "-n", self.namespace, "-l", label)["items"]
        return {item["metadata"]["name"] for item in listed}

    def traffic(self, function):
        """Percent of the calls by revision, without those that have none."""
        return {
            part["revisionName"]: part["percent"]
            for part in self.service(function)["status"]["traffic"]
            if part.get("percent")
        }

    def unchanged(self):
        done = self.slipway("preview", "--exit-code", check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def logged(self, function, word):
        """The records of a function that contain a word, once there are some."""
        return eventually(lambda: [line for line in self.logs(function) if word in line])

    def logs(self, function):
        return self.slipway("logs", function, "--json").stdout.splitlines()

    def publish(self, event):
        """Send an event to the environment's broker."""
        (broker,) = self.cluster.get("brokers.eventing.knative.dev", "-n", self.namespace)["items"]
        with self.cluster.sender() as send:
            send(broker["status"]["address"]["url"], event)

    def lambda_functions(self):
        """Functions of the embedded AWS: their tags, by the last word of their names."""
        client = boto3.client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{self.aws}",
            region_name="eu-central-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        listed = client.list_functions()["Functions"]
        return {
            one["FunctionName"].rpartition("-")[2]: client.list_tags(Resource=one["FunctionArn"])["Tags"]
            for one in listed
        }


def eventually(look, seconds=180):
    """What `look` returns, once that is something."""
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not found),
        stop=tenacity.stop_after_delay(seconds),
        wait=tenacity.wait_fixed(1),
        retry_error_callback=lambda state: pytest.fail(f"nothing came in {seconds} s: {state.outcome.result()!r}"),
    )
    return retrying(look)


@pytest.fixture(scope="module")
def day(tmp_path_factory, cluster):  # noqa: F811 - the fixture that is imported above
    made = Day(copy_of_this(tmp_path_factory.mktemp("stranger") / "shop functions"), cluster)
    yield made
    # Not `make down`, which would end the cluster that other tests are on.
    with contextlib.suppress(FileNotFoundError):
        made.checkout.slipway("local", "stop", check=False)
    cluster.kubectl("delete", "namespace", made.namespace, "--ignore-not-found", "--wait=false")


def test_make_up_deploys_and_calls_every_sample(day):
    printed = day.up()
    table = printed[printed.index(" latency ") :]
    assert {"hello", "orders", "receipts", "nightly-report", "audit", "legacy-report"} <= set(day.samples)
    for name in day.samples:
        assert re.search(rf"^{name} .*\bok$", table, re.MULTILINE), printed


def test_public_functions_answer_through_kourier(day):
    listed = day.rows("list")
    hosts = {name: f"http://{name}.{day.namespace}.localhost:{day.cluster.config.http_port}" for name in day.samples}
    for name in ("hello", "orders", "legacy-report"):
        assert listed[name]["url"].startswith(hosts[name]), listed[name]
    hello = day.call("hello", "/hello?name=Ada")
    assert (hello.status_code, hello.text) == (200, "Hello, Ada!\n")
    quote = day.call("orders", "/orders/quote", method="POST", json=ORDER)
    assert (quote.status_code, quote.json()["total"]) == (200, 3300)
    report = day.call("legacy-report", "/legacy-report?month=2026-10")
    assert (report.status_code, bool(report.text)) == (200, True)


def test_functions_without_a_public_route_are_not_at_the_entry(day):
    for name in ("receipts", "audit", "nightly-report"):
        assert day.call(name, "/").status_code == 404


def test_a_second_preview_is_empty(day):
    day.unchanged()


def test_an_order_goes_through_the_channel_to_its_receipt(day):
    answer = day.call("orders", "/orders", method="POST", json=ORDER)
    assert answer.status_code == 201, answer.text
    order = answer.json()["id"]
    receipts = [json.loads(line)["fields"] for line in day.logged("receipts", order)]
    assert [one["order"] for one in receipts] == [order]
    assert "3 x MOTH-1" in receipts[0]["receipt"]


def test_a_payment_on_the_broker_reaches_the_audit_trail(day):
    paid = {"order": "7", "amount": 3300, "currency": "EUR", "method": "card", "card": "4111111111111111"}
    day.publish({**PAYMENT, "id": "paid-7", "data": paid})
    records = day.logged("audit", "paid-7")
    assert json.loads(records[0])["fields"]["audit"]["amount"] == 3300
    assert not [line for line in day.logs("audit") if "4111111111111111" in line]


def test_an_event_that_fails_is_kept_and_listed(day):
    day.publish({**PAYMENT, "id": UNPAID, "data": {"order": "8", "amount": 1, "currency": "EUR"}})
    eventually(lambda: day.rows("list")["audit"]["dead_letters"] == 1)


def test_a_letter_that_still_fails_stays(day):
    done = day.slipway("redrive", "-f", "audit", "--json", check=False)
    result = json.loads(done.stdout)["functions"]["audit"]
    assert (done.returncode, result["sent"], result["left"]) == (3, 0, 1), done.stdout + done.stderr
    assert UNPAID in result["failed"][0][0]


def test_one_update_mends_a_function_moves_another_and_makes_a_candidate(day):
    day.code = day.service("hello")["metadata"]["annotations"]["slipway.io/code"]
    day.first = day.rows("list")["orders"]["version"]
    checkout = day.checkout
    checkout.replace("functions/audit/main.py", '"currency", "method")', '"currency")')
    checkout.replace("functions/hello/function.yaml", "runtime: python3.11", "runtime: python3.11\ntarget: lambda")
    with (checkout.root / "functions/orders/function.yaml").open("a", encoding="utf-8") as file:
        file.write("rollout: {canary: 20}\n")
    checkout.replace("functions/orders/main.py", "the order is not valid", "this order is not valid")
    checkout.commit("Payments without a method; hello on Lambda; orders in steps")
    day.start()
    day.slipway("up")
    day.unchanged()


def test_another_target_in_one_line_moves_the_same_code(day):
    assert day.service("hello") is None
    assert day.lambda_functions()["hello"]["code"] == day.code
    assert day.rows("list")["hello"]["target"] == "lambda"
    answer = json.loads(day.slipway("invoke", "hello", "--json").stdout)
    assert json.loads(answer["body"]) == {"greeting": "Hello, Ada!"}


def test_the_letter_is_sent_again_and_taken(day):
    result = json.loads(day.slipway("redrive", "--json").stdout)["functions"]["audit"]
    assert (result["sent"], result["left"], result["failed"]) == (1, 0, [])
    assert day.logged("audit", UNPAID)
    assert day.rows("list")["audit"]["dead_letters"] == 0


def test_a_candidate_has_its_part_until_it_is_promoted(day):
    (candidate,) = day.revisions("orders") - {day.first}
    assert day.traffic("orders") == {day.first: 80, candidate: 20}
    assert day.rows("list")["orders"]["canary"] == f"{candidate} (20%)"
    day.slipway("promote", "-f", "orders")
    assert day.traffic("orders") == {candidate: 100}
    assert day.rows("list")["orders"]["version"] == candidate
    day.unchanged()


def test_a_rollback_goes_back_and_builds_nothing(day):
    before = day.revisions("orders")
    day.slipway("rollback", "-f", "orders")
    assert day.traffic("orders") == {day.first: 100}
    assert day.revisions("orders") == before
    refused = day.call("orders", "/orders", method="POST", json={})
    assert refused.json()["error"] == "the order is not valid"
    day.unchanged()


def test_one_line_brings_it_back_and_what_was_turned_away_stays_so(day):
    day.checkout.replace("functions/hello/function.yaml", "\ntarget: lambda", "")
    with (day.checkout.root / "functions/audit/function.yaml").open("a", encoding="utf-8") as file:
        file.write("rollout: {canary: 10}\n")
    day.checkout.commit("hello on Knative again; audit in steps from now on")
    day.slipway("up")
    assert day.service("hello")["metadata"]["annotations"]["slipway.io/code"] == day.code
    assert day.lambda_functions() == {}
    assert day.call("hello", "/hello?name=Ada").text == "Hello, Ada!\n"
    assert day.traffic("orders") == {day.first: 100}
    day.unchanged()


def test_a_function_that_gets_a_rollout_later_is_rolled_back_at_once(day):
    first = day.rows("list")["audit"]["version"]
    (other,) = day.revisions("audit") - {first}
    assert day.traffic("audit") == {first: 100}, "a rollout alone is no new version"
    day.slipway("rollback", "-f", "audit")
    assert day.traffic("audit") == {other: 100}
    day.unchanged()


def test_a_function_at_zero_answers(day):
    def pods():
        label = "serving.knative.dev/service=legacy-report"
        return day.cluster.get("pods", "-n", day.namespace, "-l", label)["items"]

    eventually(lambda: not pods(), seconds=600)
    answer = day.call("legacy-report", "/legacy-report?month=2026-10")
    assert answer.status_code == 200, answer.text
    assert pods()


def test_verify_finds_every_function_well(day):
    assert {name: row["result"] for name, row in day.rows("verify").items()} == dict.fromkeys(day.samples, "ok")


def test_destroy_leaves_nothing(day):
    day.slipway("destroy", "--yes")
    assert day.cluster.kubectl("get", "namespace", day.namespace, "--ignore-not-found") == ""
