"""What a target cannot do is refused, for each row of the table, and nothing else is."""

import pytest

from slipway.core.reference import feature_table, variable_table
from slipway.core.target_settings import SETTINGS
from slipway.core.targets import FEATURES, TARGETS

AWS = '  slipway:aws: {account: "123456789012", region: eu-central-1}\n'
QUEUES = "queue: {receipts: {create: true}}"
SORTED = "queue: {receipts: {create: true}, sorted: {create: true, fifo: true}}"
RESOURCES = f"""\
  slipway:resources:
    {QUEUES}
    secret:
      db: {{arn: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf", kubernetes: db}}
    service: {{billing: {{address: "http://10.1.2.3", secret: db/token}}}}
"""
STACK = (
    "config:\n"
    + AWS
    + RESOURCES
    + "  slipway:cluster: {}\n"
    + "  slipway:http: {tokens: {issuer: https://login.example.com, audience: [x]}}\n"
)
OVERRIDE = "  slipway:functions: {{orders: {{{}}}}}\n"
PLAIN = "def main(event, context): ...\n"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x@sha256:" + "0" * 64
CONTAINER = {"runtime": "container", "handler": None, "image": IMAGE}
OPEN = "events:\n  - http: {path: /a, auth: none, visibility: public}\n"


PLACE, NO_AWS = "functions/orders/function.yaml:6:9", "set slipway:aws there"
NO_KUBE = "set slipway:kubeContext or slipway:cluster there"


def http(route):
    return f"events:\n  - http: {{path: /a, {route}}}\n"


# Row of the table: text of function.yaml (or of slipway:functions.orders), what is replaced in it, and the place.
CASES = {
    "handler.plain": (OPEN, {"source": PLAIN}, "handler"),
    "architecture.arm64": (OPEN + "architecture: arm64", {}, "architecture"),
    "timeout.long": (OPEN + "timeout: 601", {}, "timeout"),
    "secrets.plain": (OPEN + "secrets: {DB_PW: db/password}", CONTAINER, "secrets"),
    "http.open-internal": (http("auth: none"), {}, "events[0].http.auth"),
    "http.iam": (http("visibility: public"), {}, "events[0].http"),
    "http.token-container": (http("visibility: public, auth: token"), CONTAINER, "events[0].http.auth"),
    "http.cors-container": (
        http("visibility: public, auth: none, cors: {origins: ['*']}"),
        CONTAINER,
        "events[0].http.cors",
    ),
    "http.mixed-container": (
        http("visibility: public, auth: none") + "  - http: {path: /b}\n",
        CONTAINER,
        "events[1].http",
    ),
    "http.throttle": (
        http("visibility: public, auth: none, throttle: {rate: 1, burst: 1}"),
        {},
        "events[0].http.throttle",
    ),
    "hosts": (OPEN, {"override": "hosts: [orders.example.com]"}, "slipway:functions.orders.hosts"),
    "schedule.rate": ("events: [schedule: rate(7 minutes)]", {}, "events[0].schedule"),
    "schedule.calendar": ("events: [schedule: cron(0 6 L * ? *)]", {}, "events[0].schedule"),
    "queue.fifo": ("events: [queue: sorted]", {}, "events[0].queue"),
    "use.queue-fetch": (OPEN + "uses: [{queue: receipts, can: [inspect]}]", {}, "uses[0].can[0]"),
    "use.secret": (OPEN + "uses: [{secret: db, can: [read]}]", {}, "uses[0].secret"),
    "lambda.layers": (
        OPEN + "lambda: {layers: ['arn:aws:lambda:eu-central-1:123456789012:layer:x:1']}",
        {},
        "lambda.layers",
    ),
    "lambda.storage": (OPEN + "lambda: {ephemeralStorage: 512}", {}, "lambda.ephemeralStorage"),
    "lambda.snapshot": (OPEN + "lambda: {snapStart: true}", {"runtime": "python3.12"}, "lambda.snapStart"),
    "rollout.warm": (OPEN + "rollout: {canary: 10}\nscale: {min: 1}", {}, "scale.min"),
}


