"""The catalogue against the functions that use it, for each target, with the places of both sides."""

import pytest

from slipway.core.catalogue import VARIABLES, VERBS, variables
from slipway.core.egress import own_egress

AWS = '  slipway:aws: {account: "123456789012", region: eu-central-1}\n'
KNATIVE = "config:\n  slipway:target: knative\n" + AWS
LAMBDA = "config:\n  slipway:target: lambda\n" + AWS + "  slipway:cluster: {}\n"
RESOURCES = "  slipway:resources:\n    {}\n"
OPEN = "events:\n  - http: {path: /a, auth: none, visibility: public}\n"
ARNS = {
    "queue": "arn:aws:sqs:eu-central-1:123456789012:q",
    "bucket": "arn:aws:s3:::files",
    "table": "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
    "topic": "arn:aws:sns:eu-central-1:123456789012:t",
    "secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf",
}


def use(kind):
    if kind == "secret":
        return OPEN + "secrets: {DB_PW: it/password}\n"
    return OPEN + f"uses: [{{{kind}: it, can: [{VERBS[kind][0]}]}}]\n"


@pytest.mark.parametrize(
    ("kind", "stack", "entry", "missing", "remedy"),
    [
        ("secret", KNATIVE, f"arn: '{ARNS['secret']}'", "kubernetes for functions on Knative", "on Lambda"),
        ("secret", LAMBDA, "kubernetes: db", "arn for functions on Lambda", "on Knative"),
        *(
            (kind, KNATIVE, f"arn: '{ARNS[kind]}'", "address for functions on Knative", "on Lambda")
            for kind in ("queue", "bucket", "table", "topic")
        ),
        *(
            (kind, LAMBDA, "address: 'http://10.1.2.3/a'", "arn for functions on Lambda", "on Knative")
            for kind in ("queue", "bucket", "table", "topic")
        ),
    ],
)
def test_an_entry_without_the_part_for_the_target(box, manifest, kind, stack, entry, missing, remedy):  # noqa: PLR0917
    box.function("orders", manifest(use(kind)))
    box.stack("dev", stack + RESOURCES.format(f"{kind}: {{it: {{{entry}}}}}"))
    text = box.only("not-for-target")
    line = 1 + stack.count("\n") + 1
    assert f"has no {missing} in dev (stacks/Pulumi.dev.yaml:{line}:" in text
    assert text.endswith(f"or run the function {remedy}")
    assert text.startswith("functions/orders/function.yaml:6:")
    assert "orders" not in box.load().functions


@pytest.mark.parametrize("kind", ["queue", "bucket", "table", "topic", "secret"])
@pytest.mark.parametrize("stack", [KNATIVE, LAMBDA])
def test_an_entry_with_both_parts_serves_both_targets(box, manifest, kind, stack):
    part = "kubernetes: db" if kind == "secret" else "address: 'http://10.1.2.3/a'"
    box.function("orders", manifest(use(kind)))
    box.stack("dev", stack + RESOURCES.format(f"{kind}: {{it: {{arn: '{ARNS[kind]}', {part}}}}}"))
    assert box.lines() == []


def test_a_queue_that_only_has_an_address_calls_nobody(box, manifest):
    box.function("orders", manifest("events: [queue: it]"))
    box.stack("dev", KNATIVE + RESOURCES.format("queue: {it: {address: 'http://10.1.2.3/a'}}"))
    assert "queue 'it' has no create: true for functions on Knative in dev" in box.only("not-for-target")


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("https://billing.example.com", False),
        ("http://billing", False),
        ("http://svc.example.com", False),
        ("https://10.1.2.3", True),
        ("https://[fd00::1]:8443/x", True),
        ("http://billing.team.svc", True),
        ("http://billing.team.svc.cluster.local:8080/x", True),
    ],
)
def test_what_pods_reach(box, manifest, address, right):
    box.function("orders", manifest(use("service")))
    box.stack("dev", KNATIVE + RESOURCES.format(f"service: {{it: {{address: '{address}'}}}}"))
    if right:
        assert box.lines() == []
        return
    text = box.only("no-egress")
    assert (
        "service 'it' cannot be reached on Knative: its entry has no egress in dev (stacks/Pulumi.dev.yaml:5:" in text
    )
    egress = "egress: [{cidr: 10.0.0.0/8, ports: [443]}]"
    box.stack("dev", KNATIVE + RESOURCES.format(f"service: {{it: {{address: '{address}', {egress}}}}}"))
    assert box.lines() == []
    box.stack("dev", LAMBDA + RESOURCES.format(f"service: {{it: {{address: '{address}'}}}}"))
    assert box.lines() == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://10.1.2.3", [{"cidr": "10.1.2.3/32", "ports": [80]}]),
        ("https://10.1.2.3", [{"cidr": "10.1.2.3/32", "ports": [443]}]),
        ("https://[fd00::1]:8443", [{"cidr": "fd00::1/128", "ports": [8443]}]),
        ("https://billing.example.com", []),
    ],
)
def test_where_an_address_leads(address, expected):
    assert own_egress(address) == expected


