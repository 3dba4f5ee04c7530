"""Sinks that do not go together with their targets, their environment or its functions."""

import pytest

from slipway.core.settings_sinks import Sink
from slipway.core.target_sinks import OPTIONS, SINKS
from slipway.core.targets import TARGETS

FILE = "stacks/Pulumi.dev.yaml"
MANIFEST = "functions/orders/function.yaml"
AWS = '  slipway:aws: {account: "123456789012", region: eu-central-1}\n'
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"
DOMAIN = "arn:aws:es:eu-central-1:123456789012:domain/logs"
FAR = "arn:aws:logs:eu-central-1:999999999999:destination:central"


# Row of the table: a sink that says it, and where that stands.
SERVED = {
    "s3.create": ("s3: {create: true}", "s3.create"),
    "s3.bucket": ("s3: {bucket: logs, region: eu-central-1}", "s3.bucket"),
    "loki": ("loki: {address: 'https://loki.example.com'}", "loki"),
    "otlp": ("otlp: {address: 'https://otel.example.com'}", "otlp"),
    "opensearch.arn": (f"opensearch: {{arn: '{DOMAIN}'}}", "opensearch.arn"),
    "opensearch.address": ("opensearch: {address: 'https://search.example.com'}", "opensearch.address"),
    "http": ("http: {address: 'https://otel.example.com'}", "http"),
    "destination": (f"destination: {{arn: '{FAR}'}}, redact: {{patterns: []}}", "destination"),
    "s3.endpoint": ("s3: {bucket: logs, endpoint: 'https://minio.example.com'}", "s3.endpoint"),
    "s3.secret": ("s3: {bucket: logs, region: eu-central-1, secret: both}", "s3.secret"),
    "opensearch.secret": (
        f"opensearch: {{arn: '{DOMAIN}', address: 'https://search.example.com', secret: both}}",
        "opensearch.secret",
    ),
    "encryption": (f"s3: {{bucket: logs, region: eu-central-1}}, encryption: {{key: '{KEY}'}}", "encryption"),
    "buffer.size": ("s3: {bucket: logs, region: eu-central-1}, buffer: {size: 2Gi}", "buffer.size"),
}


def test_there_is_a_case_for_each_row():
    assert set(SERVED) == set(SINKS)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("row", SERVED)
def test_what_the_table_says_is_what_validation_does(box, said, row, target):
    text, place = SERVED[row]
    said(target, f"{{a: {{{text}}}}}")
    found = {finding.property: finding for finding in box.load().findings}
    finding = found.pop(f"slipway:sinks.a.{place}", None)
    support = SINKS[row].on(target)
    if support.served:
        assert finding is None
        return
    assert support.how in finding.message
    assert finding.remedy == support.instead
    assert finding.line == 4
    assert finding.column > 18
    # A store that is given for each target in its own way is refused in the other way too.
    assert set(found) <= {"slipway:sinks.a.opensearch.arn", "slipway:sinks.a.opensearch.address"}


@pytest.mark.parametrize("row", SERVED)
def test_an_environment_with_both_targets_takes_them_all(said, row):
    text, _ = SERVED[row]
    lines = said("both", f"{{all: {{s3: {{bucket: logs}}}}, a: {{{text}}}}}")
    # What Lambda alone or Knative alone serves may have no function here; nothing else is wrong.
    assert [line for line in lines if "gets the logs of no function" not in line] == []


@pytest.mark.parametrize(
    ("sink", "expected"),
    [
        (f"destination: {{arn: '{FAR}'}}", "slipway:sinks.a.redact cannot mask anything on the way to destination"),
        (f"destination: {{arn: '{FAR}'}}, redact: {{patterns: [jwt]}}", ":4:140: slipway:sinks.a.redact cannot mask"),
        (f"destination: {{arn: '{FAR}'}}, redact: {{patterns: [], expressions: [a]}}", "slipway:sinks.a.redact cannot"),
        (f"destination: {{arn: '{FAR}'}}, redact: {{patterns: []}}, level: INFO", "level does not go with destination"),
        (f"destination: {{arn: '{FAR}'}}, redact: {{patterns: []}}, exclude: [a]", "exclude does not go with"),
        (
            f"destination: {{arn: '{FAR}'}}, redact: {{patterns: []}}, buffer: {{age: 5}}",
            "there is no stream; remove it",
        ),
        (
            f"destination: {{arn: '{FAR}'}}, redact: {{patterns: []}}, encryption: {{key: '{KEY}'}}",
            "there is no stream",
        ),
        (
            f"destination: {{arn: '{FAR}'}}, redact: {{patterns: []}}, retention: 5",
            "retention does not go with destination",
        ),
        ("s3: {bucket: logs}, retention: 5", "slipway:sinks.a.retention does not go with s3: what the environment"),
        ("http: {address: 'https://a.example'}, partition: [date]", "does not go with http: only buckets have folders"),
        (
            "http: {address: 'http://a.example'}",
            "slipway:sinks.a.http.address must be an https address; Firehose sends",
        ),
        ("http: {address: 'http://a.example', secret: both}", "must be an https address beside secret, or one in the"),
        ("http: {address: 'https://hunter2:x@a.example'}", "must be an http or https address without user, query"),
        (
            "http: {address: 'https://a.example', secret: hunter2/a}",
            "slipway:sinks.a.http.secret names no secret of the",
        ),
        (
            "http: {address: 'https://a.example', secret: outside/token}",
            "names a field that Firehose does not read; keep",
        ),
        ("http: {address: 'https://a.example', secret: inside}", "the secret of slipway:sinks.a has no arn for Lambda"),
        (
            "http: {address: 'https://a.example', secret: 'hunter2 x'}",
            "must be the name of a secret in the environment",
        ),
        ("s3: {create: true}, encryption: {key: 'arn:aws:kms:eu-west-1:123456789012:key/1'}", "is in region eu-west-1"),
        (f"opensearch: {{arn: '{DOMAIN.replace('eu-central', 'us-east')}'}}", "opensearch.arn is in region us-east-1"),
        ("s3: {create: true}, functions: [ordres]", "names 'ordres', which is no function, did you mean 'orders'?"),
        ("s3: {create: true}, owners: [team-b]", "names 'team-b', who owns no function, did you mean 'team-a'?"),
    ],
)
def test_what_does_not_go_together_on_lambda(said, sink, expected):
    lines = said("lambda", f"{{all: {{s3: {{create: true}}}}, a: {{{sink}}}}}")
    [line] = [line for line in lines if expected in line]
    assert line.startswith(f"{FILE}:4:")
    assert all("hunter2" not in line for line in lines)
    assert [other for other in lines if other != line and "gets the logs of no function" not in other] == []