def lay_out(box, manifest, case, target):
    extra, replaced, place = CASES[case]
    replaced = dict(replaced)
    source, override = replaced.pop("source", None), replaced.pop("override", "")
    stack = STACK.replace(QUEUES, SORTED) if case == "queue.fifo" else STACK
    text = stack + f"  slipway:target: {target}\n" + (OVERRIDE.format(override) if override else "")
    text += '  slipway:images: {base: {python3.12: "x@sha256:' + "0" * 64 + '"}}\n'
    box.stack("dev", text)
    box.function("orders", manifest(extra, **replaced), **({"source": source} if source else {}))
    return [finding for finding in box.load().findings if finding.rule.startswith("not-on-")], place


def test_there_is_a_case_for_each_refusal():
    assert set(CASES) == {key for key, row in FEATURES.items() if not (row.on_lambda.served and row.on_knative.served)}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES)
def test_what_the_table_says_is_what_validation_does(box, manifest, case, target):
    support = FEATURES[case].on(target)
    found, place = lay_out(box, manifest, case, target)
    if support.served:
        assert [finding.render() for finding in found] == []
        assert "orders" in box.load().functions
        return
    if case == "http.mixed-container":  # beside what is internal by default: signed requests
        found = [finding for finding in found if "auth iam" not in finding.message]
    [finding] = found
    assert finding.rule == f"not-on-{target}"
    assert f"is not served on {TARGETS[target]}, the target in dev: {support.how}" in finding.message
    assert finding.remedy == support.instead
    assert finding.property.startswith(place)
    assert (finding.line, finding.column) != (1, 1)
    assert finding.file == (
        "stacks/Pulumi.dev.yaml" if place.startswith("slipway:") else "functions/orders/function.yaml"
    )
    assert "orders" not in box.load().functions


@pytest.mark.parametrize("target", TARGETS)
def test_what_both_serve_is_refused_on_neither(box, manifest, target):
    box.stack("dev", STACK + f"  slipway:target: {target}\n")
    box.function(
        "orders",
        manifest(
            "concurrency: 10\nscale: {max: 3}\nrollout: {canary: 5}\nsecrets: {DB_PW: db/password}\n"
            "uses: [{queue: receipts, can: [send]}, {service: billing, can: [call]}]\n"
            + http("visibility: public, auth: token, cors: {origins: ['*']}")
        ),
    )
    box.function("jobs", manifest("events: [schedule: rate(1 hour), {event: {type: a}}, {queue: receipts}]"))
    assert box.lines() == []


def test_what_only_an_environment_makes_of_it_stands_there(box, manifest):
    box.function("orders", manifest(OPEN + "rollout: {canary: 10}"))
    box.stack("dev", STACK + "  slipway:target: lambda\n" + OVERRIDE.format("scale: {min: 2}"))
    text = box.only("not-on-lambda")
    assert text.startswith("stacks/Pulumi.dev.yaml:11:45: scale.min above 0 together with rollout")
    box.stack("dev", STACK + "  slipway:target: knative\n" + OVERRIDE.format("timeout: 900"))
    assert "timeout 900 is not served on Knative" in box.only("not-on-knative")
    box.function("orders", manifest(OPEN + "timeout: 900"))
    box.stack("dev", STACK + "  slipway:target: knative\n" + OVERRIDE.format("timeout: 60"))
    assert box.lines() == []


def test_the_secret_of_a_service_reaches_no_image_on_lambda(box, manifest):
    box.stack("dev", STACK + "  slipway:target: lambda\n")
    box.function("orders", manifest(OPEN + "uses: [{service: billing, can: [call]}]", **CONTAINER))
    assert "the secret of service 'billing' is not served on Lambda" in box.only("not-on-lambda")


def test_the_same_refusal_in_several_environments_is_one(box, manifest):
    box.function("orders", manifest())
    for name in ("dev", "prod", "test"):
        box.stack(name, STACK + f"  slipway:target: {'lambda' if name == 'test' else 'knative'}\n")
    text = box.only("not-on-knative")
    assert "is not served on Knative, the target in dev, prod: it has no signed requests; use auth: token" in text


