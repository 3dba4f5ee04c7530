"""stacks/Pulumi.<environment>.yaml: one message for each mistake, with its place."""

import pytest

FILE = "stacks/Pulumi.dev.yaml"
AWS = '{account: "123456789012", region: eu-central-1}'
ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
HEAD = """\
encryptionsalt: v1:abc
config:
  aws:region: eu-central-1
  slipway:target: {target}
  slipway:aws: {aws}
  slipway:resources: {resources}
"""


def stack(extra="", target="lambda", aws=AWS, resources="{queue: {receipts: {create: true}}}"):
    lines = "".join(f"  {line}\n" for line in extra.splitlines())
    return HEAD.replace("{target}", target).replace("{aws}", aws).replace("{resources}", resources) + lines


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (
            "slipway:prefx: x",
            f"{FILE}:7:3: unknown key 'slipway:prefx', did you mean 'slipway:prefix'?; allowed: slipway:alarms, ",
        ),
        ("slipway:prefix: X", f"{FILE}:7:19: slipway:prefix must be 1-20 lower-case letters"),
        ("slipway:protect: 1", "slipway:protect must be true or false, found 1"),
        ("slipway:logs: {retention: 31}", "slipway:logs.retention must be one of 1, 3, 5, 7"),
        ("slipway:logs: {level: info}", "found 'info', did you mean 'INFO'?"),
        (
            "slipway:tags: {team: 5}",
            "slipway:tags.team must be text (letters, digits, spaces and _ . : / = + - @), found 5",
        ),
        ("slipway:tags: {Commit: x}", "slipway:tags has 'Commit', which Slipway sets itself; remove it"),
        ("slipway:tags: {'aws:x': x}", "slipway:tags has 'aws:x'; the prefix aws: is reserved by AWS"),
        ("slipway:encryption: {key: alias/x}", "slipway:encryption.key must be the ARN of a KMS key"),
        (
            f"slipway:alarms: {{topic: '{ARN.format('sqs', 'x')}'}}",
            "slipway:alarms.topic must be the ARN of an SNS topic",
        ),
        ("slipway:http: {tokens: {issuer: http://a.example, audience: [x]}}", "issuer must be an https address"),
        ("slipway:http: {tokens: {issuer: 'https://u:hunter2@a.example', audience: [x]}}", "must be an http or https"),
        (
            "slipway:http: {tokens: {issuer: 'https://a.example', audience: []}}",
            "audience must have at least 1 item, found 0",
        ),
        ("slipway:http: {throttle: {rate: fast, burst: 5}}", "rate must be a number (0.1-10000 requests a second)"),
        ("slipway:network: {subnets: [subnet-1], securityGroups: [sg-0a1b2c3d]}", "subnets[0] must be a subnet's id"),
        ("slipway:network: {subnets: [subnet-0a1b2c3d]}", "slipway:network.securityGroups is missing; it is a list"),
        ("slipway:codeSigning: {profiles: [x]}", "profiles[0] must be the ARN of a signing profile version"),
        ("slipway:functions: {orders: {memory: 1}}", "slipway:functions.orders.memory must be 128-10240 MB, found 1"),
        (
            "slipway:functions: {orders: {scale: {min: 3, max: 2}}}",
            "slipway:functions.orders.scale.min 3 is above max 2",
        ),
        ("slipway:functions: {oders: {memory: 128}}", "'oders', which is no function, did you mean 'orders'?"),
        ("slipway:functions: {orders: {environment: {LEVEL: 1}}}", "environment.LEVEL must be text, found a number"),
        ("slipway:guardrails: {egress: [x]}", f"{FILE}:7:24: slipway:guardrails.egress is not served by this version"),
        ("slipway:guardrails: {registries: []}", "slipway:guardrails.registries is not served by this version"),
        (
            "slipway:prefix: {secure: v1:abc}",
            f"{FILE}:7:19: slipway:prefix is an encrypted value, which settings do not",
        ),
        ("prefix: x", f"{FILE}:7:3: prefix has no namespace; write slipway:prefix"),
        ("whatever: x", f"{FILE}:7:3: whatever has no namespace; write <namespace>:<name>"),
        ("slipwy:prefix: x", f"{FILE}:7:3: unknown namespace in slipwy:prefix, did you mean 'slipway:'?"),
        ("slipway:prefix: &x a", "YAML anchors are not taken"),
        ("slipway:prefix: a\nslipway:prefix: b", f"{FILE}:8:3: duplicate key 'slipway:prefix', first in line 7"),
        ("slipway:protect: yes", f"{FILE}:7:20: 'yes' means text to some YAML readers"),
    ],
)
def test_one_mistake_one_message(box, extra, expected):
    box.stack("dev", stack(extra))
    text = box.only()
    assert expected in text, text