@pytest.mark.parametrize(
    ("sink", "expected"),
    [
        ("s3: {bucket: logs}", "slipway:sinks.a.s3.region is missing: there is no slipway:aws to take it from"),
        (
            "otlp: {address: 'http://a.example', secret: inside}",
            "must be an https address beside secret, or one in the",
        ),
        ("otlp: {address: 'https://a.example', secret: outside}", "the secret of slipway:sinks.a has no kubernetes"),
        (
            "s3: {bucket: logs, region: eu-central-1, secret: both/a}",
            "a.s3.secret names a field, but a bucket is opened by",
        ),
        ("loki: {secret: nothing}", "slipway:sinks.a.loki.secret names no secret of the catalogue"),
        ("loki: {tenant: 'a b'}", "slipway:sinks.a.loki.tenant must be 1-150 letters"),
    ],
)
def test_what_does_not_go_together_on_knative(said, sink, expected):
    [line] = said("knative", f"{{a: {{{sink}}}}}")
    assert line.startswith(f"{FILE}:4:")
    assert expected in line


@pytest.mark.parametrize(
    "sink",
    [
        "loki: {}",
        "loki: {address: 'http://loki.logs.svc:3100', secret: inside/header}",
        "otlp: {address: 'http://10.1.2.3:4318'}",
        "s3: {bucket: logs, endpoint: 'http://minio.logs.svc.cluster.local', secret: inside}",
        "otlp: {address: 'https://a.example', secret: both}, level: WARN, exclude: ['^ok$'], platform: false",
    ],
)
def test_what_goes_together_on_knative(said, sink):
    assert said("knative", f"{{a: {{{sink}}}}}") == []


def test_another_cluster_has_no_loki_of_its_own(box, stack_of):
    text = stack_of("knative", "{a: {loki: {}}}").replace(
        "slipway:cluster: {}", "slipway:kubeContext: c\n  slipway:registry: r.example/a\n  slipway:domain: d.example"
    )
    box.stack("dev", text)
    [line] = [line for line in box.lines() if "slipway:sinks" in line]
    assert ":6:23: slipway:sinks.a.loki.address is missing; it is an http or https address; only the embedded" in line


def test_no_sink_at_all_is_said_once(box, manifest):
    box.function("orders", manifest("events: [event: {type: a}]"))
    box.function("audit", manifest("events: [event: {type: a}]"))
    box.stack("dev", f"config:\n  slipway:target: lambda\n{AWS}", sinks="")
    assert box.lines() == [
        (
            f"{FILE}:1:1: slipway:sinks names no sink: logs of audit, orders go nowhere; "
            "name a central store, for example central: {s3: {create: true}}"
        )
    ]
    assert box.load().settings == {}
    box.stack("dev", "config:\n  slipway:target: knative\n  slipway:sinks: {}\n")
    [line] = box.lines()
    assert line.startswith(f"{FILE}:3:18: slipway:sinks names no sink")
    assert 'central: {loki: {address: "https://..."}}' in line


def test_an_environment_without_functions_needs_none(box):
    box.stack(
        "dev", f"config:\n  slipway:target: lambda\n{AWS}  slipway:functions: {{orders: {{enabled: false}}}}\n", ""
    )
    assert box.lines() == []


