import json

from components.environment_args import CatalogueEntry


def statements(text):
    return {statement.get("Sid"): statement for statement in json.loads(text)["Statement"]}


def test_the_boundary_covers_the_environment_and_its_catalogue_and_leaves_no_way_out(deploy, engine, catalogue):
    deploy(catalogue=catalogue)
    found = statements(engine.named("dev-boundary").inputs["policy"])
    assert set(found["NoWayOut"]["Action"]) == {"account:*", "iam:*", "organizations:*", "sts:*"}
    assert found["NoWayOut"]["Effect"] == "Deny"
    assert found["Functions"]["Action"] == ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]
    assert found["Functions"]["Resource"] == ["arn:aws:lambda:eu-central-1:123456789012:function:slipway-dev-*"]
    assert found["Queue"]["Resource"] == [
        "arn:aws:sqs:eu-central-1:123456789012:legacy",
        "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-*",
    ]
    assert found["Bucket"]["Resource"] == ["arn:aws:s3:::acme-reports", "arn:aws:s3:::acme-reports/*"]
    assert "Network" not in found
    assert not any("*" in action for s in found.values() if s["Effect"] == "Allow" for action in s["Action"])


def test_keys_are_those_of_the_environment_and_its_catalogue_and_are_used_through_services(
    deploy, engine, catalogue, a_sink
):
    sinks = [a_sink(kms_key="arn:aws:kms:eu-central-1:123456789012:key/sink")]
    deploy(catalogue=catalogue, sinks=sinks)
    found = statements(engine.named("dev-boundary").inputs["policy"])["KeysThroughServices"]
    assert found["Resource"] == [
        f"arn:aws:kms:eu-central-1:123456789012:key/{k}" for k in ("dev-key", "sink", "theirs")
    ]
    assert found["Condition"] == {"StringLike": {"kms:ViaService": "*.eu-central-1.amazonaws.com*"}}


def test_keys_that_functions_use_themselves_stay_exact_in_a_long_catalogue(deploy, engine):
    many = [CatalogueEntry(kind="bucket", name=f"b{i}", arn=f"arn:aws:s3:::acme-reports-{i:060}") for i in range(80)]
    key = "arn:aws:kms:eu-central-1:123456789012:key/signatures"
    deploy(catalogue=[*many, CatalogueEntry(kind="key", name="signatures", arn=key)])
    found = statements(engine.named("dev-boundary").inputs["policy"])
    assert found["Bucket"]["Resource"] == ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]
    assert found["Key"]["Resource"] == [key]


def test_a_boundary_in_a_network_allows_its_interfaces(deploy, engine):
    deploy(subnets=["subnet-1"], security_groups=["sg-1"])
    assert "Network" in statements(engine.named("dev-boundary").inputs["policy"])


def test_a_catalogue_too_long_for_one_policy_is_covered_by_kind(deploy, engine):
    many = [CatalogueEntry(kind="bucket", name=f"b{i}", arn=f"arn:aws:s3:::acme-reports-{i:060}") for i in range(80)]
    deploy(catalogue=many)
    text = engine.named("dev-boundary").inputs["policy"]
    assert len(text) <= 6144
    assert statements(text)["Bucket"]["Resource"] == ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]


def test_tables_covered_by_kind_are_those_of_the_region(deploy, engine):
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/" + "t" * 100
    deploy(catalogue=[CatalogueEntry(kind="table", name=f"t{i}", arn=f"{arn}{i}") for i in range(80)])
    found = statements(engine.named("dev-boundary").inputs["policy"])["Table"]["Resource"]
    assert found == ["arn:aws:dynamodb:eu-central-1:*:*", "arn:aws:dynamodb:eu-central-1:*:*/index/*"]
