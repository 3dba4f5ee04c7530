"""What must hold between functions, and between functions and environments."""

import pytest

from slipway.core.findings import Severity

TOKENS = "  slipway:http: {tokens: {issuer: https://login.example.com, audience: [x]}}\n"
STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1}
"""


def rules(box):
    return sorted(finding.rule for finding in box.load().findings)


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("path: /a, methods: [GET]", "path: /a, methods: [GET]", True),
        ("path: /a, methods: [GET]", "path: /a, methods: [POST]", False),
        ("path: /a, methods: [GET]", "path: /a", True),
        ("path: /a", "path: /a, methods: [GET]", True),
        ("path: '/a/{id}'", "path: '/a/{name}'", True),
        ("path: '/a/{id}'", "path: '/a/{id+}'", False),
        ("path: '/a/{id}'", "path: /a/b", False),
        ("path: /a", "path: /A", False),
    ],
)
def test_duplicate_routes_across_functions(box, manifest, first, second, clash):
    for name, route in (("orders", first), ("zorders", second)):
        box.function(name, manifest(f"events:\n  - http: {{{route}, visibility: public}}"))
    if not clash:
        assert box.lines() == []
        return
    text = box.only("duplicate-route")
    assert text.startswith("functions/zorders/function.yaml:5:")
    assert "already a route of function 'orders' (functions/orders/function.yaml:5:5)" in text


def test_internal_routes_have_an_address_for_each_function(box, manifest):
    for name in ("orders", "others"):
        box.function(name, manifest("events:\n  - http: {path: /a}"))
    assert box.lines() == []
    box.function("others", manifest("events:\n  - http: {path: /a}\n  - http: {path: /a}"))
    box.only("duplicate-route")


def test_routes_of_functions_that_are_never_deployed_together(box, manifest):
    box.function("others", manifest())
    box.stack("dev", STACK + "  slipway:functions: {others: {enabled: false}}\n")
    box.stack("prod", STACK + "  slipway:functions: {orders: {enabled: false}}\n")
    loaded = box.load()
    assert loaded.findings == []
    assert list(loaded.deployed("dev")) == ["orders"]
    assert list(loaded.deployed("prod")) == ["others"]


def test_public_routes_share_cross_origin_rules(box, manifest):
    route = "events:\n  - http: {{path: /{0}, visibility: public, cors: {{origins: [https://{1}.example]}}}}"
    box.function("orders", manifest(route.format("a", "x")))
    box.function("others", manifest(route.format("b", "x")))
    assert box.lines() == []
    box.function("others", manifest(route.format("b", "y")))
    assert "differs from that of function 'orders' in dev" in box.only("different-cors")


def test_two_functions_on_one_queue_are_a_warning(box, manifest):
    for name in ("orders", "others"):
        box.function(name, manifest("events: [queue: receipts]"))
    box.only("shared-queue")
    assert box.load().findings[0].severity is Severity.WARNING
    assert set(box.load().functions) == {"orders", "others"}


def test_what_is_missing_is_said_once_for_all_environments(box, manifest):
    box.function("orders", manifest("uses: [{queue: nothing, can: [send]}]"))
    box.stack("prod", STACK)
    box.stack("test", STACK + "  slipway:functions: {orders: {enabled: false}}\n")
    found = box.load().findings
    # The two catalogues differ, and so do the names that may be meant.
    assert [finding.message for finding in found] == [
        "queue 'nothing' is not in the catalogue of dev (stacks/Pulumi.dev.yaml:5:5)",
        "queue 'nothing' is not in the catalogue of prod (stacks/Pulumi.prod.yaml:1:1)",
    ]
    assert [finding.environment for finding in found] == ["dev", "prod"]
    box.stack("dev", STACK)
    places = "dev (stacks/Pulumi.dev.yaml:1:1), prod (stacks/Pulumi.prod.yaml:1:1)"
    assert f"is not in the catalogue of {places}" in box.only("not-in-catalogue")
    assert box.load().findings[0].environment is None
    assert [finding.environment for finding in box.load(["prod"]).findings] == ["prod"]


def test_secrets_of_the_catalogue(box, manifest):
    box.function("orders", manifest("secrets: {AA: db/password}"))
    text = box.only("not-in-catalogue")
    assert "secrets.AA names a secret that is not in the catalogue of dev (stacks/Pulumi.dev.yaml:4:3)" in text
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"
    box.stack("dev", STACK + f"  slipway:resources: {{secret: {{db: {{arn: '{arn}'}}}}}}\n")
    assert box.lines() == []


def test_tokens_need_an_issuer_in_each_environment(box, manifest):
    box.function("orders", manifest("events:\n  - http: {path: /a, auth: token, visibility: public}"))
    box.stack("prod", STACK + TOKENS)
    assert "events[0].http.auth is token, but dev has no issuer" in box.only("no-token-issuer")
    box.stack("dev", STACK + TOKENS)
    assert box.lines() == []


def test_signed_requests_are_not_for_pages_of_any_origin(box, manifest):
    route = "events:\n  - http: {{path: /a, visibility: {}, auth: {}, cors: {{origins: ['*'], methods: [GET]}}}}"
    box.function("orders", manifest(route.format("internal", "iam")))
    text = box.only("any-origin")
    assert "events[0].http.cors lets pages of any origin use a caller's signature in dev; name the origins" in text
    box.function("orders", manifest(route.format("public", "none")))
    assert box.lines() == []


def test_fifo_queues(box, manifest):
    box.stack("dev", STACK + "  slipway:resources: {queue: {q: {create: true, fifo: true}}}\n")
    box.function("orders", manifest("events: [queue: {name: q, window: 1}]"))
    assert "set batch to at most 10 and remove window" in box.only("fifo-batch")
    box.function("orders", manifest("events: [queue: q]"))
    assert box.lines() == []


def test_the_visibility_timeout_of_an_adopted_queue_is_said_to_be_unchecked(box, manifest):
    arn = "arn:aws:sqs:eu-central-1:123456789012:q"
    box.stack("dev", STACK + f"  slipway:resources: {{queue: {{q: {{arn: '{arn}'}}}}}}\n")
    box.function("orders", manifest("timeout: 42\nevents: [queue: q]"))
    assert "is not checked; it must be at least the function's timeout, 42 seconds" in box.only("queue-visibility")
    assert box.load().findings[0].severity is Severity.INFO


def test_variables_of_an_environment_count_too(box, manifest):
    box.function("orders", manifest("environment: {BIG: " + "x" * 3000 + "}"))
    box.stack("dev", STACK + "  slipway:functions: {orders: {environment: {MORE: " + "x" * 1200 + "}}}\n")
    assert "environment has 4207 bytes in dev, Lambda takes 4096" in box.only("variables-size")
    assert box.load().settings
    box.stack("dev", "config:\n  slipway:target: knative\n  slipway:functions: {orders: {environment: {MORE: x}}}\n")
    box.function("orders", manifest("environment: {BIG: " + "x" * 9000 + "}\nevents: [schedule: rate(1 hour)]"))
    assert box.lines() == []


def test_room_for_what_slipway_adds(box, manifest):
    box.function("orders", manifest("envs: {BIG: " + "x" * 3100 + "}"))
    assert "envs" in box.load().findings[0].property
    assert box.load().findings[0].severity is Severity.WARNING
    assert "orders" in box.load().functions


def test_each_environment_is_alone_in_its_namespace(box, manifest):
    box.function("orders", manifest("events: [schedule: rate(1 hour)]"))
    box.stack("dev", "config:\n  slipway:target: knative\n  slipway:namespace: team\n")
    box.stack("test", "config:\n  slipway:target: knative\n")
    assert box.lines() == []
    box.stack("test", "config:\n  slipway:target: knative\n  slipway:namespace: team\n")
    text = box.only("shared-namespace")
    assert text.startswith("stacks/Pulumi.test.yaml:3:22: namespace 'team' is already that of environment 'dev' in the")
    assert "(stacks/Pulumi.dev.yaml:3:22)" in text
    assert set(box.load().settings) == {"dev"}