def test_a_function_without_a_sink_is_an_error(box, said):
    [line] = [
        line
        for line in said("lambda", "{a: {s3: {create: true}, functions: [audit]}}")
        if not line.startswith(f"{FILE}:4:55: slipway:sinks.a.functions names 'audit'")
    ]
    assert line == (
        f"{MANIFEST}:1:1: no sink of dev ({FILE}:4:3) takes the logs of a function on Lambda named 'orders' or owned by "
        "'team-a'; add it to functions or owners of one of a, or add a sink for all to slipway:sinks, for example "
        "central: {s3: {create: true}}"
    )
    assert "orders" not in box.load().functions


def test_sinks_that_only_another_target_has_do_not_count(box, said, manifest):
    box.function("orders", manifest("events: [event: {type: a}]\ntarget: knative"))
    found = said("both", "{a: {s3: {create: true}}}")
    assert any("takes the logs of a function on Knative named 'orders'" in line for line in found)
    assert not any("slipway:sinks.a gets the logs of no function" in line for line in found), "it is there for others"
    assert said("both", "{a: {s3: {create: true}}, b: {loki: {}}}") == []


def test_a_sink_that_every_function_leaves_out_is_told(box, said, manifest):
    box.function("orders", manifest("sinks: [b]"))
    assert said("both", "{a: {s3: {create: true}}, b: {s3: {create: true}}}") == [
        f"{FILE}:5:19: slipway:sinks.a gets the logs of no function; remove it, or let it take some"
    ]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("[centrl]", "sinks[0] is 'centrl', which is no sink of dev ({place}), did you mean 'central'?; add it under"),
        ("[central, other]", "sink 'other' of dev ({place}) takes other functions only; add 'orders' to its functions"),
        (
            "[central, store]",
            "sink 'store' is not served on Lambda, the target in dev ({place}): Firehose does not know",
        ),
        ("[central, central]", "sinks has a value twice"),
        ("[]", "sinks must have 1-10 items, found 0"),
    ],
)
def test_what_a_function_chooses_must_be_there_and_for_it(box, said, manifest, chosen, expected):
    box.function("orders", manifest(f"sinks: {chosen}\nevents: [event: {{type: a}}]"))
    lines = said(
        "both",
        "{central: {s3: {create: true}}, store: {loki: {}}, other: {s3: {bucket: more}, owners: [team-b]}}",
    )
    [line] = [line for line in lines if line.startswith(f"{MANIFEST}:4:")]
    assert expected.format(place=f"{FILE}:5:3") in line


def test_a_sink_names_a_function_that_cannot_get_there(said):
    [line] = [
        line
        for line in said("both", "{all: {s3: {bucket: logs}}, a: {loki: {}, functions: [orders]}}")
        if "not" in line
    ]
    assert line.startswith(
        f"{FILE}:5:72: slipway:sinks.a is not served for function 'orders' on Lambda: Firehose does not know it; use s3"
    )


def test_functions_of_an_owner_that_cannot_get_there_are_told(said):
    line = (
        f"{FILE}:5:68: slipway:sinks.a does not get the logs of orders: their target cannot reach it; they go to other"
    )
    assert any(
        text.startswith(line) for text in said("both", "{all: {s3: {bucket: logs}}, a: {loki: {}, owners: [team-a]}}")
    )


def test_buckets_on_knative_are_opened_by_the_same_keys(said):
    one, other = "s3: {bucket: logs, region: eu-central-1, secret: inside}", "s3: {bucket: more, region: eu-central-1"
    [line] = said("knative", f"{{a: {{{one}}}, b: {{{other}, secret: both}}}}}}")
    assert "slipway:sinks.b.s3.secret is another one than that of sink 'a'; name one secret" in line
    assert said("knative", f"{{a: {{{one}}}, b: {{{other}, secret: inside}}}}, c: {{loki: {{secret: both/x}}}}}}") == []
    assert said("knative", f"{{a: {{{one}}}, b: {{{other}}}}}}}") == []


def test_filters_of_a_log_group_are_counted_in_all_environments_at_once(box, manifest, stack_of):
    three = "{a: {s3: {create: true}}, b: {s3: {bucket: more}}, c: {http: {address: 'https://a.example'}}}"
    box.stack("dev", stack_of("lambda", three))
    box.stack("prod", stack_of("lambda", three).replace("slipway:aws: {", "slipway:aws: {subscriptionFilters: 3, "))
    box.stack("test", stack_of("lambda", three))
    line = box.only("too-many-sinks")
    assert line == (
        f"{MANIFEST}:1:1: logs go to 3 sinks (a, b, c) in dev ({FILE}:4:3), test (stacks/Pulumi.test.yaml:4:3), but a log "
        "group there has at most 2 subscription filters; choose 2 of them with sinks: [...], or set "
        "slipway:aws.subscriptionFilters where AWS allows the account more"
    )
    box.function("orders", manifest("sinks: [a, c]"))
    assert box.lines() == [
        f"stacks/Pulumi.{name}.yaml:4:44: slipway:sinks.b gets the logs of no function; remove it, or let it take some"
        for name in ("dev", "prod", "test")
    ]


def test_each_limited_key_is_one_of_a_sink(box):
    assert set(OPTIONS) <= set(Sink.model_fields)
    assert {key for option in OPTIONS.values() for key in option.destinations} <= set(SINKS)