@pytest.mark.parametrize(
    ("aws", "expected"),
    [
        ("{account: 123456789012, region: eu-central-1}", "slipway:aws.account must be text (12 digits in quotes)"),
        ("{account: 012345678901, region: eu-central-1}", "YAML readers disagree about this number"),
        ('{account: "1234", region: eu-central-1}', "slipway:aws.account must be 12 digits in quotes, found '1234'"),
        ('{account: "123456789012", region: eu-centrall-1}', "slipway:aws.region must be a region such as"),
        ('{account: "123456789012"}', f"{FILE}:5:3: slipway:aws.region is missing"),
        (
            '{account: "123456789012", region: eu-central-1, partition: aws-cn}',
            "slipway:aws.partition must be aws for region eu-central-1, found 'aws-cn'",
        ),
        ('{account: "123456789012", region: eu-central-1, endpoint: localhost}', "endpoint must be an http or https"),
        (
            '{account: "123456789012", region: eu-central-1, endpoint: "http://[::1"}',
            "endpoint must be an http or https",
        ),
        (
            '{account: "123456789012", region: eu-central-1, endpoint: "http://127.0.0.1:4610", accessKey: hunter2}',
            "slipway:aws.secretKey is missing; give both keys or none",
        ),
        (
            '{account: "123456789012", region: eu-central-1, httpEntry: "http://127.0.0.1:1"}',
            "only for an embedded AWS",
        ),
        (
            '{account: "123456789012", region: eu-central-1, acount: "1"}',
            "unknown key 'acount', did you mean 'account'?",
        ),
    ],
)
def test_account(box, aws, expected):
    box.stack("dev", stack(aws=aws))
    text = box.only()
    assert expected in text, text
    assert "hunter2" not in text


@pytest.mark.parametrize("endpoint", ["", ", endpoint: https://aws.example"])
def test_credentials_are_only_for_an_embedded_aws_and_never_shown(box, endpoint):
    keys = "accessKey: AKIAHUNTER2, secretKey: hunter2"
    box.stack("dev", stack(aws=AWS.replace("}", f"{endpoint}, {keys}}}")))
    lines = box.lines()
    assert len(lines) == 2
    assert all("only for an endpoint on this machine" in line for line in lines)
    assert not any("hunter2" in line.lower() for line in lines)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.1"])
def test_credentials_for_loopback(box, host):
    endpoint = f'endpoint: "http://{host}:4610", accessKey: a, secretKey: b'
    box.stack("dev", stack(aws=AWS.replace("}", f", {endpoint}}}")))
    assert box.lines() == []


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ("{queue: {receipts: {}}}", "must have either create: true, or arn or address"),
        ("{queue: {receipts: {create: true, address: 'http://a.example'}}}", "must have either create: true, or arn"),
        ("{queue: {receipts: {create: true, egress: []}}}", "has egress without address"),
        ("{queue: {receipts: {adress: 'http://a.example'}}}", "unknown key 'adress', did you mean 'address'?"),
        (
            "{queue: {receipts: {create: false}}}",
            "slipway:resources.queue.receipts.create must be true, found false",
        ),
        ("{queue: {receipts: {create: true, key: x}}}", "has key beside create"),
        ("{queue: {receipts: {arn: x}}}", "must be the ARN of an SQS queue, found 'x'"),
        ("{queue: {receipts: {arn: 'arn:aws:sqs:eu-central-1:123456789012:a', fifo: true}}}", "has fifo beside arn"),
        ("{queue: {Receipts: {create: true}}}", "a key of slipway:resources.queue must be 1-40 lower-case"),
        ("{qeue: {receipts: {create: true}}}", "unknown key 'qeue', did you mean 'queue'?"),
        ("{secret: {db: {arn: 'hunter2 x'}}}", "slipway:resources.secret.db.arn must be the ARN of a Secrets Manager"),
        ("{bucket: {a: {arn: 'arn:aws:s3:eu-central-1:123456789012:x'}}}", "must be the ARN of an S3 bucket"),
        ("{table: {a: {}}}", "slipway:resources.table.a must have arn (for Lambda), address"),
        ("{secret: {db: {}}}", "slipway:resources.secret.db must have arn (for Lambda), kubernetes (for Knative)"),
        ("{secret: {db: {kubernetes: 'Hunter2 x'}}}", "secret.db.kubernetes must be the name of a Kubernetes object"),
        ("{bucket: {a: {address: 'https://files.example'}}}", "must have an address that ends with its name"),
        ("{bucket: {a: {kubernetes: x}}}", "slipway:resources.bucket.a must have arn"),
        ("{topic: {a: {address: ftp://x.example/a}}}", "topic.a.address must be an http or https address"),
        ("{service: {billing: {}}}", "slipway:resources.service.billing.address is missing"),
        ("{service: {billing: {address: 'https://u:hunter2@b.example'}}}", "without user, query or fragment"),
        (
            "{service: {billing: {address: 'https://b.example', secret: token/a}}}",
            "slipway:resources.service.billing.secret names no secret of the catalogue",
        ),
        (
            "{service: {billing: {address: 'https://b.example', egress: [{cidr: 10.1.2.3/8, ports: [443]}]}}}",
            "egress[0].cidr must be a range of addresses, found '10.1.2.3/8'",
        ),
        (
            "{service: {billing: {address: 'https://b.example', egress: [{cidr: 0.0.0.0/0, ports: [443]}]}}}",
            "egress[0].cidr must not be every address there is",
        ),
        (
            "{service: {billing: {address: 'https://b.example', egress: [{cidr: 169.0.0.0/8, ports: [80]}]}}}",
            "egress[0].cidr must not lead to where machines of clouds tell their credentials",
        ),
        (
            "{service: {billing: {address: 'https://b.example', egress: [{cidr: 10.0.0.0/8}]}}}",
            "egress[0].ports is missing",
        ),
        (
            "{queue: {receipts: {arn: 'arn:aws:sqs:eu-west-1:123456789012:r'}}}",
            "slipway:resources.queue.receipts.arn is in region eu-west-1, this environment is in eu-central-1",
        ),
        (
            "{bucket: {a: {arn: 'arn:aws-cn:s3:::name'}}}",
            "slipway:resources.bucket.a.arn is in partition aws-cn, this environment is in aws",
        ),
        (
            "{queue: {receipts: {arn: 'arn:aws:sqs:eu-central-1:999999999999:r'}}}",
            "is in account 999999999999, this environment is in 123456789012; the owner's policy must allow",
        ),
    ],
)
def test_catalogue(box, resources, expected):
    box.stack("dev", stack(resources=resources))
    text = box.only()
    assert expected in text, text
    assert "hunter2" not in text