@pytest.mark.parametrize("first", ["lambda", "knative"])
@pytest.mark.parametrize(
    "takes", ["events: [queue: it]", "uses: [{queue: it, can: [send]}]\nevents: [schedule: rate(1 hour)]"]
)
def test_a_queue_lives_on_one_target(box, manifest, first, takes):
    other = "knative" if first == "lambda" else "lambda"
    box.function("orders", manifest(use("queue") + f"target: {first}\n"))
    box.function("receipts", manifest(f"{takes}\ntarget: {first}\n"))
    box.stack("dev", KNATIVE + RESOURCES.format("queue: {it: {create: true}}"))
    assert box.lines() == []
    box.function("receipts", manifest(f"{takes}\ntarget: {other}\n"))
    text = box.only("queue-on-both-targets")
    assert text.startswith("functions/receipts/function.yaml:4:")
    assert "by function 'orders' in dev (stacks/Pulumi.dev.yaml:5:13), and this function runs on" in text
    assert "adopt a queue with arn and address" in text


def test_functions_on_one_queue_of_knative_each_get_all(box, manifest):
    for name in ("orders", "receipts"):
        box.function(name, manifest("events: [queue: it]"))
    box.stack("dev", KNATIVE + RESOURCES.format("queue: {it: {create: true}}"))
    assert "queue 'it' also calls function 'orders': each gets every message" in box.only("shared-queue")


def test_a_fifo_queue_without_any_function_on_lambda(box, manifest):
    box.function("orders", manifest(OPEN))
    box.stack("dev", KNATIVE + RESOURCES.format("queue: {it: {create: true, fifo: true}}"))
    text = box.only("not-on-knative")
    assert text.startswith("stacks/Pulumi.dev.yaml:5:38: queue 'it' is fifo, but no function on Lambda uses it")
    box.function("orders", manifest(use("queue") + "target: lambda"))
    assert box.lines() == []


def test_hosts(box, manifest):
    box.function("orders", manifest(OPEN))
    box.function("jobs", manifest("events: [schedule: rate(1 hour)]"))
    functions = "  slipway:functions: {{orders: {{hosts: [{}]}}, {}: {{hosts: [b.example.com]}}}}\n"
    box.stack("dev", KNATIVE + functions.format("a.example.com, a.example.com", "jobs"))
    twice, closed = box.lines()
    assert twice == "stacks/Pulumi.dev.yaml:4:55: host a.example.com is already one of function 'orders'; keep one"
    assert closed.startswith(
        "stacks/Pulumi.dev.yaml:4:86: slipway:functions.jobs.hosts: the function has no public route;"
    )
    assert box.load().settings == {}
    box.function("jobs", manifest(OPEN))
    box.stack("dev", KNATIVE + functions.format("b.example.com", "jobs"))
    assert "host b.example.com is already one of function 'orders'" in box.only("repeated-value")
    box.stack("dev", KNATIVE + functions.format("a.example.com", "jobs"))
    assert box.lines() == []


def test_routes_and_cross_origin_rules_are_each_functions_own_on_knative(box, manifest):
    for name in ("a", "b"):
        cors = f"cors: {{origins: [https://{name}.example]}}"
        box.function(name, manifest(f"events: [http: {{path: /x, auth: none, visibility: public, {cors}}}]"))
    box.function("orders", manifest(OPEN.replace("/a", "/orders")))
    box.stack("dev", KNATIVE)
    assert box.lines() == []
    box.stack("dev", LAMBDA)
    assert sorted(finding.rule for finding in box.load().findings) == ["different-cors", "duplicate-route"]


def test_each_kind_has_its_variables():
    assert VARIABLES.keys() == VERBS.keys()
    assert variables("service", "billing-api") == ["SERVICE_BILLING_API_URL", "SERVICE_BILLING_API_SECRET"]
    assert variables("queue", "a") == ["QUEUE_A_URL", "QUEUE_A_ARN"]
