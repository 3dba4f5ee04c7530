"""function.yaml: one message for each mistake, with its place, what was found, what is allowed, the nearest name."""

import pytest

from slipway.core.events import Event
from slipway.core.manifest import Manifest

FILE = "functions/orders/function.yaml"
STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1}
"""


def test_the_right_project_has_no_findings(box):
    assert box.lines() == []


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("memory: 64", f"{FILE}:6:9: memory must be 128-10240 MB, found 64"),
        ("memory: 10241", f"{FILE}:6:9: memory must be 128-10240 MB, found 10241"),
        ("timeout: 0", f"{FILE}:6:10: timeout must be 1-900 seconds, found 0"),
        ("timeout: 901", f"{FILE}:6:10: timeout must be 1-900 seconds, found 901"),
        ("concurrency: 0", f"{FILE}:6:14: concurrency must be 1-1000 requests, found 0"),
        ("lambda: {ephemeralStorage: 511}", "lambda.ephemeralStorage must be 512-10240 MB, found 511"),
        ('memory: "256"', "memory must be a whole number (128-10240 MB), found '256'; remove the quotes"),
        ("memory: 256.0", "memory must be a whole number (128-10240 MB), found 256.0"),
        ("memory: true", "memory must be a whole number (128-10240 MB), found true"),
        ("memory: [1]", "memory must be a whole number (128-10240 MB), found a list"),
        ("description: 7", 'description must be text, found 7; quote it: description: "..."'),
        ("scale: 3", "scale must be a mapping, found 3; its keys are min, max"),
        ("scale: {max: 0}", "scale.max must be 1-10000 instances, found 0"),
        ("scale: {min: 3, max: 2}", f"{FILE}:6:14: scale.min 3 is above scale.max 2; lower it"),
        ("uses: {queue: receipts}", "uses must be a list, found a mapping"),
        ("architecture: amd64", "architecture must be one of x86_64, arm64, found 'amd64', did you mean 'arm64'?"),
        ("memmory: 256", f"{FILE}:6:1: unknown key 'memmory', did you mean 'memory'?; allowed: architecture, "),
        ("Memory: 256", "unknown key 'Memory', did you mean 'memory'?"),
        ("zzz: 1", "unknown key 'zzz'; allowed: "),
        ("scale: {mx: 1}", f"{FILE}:6:9: unknown key 'mx', did you mean 'max'?; allowed: max, min"),
        ("environment: {LEVEL: 7}", 'environment.LEVEL must be text, found a number; quote it: LEVEL: "..."'),
        ("environment: {LEVEL: true}", "environment.LEVEL must be text, found true or false; quote it"),
        ("environment: {A-B: x}", "a key of environment must be a letter, then at least one letter"),
        (
            "environment: {PORT: x}",
            f"{FILE}:6:15: environment.PORT is a variable that the platform sets itself; choose",
        ),
        ("environment: {AWS_REGION: x}", "environment.AWS_REGION is a variable that"),
        ("envs: {FUNCTION_TARGET: x}", "envs.FUNCTION_TARGET is a variable that"),
        ("secrets: {SLIPWAY_SECRETS: a/b}", "secrets.SLIPWAY_SECRETS is a variable that"),
        ("secrets: {DB_PW: 'Hunter 2'}", "secrets.DB_PW must be the name of a secret in the environment's catalogue"),
        ("lambda: {layers: [x]}", "lambda.layers[0] must be a layer version's ARN, found 'x'"),
        ("rollout: {canary: 100}", f"{FILE}:6:19: rollout.canary must be 1-99 percent, found 100"),
        ("rollout: {canary: 10%}", "rollout.canary must be a whole number (1-99 percent), found '10%'"),
        ("rollout: 10", "rollout must be a mapping, found 10; its keys are canary"),
        ("rollout: {}", f"{FILE}:6:1: rollout.canary is missing"),
        ("target: lamda", "target must be one of lambda, knative, found 'lamda', did you mean 'lambda'?"),
        ("image: x@sha256:" + "0" * 64, "image is not for runtime python3.11; remove it"),
        (
            "uses: [{queue: receipts, can: [sent]}]",
            "uses[0].can[0] must be one of send, receive, inspect for a queue, ",
        ),
        ("uses: [{queue: receipts, can: [sent]}]", "found 'sent', did you mean 'send'?"),
        ("uses: [{queue: receipts, can: []}]", "uses[0].can must have 1-10 items, found 0"),
        ("uses: [{queue: receipts}]", "uses[0].can is missing; it is a list"),
        (
            "uses: [{can: [send]}]",
            "uses[0] must name exactly one of queue, bucket, table, topic, secret, key, function, service, found none",
        ),
        ("uses: [{queue: a, table: b, can: [read]}]", "found queue and table"),
        ("uses: [{queue: receipts, can: [send, send]}]", "uses[0].can[1] repeats 'send'"),
        ("uses: [{queue: receipts, can: [send]}, {queue: receipts, can: [inspect]}]", "uses[1] repeats the queue"),
        ("uses: [{quue: receipts, can: [send]}]", "unknown key 'quue', did you mean 'queue'?"),
        ("environment: {QUEUE_RECEIPTS_URL: x}\nuses: [{queue: receipts, can: [send]}]", "is set by the use of queue"),
        ("environment: {AA: x}\nenvs: {BB: x}", "envs means the same as environment; keep environment"),
        ("lambda: {snapStart: true}", "lambda.snapStart does not go with runtime python3.11"),
        ("environment: {BIG: " + "x" * 4100 + "}", "environment has 4103 bytes in dev, Lambda takes 4096"),
        ("timeout:", f"{FILE}:6:1: timeout has no value; give one or remove the key"),
        ("<<: {memory: 256}", f"{FILE}:6:1: YAML merge keys are not taken"),
        ("memory: 256\nmemory: 512", f"{FILE}:7:1: duplicate key 'memory', first in line 6; keep one"),
        ("\tmemory: 256", f"{FILE}:6:1: a tab indents this line; use spaces"),
    ],
)
def test_one_mistake_one_message(box, manifest, extra, expected):
    box.function("orders", manifest() + extra + "\n")
    text = box.only()
    assert expected in text, text


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("http: {path: orders}", "events[0].http.path must start with /, found 'orders'"),
        ("http: {path: /orders/}", "events[0].http.path must not end with /; write /orders"),
        ("http: {path: /../x}", "must not have . or .. as a part"),
        ("http: {path: /a//b}", "must have parts of letters"),
        ("http: {path: '/{a+}/b'}", "must have parts of letters"),
        ("http: {path: '/{a}/{a}'}", "has the same parameter twice"),
        ("http: {}", "events[0].http.path is missing"),
        ("http: /orders", "events[0].http must be a mapping, found '/orders'; its keys are path, methods"),
        ("http: {path: /a, methods: [get]}", "found 'get', did you mean 'GET'?"),
        ("http: {path: /a, methods: [GET, GET]}", "methods has a method twice"),
        ("http: {path: /a, methods: [ANY, GET]}", "has ANY among other methods"),
        ("http: {path: /a, methods: GET}", "methods must be a list, found 'GET'; write it as a list"),
        ("http: {path: /a, auth: jwt}", "auth must be one of none, token, iam, found 'jwt'"),
        ("http: {path: /a, auth: none}", "events[0].http.auth none with visibility internal is not served on Lambda"),
        ("http: {path: /a, auth: token, visibility: internal}", "auth token with visibility internal is not served"),
        ("http: {path: /a, auth: token, visibility: public}", "auth is token, but dev has no issuer"),
        (
            "http: {path: /a, visibility: public, cors: {origins: ['*'], credentials: true}}",
            "credentials together with",
        ),
        ("http: {path: /a, visibility: public, cors: {origins: [https://a.b/x]}}", "origins without a path"),
        (
            "http: {path: /a, throttle: {rate: 0, burst: 1}}",
            "throttle.rate must be 0.1-10000 requests a second, found 0",
        ),
        ("schedule: rate(5 minute)", "has the wrong form of the unit, found 'rate(5 minute)'; write rate(5 minutes)"),
        ("schedule: {expression: cron(0 6 * * *)}", "must have six fields in cron(), found 5"),
        ("schedule: {expression: rate(1 day), timezone: Europe/Berln}", "must be a time zone's IANA name, found"),
        ("event: {source: a}", "events[0].event.type is missing; it is 1-128 visible ASCII characters"),
        ("event: {type: 'a b'}", "events[0].event.type must be 1-128 visible ASCII characters, found 'a b'"),
        ("event: {type: a, attributes: {subject: ''}}", "attributes.subject must have 1-256 characters, found 0"),
        ("event: {type: a, attributes: {type: b}}", "attributes cannot hold 'type'"),
        ("queue: {nam: receipts}", "unknown key 'nam', did you mean 'name'?; allowed: batch, name, window"),
        ("queue: {name: receipts, batch: 11}", "events[0].queue has batch 11 without a window"),
        ("queue: {name: receipts, window: 301}", "window must be 0-300 seconds, found 301"),
        ("queue: Receipts", "must be 1-40 lower-case letters, digits and hyphens"),
        ("queue: recepts", "(stacks/Pulumi.dev.yaml:5:5), did you mean 'receipts'?"),
        ("htp: {path: /a}", "unknown key 'htp', did you mean 'http'?; allowed: event, http, queue, schedule"),
        ("{http: {path: /a}, queue: receipts}", "events[0] must have exactly one of http, schedule, event, queue"),
    ],
)
def test_one_mistake_in_an_event_one_message(box, manifest, event, expected):
    box.function("orders", manifest(f"events:\n  - {event}\n"))
    text = box.only()
    assert expected in text, text
    assert text.startswith(f"{FILE}:5:")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("owner", None, f"{FILE}:1:1: owner is missing; it is a team's name"),
        ("runtime", None, f"{FILE}:1:1: runtime is missing; it is one of python3.11"),
        ("handler", None, f"{FILE}:1:1: handler is missing; it is module:function"),
        ("owner", "", f"{FILE}:1:1: owner has no value"),
        ("runtime", "python3.10", f"{FILE}:2:10: runtime must be one of python3.11"),
        ("runtime", "3.11", "runtime must be one of python3.11, python3.12, python3.13, container, found 3.11"),
        (
            "handler",
            "main.main",
            f"{FILE}:3:10: handler must be module:function, for example main:order, found 'main.main'",
        ),
        ("handler", "../x:main", "handler must be module:function"),
        ("handler", "/etc/x:main", "handler must be module:function"),
        ("owner", "yes", f"{FILE}:1:8: 'yes' means text to some"),
    ],
)
def test_required_keys(box, manifest, key, value, expected):
    box.function("orders", manifest(**{key: value}))
    text = box.only()
    assert expected in text, text


def test_all_mistakes_at_once_and_each_once(box):
    box.function(
        "orders",
        """\
        ownr: team-a
        runtime: python3.11
        handler: main:nothing
        memory: 64
        memory: 65
        environment: {A1: 1, B1: yes, C1: &x a, PORT: "1"}
        events:
          - http: {path: x, methods: [FETCH]}
          - schedule: rate(1 minutes)
        uses: [{queue: nothing, can: [fly]}]
        extra: 1
        """,
    )
    found = box.load().findings
    assert sorted(f"{finding.rule} {finding.line}" for finding in found) == sorted(
        [
            "unknown-key 1",
            "missing-handler 3",
            "out-of-range 4",
            "duplicate-key 5",
            "wrong-type 6",
            "reserved-variable 6",
            "ambiguous-value 6",
            "anchor 6",
            "bad-path 8",
            "not-allowed 8",
            "bad-schedule 9",
            "not-in-catalogue 10",
            "unknown-verb 10",
            "unknown-key 11",
        ]
    )
    assert all(finding.function == "orders" for finding in found)


def test_many_mistakes_are_cut_off_and_that_is_said(box, manifest):
    box.function("orders", manifest() + "".join(f"key{i}: 1\n" for i in range(1000)))
    found = box.load().findings
    assert len(found) == 101
    assert found[0].rule == "many-mistakes"


@pytest.mark.parametrize(
    "extra",
    [
        "environment: {PASSWORD_A: [hunter2]}",
        "environment: {hunter: {hunter2: hunter2}}",
        "envs: {AA: &hunter2 hunter2}",
        "secrets: {AA: HUNTER/hunter2!}",
        "secrets: {AA: hunter2}",
        "secrets: {AA: [hunter2]}",
        "pasword: hunter2",
        "description: [hunter2]",
        "description: {a: hunter2}",
        "scale: [hunter2]",
        "environment: 'hunter2",
    ],
)
def test_values_that_may_be_secret_are_not_shown(box, manifest, extra):
    box.function("orders", manifest() + extra + "\n")
    lines = box.lines()
    assert lines
    assert not any("hunter2" in line for line in lines), lines


def test_something_like_a_secret_in_the_environment_is_a_warning(box, manifest):
    box.function("orders", manifest('environment: {API_TOKEN: "x", TOKEN_ISSUER: "x"}'))
    finding = box.load().findings[0]
    assert (finding.rule, finding.severity.name, finding.property) == (
        "secret-in-environment",
        "WARNING",
        "environment.API_TOKEN",
    )
    box.only("secret-in-environment")


def test_short_forms():
    short = [Event.model_validate({"schedule": "rate(5 minutes)"}), Event.model_validate({"queue": "receipts"})]
    long = [
        Event.model_validate({"schedule": {"expression": "rate(5 minutes)"}}),
        Event.model_validate({"queue": {"name": "receipts"}}),
    ]
    assert short == long


def test_environment_and_its_alias():
    base = {"owner": "a", "runtime": "python3.11"}
    assert Manifest.model_validate({**base, "envs": {"AA": "x"}}).variables == {"AA": "x"}
    assert Manifest.model_validate({**base, "environment": {"AA": "x"}}).variables == {"AA": "x"}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty-file"),
        (b"owner: \xff", "bad-encoding"),
        (b"x" * (10 * 1024 * 1024), "file-too-big"),
        (b"- a", "wrong-type"),
        (b"a: 1\n---\nb: 2\n", "many-documents"),
    ],
)
def test_a_file_that_cannot_be_used(box, content, rule):
    box.function("orders", content)
    assert box.only(rule).startswith(FILE)


def test_containers(box, manifest):
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x@sha256:" + "0" * 64
    box.function("orders", manifest(runtime="container", handler=None, image=image))
    loaded = box.load()
    assert loaded.findings == []
    assert loaded.functions["orders"].signature == "lambda"

    box.function("orders", manifest(runtime="container", handler=None, image="other.example/x@sha256:" + "0" * 64))
    assert "private ECR registry for Lambda in dev" in box.only("image-registry")
    box.function("orders", manifest(runtime="container", handler=None, image="x:latest"))
    assert "image must be repository@sha256:" in box.only("bad-format")
    box.function("orders", manifest(runtime="container", handler=None))
    assert "there is no Containerfile" in box.only("missing-key")
    box.function("orders", manifest("secrets: {AA: x}", runtime="container", image=image))
    assert {finding.rule for finding in box.load().findings} == {
        "handler-and-image",
        "not-on-lambda",
        "not-in-catalogue",
    }


@pytest.mark.parametrize("name", ["Containerfile", "Dockerfile"])
def test_images_that_are_built_lie_where_lambda_can_pull_them(box, manifest, name):
    folder = box.function("orders", manifest(runtime="container", handler=None))
    (folder / name).write_text("FROM scratch\n")
    assert "slipway:registry of dev must be a private ECR registry for the image of 'orders'" in box.only()
    for registry in ("registry.example.com/a", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/a"):
        box.stack("dev", STACK + f"  slipway:registry: {registry}\n")
        refused = [finding.rule for finding in box.load().findings]
        assert refused == (["image-registry"] if registry.startswith("registry.") else [])
    loaded = box.load()
    assert loaded.functions["orders"].containerfile == folder / name
    given = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x@sha256:" + "0" * 64
    box.function("orders", manifest(runtime="container", handler=None, image=given))
    assert box.load().functions["orders"].containerfile is None