def test_a_boundary_of_another_account_is_an_error(box):
    box.stack("dev", stack("slipway:guardrails: {permissionBoundary: 'arn:aws:iam::999999999999:policy/x'}"))
    box.only("other-account")
    assert box.load().findings[0].severity.name == "ERROR"


@pytest.mark.parametrize(("written", "protect"), [('"true"', True), ("true", True), ('"false"', False)])
def test_switches_as_pulumi_writes_them_back(box, written, protect):
    box.stack("dev", stack(f"slipway:protect: {written}"))
    assert box.load().settings["dev"].protect is protect
    box.stack("dev", stack('slipway:protect: "maybe"'))
    assert "slipway:protect must be true or false, found 'maybe'" in box.only("wrong-type")


def test_secure_values_in_other_namespaces_pass(box):
    box.stack("dev", stack("other:key: {secure: v1:abc}\nother:list: [1, {a: b}]"))
    assert box.lines() == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty-file"),
        ("# nothing", "empty-file"),
        ("config:", "empty-value"),
        ("config: 5", "wrong-type"),
        ("conf: {}", "unknown-key"),
        ("encryptionsalt: x", "missing-key"),
        ("- a", "wrong-type"),
        (b"\xff\xff\xff", "bad-encoding"),
        (b" " * (10 * 1024 * 1024), "file-too-big"),
        ("config: {a: *b}", "alias"),
        ("config:\n\tslipway:target: lambda", "tab"),
    ],
)
def test_a_file_that_cannot_be_used(box, text, rule):
    box.stack("dev", text)
    found = box.load().findings
    assert rule in {finding.rule for finding in found}
    assert found[0].environment == "dev"
    assert found[0].file == FILE


def test_a_link_may_not_leave_the_folder(box):
    outside = box.root / "outside.yaml"
    outside.write_text(stack())
    (box.root / "stacks" / "Pulumi.dev.yaml").unlink()
    (box.root / "stacks" / "Pulumi.dev.yaml").symlink_to(outside)
    assert box.only("symlink-outside").startswith(FILE)


def test_names_of_environments(box):
    box.stack("Bad_Name")
    assert "'Bad_Name' is not an environment's name" in box.only("bad-name")


def test_an_unknown_environment(box):
    found = box.load(["dve"]).findings
    assert [finding.render() for finding in found] == [
        "stacks/Pulumi.dve.yaml: there is no environment 'dve', did you mean 'dev'?; there: dev"
    ]


def test_a_project_without_environments(box):
    (box.root / "stacks" / "Pulumi.dev.yaml").rename(box.root / "stacks" / "Pulumi.dev.yml")
    assert {finding.rule for finding in box.load().findings} == {"wrong-ending", "no-environment"}


def test_settings_with_mistakes_are_not_handed_out(box):
    box.stack("dev", stack("slipway:protect: 1"))
    assert box.load().settings == {}
    box.stack("dev", stack("slipway:protect: true"))
    settings = box.load().settings["dev"]
    assert settings.protect
    assert settings.environment == "dev"


def test_a_wrong_entry_of_the_catalogue_is_not_reported_again_where_it_is_used(box, manifest):
    box.function("orders", manifest("events: [queue: receipts]"))
    box.stack("dev", stack(resources="{queue: {receipts: {arn: x}}}"))
    box.only("bad-format")