@pytest.mark.parametrize(
    "name",
    ["slipway-x", "candidate-orders", "receipts-kn-channel", "orders-0a1b2c3d4e", "orders-0a1b2c3d4e-private", "3d"],
)
def test_names_that_knative_makes_itself(box, manifest, name):
    box.stack("dev", STACK + "  slipway:target: lambda\n")
    box.function("orders", manifest(OPEN))
    box.function(name, manifest("events: [schedule: rate(1 hour)]"))
    assert box.lines() == []
    box.stack("dev", STACK + "  slipway:target: knative\n")
    assert f"{name!r} cannot be a function's name on Knative" in box.only("reserved-name")


@pytest.mark.parametrize(
    ("stack", "extra", "expected"),
    [
        (
            "config:\n  slipway:target: knative\n",
            "target: lambda\n",
            f"{PLACE}: target lambda of function 'orders' is not there in dev (stacks/Pulumi.dev.yaml:2:3); {NO_AWS}",
        ),
        (
            f"config:\n{AWS}  slipway:target: lambda\n",
            "target: knative\n",
            f"{PLACE}: target knative of function 'orders' is not there in dev (stacks/Pulumi.dev.yaml:3:3); {NO_KUBE}",
        ),
        (
            "config:\n  slipway:target: knative\n" + OVERRIDE.format("target: lambda"),
            "",
            "stacks/Pulumi.dev.yaml:3:40: target lambda of function 'orders' is not there in dev; " + NO_AWS,
        ),
    ],
)
def test_a_target_that_the_environment_does_not_have(box, manifest, stack, extra, expected):
    box.function("orders", manifest(OPEN + extra))
    box.stack("dev", stack)
    assert box.only("no-such-target") == expected


def test_the_most_precise_target_wins(box, manifest):
    box.stack("dev", STACK + "  slipway:target: lambda\n")
    box.function("orders", manifest(OPEN))
    box.function("jobs", manifest("target: knative\nevents: [schedule: rate(1 hour)]"))
    box.stack(
        "prod", STACK + "  slipway:target: knative\n" + OVERRIDE.replace("orders", "jobs").format("target: lambda")
    )
    loaded = box.load()
    assert loaded.findings == []
    targets = {
        environment: [loaded.functions[name].target_in(settings) for name in ("orders", "jobs")]
        for environment, settings in loaded.settings.items()
    }
    assert targets == {"dev": ["lambda", "knative"], "prod": ["knative", "lambda"]}


def test_tables_of_the_documentation():
    functions, environments = feature_table("functions"), feature_table("environments")
    assert "| `auth: iam` | signed requests | **no**: it has no signed requests; use auth: token" in functions
    assert functions.count("\n") == len(FEATURES) + 2
    assert environments.count("\n") == len(SETTINGS) + 2
    assert "| `service` | `SERVICE_<NAME>_URL` | `address` | `address` |" in variable_table("all")


@pytest.mark.parametrize(
    ("target", "replaced", "told"),
    [
        ("knative", CONTAINER, ["secrets.DB_PW", "uses[0]"]),
        ("knative", {}, []),
        ("lambda", {}, []),
    ],
)
def test_secrets_that_nothing_masks_are_told(box, manifest, target, replaced, told):
    box.stack("dev", STACK + f"  slipway:target: {target}\n  slipway:sinks: {{central: {{s3: {{create: true}}}}}}\n")
    said = (
        OPEN + "secrets: {DB_PW: db/password}\nuses: [{service: billing, can: [call]}, {queue: receipts, can: [send]}]"
    )
    box.function("orders", manifest(said, **replaced))
    found = [finding for finding in box.load().findings if finding.rule == "secret-not-masked"]
    assert [finding.property for finding in found] == told
    assert {finding.severity.name for finding in found} <= {"INFO"}
    for finding, variable in zip(found, ("DB_PW", "SERVICE_BILLING_SECRET"), strict=False):
        assert f"the value of {variable} is not masked in logs" in finding.message
