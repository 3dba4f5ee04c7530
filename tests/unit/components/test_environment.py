import json

import pytest

from components.environment import Environment
from components.environment_args import AwsArgs, CatalogueEntry, Egress, EnvironmentArgs, TokenIssuer
from components.errors import InputError
from components.function.args import Cors, HttpEvent, QueueEvent, Throttle
from components.knative_args import BrokerConfig, Channel, DeadLetters, KnativeArgs

MINIMAL = {
    ("aws", "dev-aws"),
    ("Key", "dev-key"),
    ("Alias", "dev-key-alias"),
    ("Policy", "dev-boundary"),
    ("Bucket", "dev-packages"),
    ("BucketPublicAccessBlock", "dev-packages-access"),
    ("BucketOwnershipControls", "dev-packages-ownership"),
    ("BucketServerSideEncryptionConfiguration", "dev-packages-encryption"),
    ("BucketVersioning", "dev-packages-versions"),
    ("BucketPolicy", "dev-packages-policy"),
    ("EventBus", "dev-bus"),
    ("ScheduleGroup", "dev-schedules"),
}
EMBEDDED = AwsArgs(
    account="123456789012",
    region="eu-central-1",
    endpoint="http://127.0.0.1:4610",
    http_entry="http://127.0.0.1:4611/",
    access_key="local",
    secret_key="local",
)


def public(**changes):
    return HttpEvent(**{"path": "/orders", "visibility": "public", "auth": "none"} | changes)


def statements(text):
    return {statement.get("Sid"): statement for statement in json.loads(text)["Statement"]}


def test_the_smallest_environment_has_guardrails_bucket_bus_and_group(deploy, engine):
    deploy()
    assert engine.children("dev") == MINIMAL


def test_it_stands_at_the_root_of_the_stack(deploy, engine):
    deploy()
    assert engine.named("dev").type == "slipway:index:Environment"
    assert engine.named("dev").parent == "slipway-dev" or engine.named("dev").parent == ""


def test_everything_goes_through_the_one_provider(deploy, engine):
    deploy()
    for made in engine.registered:
        if made.type.startswith("aws:"):
            assert made.provider == "dev-aws", made.name


def test_real_aws_is_bound_to_its_account_and_given_no_credentials(deploy, engine):
    deploy()
    provider = engine.named("dev-aws").inputs
    assert json.loads(provider["allowedAccountIds"]) == ["123456789012"]
    assert provider["region"] == "eu-central-1"
    assert not {"accessKey", "secretKey", "endpoints", "skipRequestingAccountId"} & set(provider)
    assert provider["skipCredentialsValidation"] == "false"


def test_an_embedded_aws_is_reached_at_one_address_for_all_services(deploy, engine):
    deploy(aws=EMBEDDED)
    provider = engine.named("dev-aws").inputs
    (endpoints,) = json.loads(provider["endpoints"])
    assert set(endpoints.values()) == {"http://127.0.0.1:4610"}
    assert {"lambda", "s3", "s3control", "sts", "sqs", "scheduler", "eventbridge", "apigatewayv2"} <= set(endpoints)
    assert provider["s3UsePathStyle"] == "true"
    assert provider["accessKey"]["value"] == "local"
    assert provider["skipRequestingAccountId"] == "true"


def test_an_embedded_aws_without_tls_gets_no_policy_that_demands_it(deploy, engine, catalogue):
    deploy(aws=EMBEDDED, catalogue=catalogue)
    assert not engine.kinds("BucketPolicy")
    assert all("policy" not in queue.inputs for queue in engine.kinds("Queue"))


def test_the_bucket_is_guarded_in_every_way(deploy, engine):
    deploy()
    name = "slipway-dev-packages-123456789012-eu-central-1"
    assert engine.named("dev-packages").inputs["bucket"] == name
    access = engine.named("dev-packages-access").inputs
    assert [
        access[k] for k in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ] == [True] * 4
    assert engine.named("dev-packages-ownership").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert engine.named("dev-packages-versions").inputs["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = engine.named("dev-packages-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    policy = statements(engine.named("dev-packages-policy").inputs["policy"])["OnlyTls"]
    assert policy["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


def test_the_bucket_is_named_at_once_and_usable_when_its_guards_stand(deploy, resolved):
    environment, _ = deploy()
    assert environment.packages_bucket_name == "slipway-dev-packages-123456789012-eu-central-1"
    assert resolved(environment.packages_bucket) == environment.packages_bucket_name
    environment, _ = deploy(preview=True)
    assert resolved(environment.packages_bucket) is None, "in a first preview nothing may publish yet"


@pytest.mark.parametrize("protect", [True, False])
def test_protection_covers_what_holds_data(deploy, engine, catalogue, protect):
    deploy(protect=protect, catalogue=catalogue)
    data = ["dev-packages", "dev-key", "dev-queue-orders", "dev-queue-orders-dlq"]
    assert [engine.named(name).protect for name in data] == [protect] * 4
    assert engine.named("dev-packages").inputs["forceDestroy"] is not protect


def test_a_queue_hides_messages_also_while_a_batch_fills(deploy, engine, a_function, catalogue):
    args = a_function(signature="cloudevent", timeout_s=10, queues=[QueueEvent(queue="orders", window_s=300)])
    deploy({"slow": args}, catalogue=catalogue)
    assert engine.named("dev-queue-orders").inputs["visibilityTimeoutSeconds"] == 360


def test_a_queue_is_made_with_its_dead_letters(deploy, engine, a_function, catalogue):
    slow = a_function(signature="cloudevent", timeout_s=100, queues=[QueueEvent(queue="orders")])
    fast = a_function(signature="cloudevent", timeout_s=10, queues=[QueueEvent(queue="orders")])
    deploy({"slow": slow, "fast": fast}, catalogue=catalogue)
    queue, dead = engine.named("dev-queue-orders").inputs, engine.named("dev-queue-orders-dlq").inputs
    assert queue["name"] == "slipway-dev-orders"
    assert queue["visibilityTimeoutSeconds"] == 600
    assert json.loads(queue["redrivePolicy"]) == {
        "deadLetterTargetArn": "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-orders-dlq",
        "maxReceiveCount": 5,
    }
    for made in (queue, dead):
        assert made["kmsMasterKeyId"] == "arn:aws:kms:eu-central-1:123456789012:key/dev-key"
        assert set(statements(made["policy"])) == {"OnlyTls"}
        assert made["messageRetentionSeconds"] == 1209600
    assert "fifoQueue" not in queue
    line = engine.named("dev-queue-line").inputs
    assert (line["name"], line["fifoQueue"], line["visibilityTimeoutSeconds"]) == ("slipway-dev-line.fifo", True, 180)


def test_adopted_entries_make_nothing(deploy, engine, catalogue):
    environment, _ = deploy(catalogue=catalogue)
    assert {r.name for r in engine.kinds("Queue")} == {
        "dev-queue-orders",
        "dev-queue-orders-dlq",
        "dev-queue-line",
        "dev-queue-line-dlq",
    }
    legacy = environment.on_lambda.catalogue["queue", "legacy"]
    assert legacy.url == "https://sqs.eu-central-1.amazonaws.com/123456789012/legacy"


@pytest.mark.parametrize(("enforced", "answer"), [(False, "Warn"), (True, "Enforce")])
def test_signing_profiles_make_a_configuration(deploy, engine, enforced, answer):
    deploy(signing_profiles=["arn:aws:signer:eu-central-1:1:/signing-profiles/p/v"], signing_enforced=enforced)
    config = engine.named("dev-signing").inputs
    assert config["policies"] == {"untrustedArtifactOnDeployment": answer}
    assert config["allowedPublishers"] == {
        "signingProfileVersionArns": ["arn:aws:signer:eu-central-1:1:/signing-profiles/p/v"]
    }


def test_no_public_route_no_public_entry(deploy, engine, a_function):
    environment, _ = deploy({"orders": a_function(http=[HttpEvent(path="/orders")])})
    assert not [name for _, name in engine.children("dev") if "http" in name]
    assert environment.api_endpoint is None
    assert "api_endpoint" not in engine.outputs("dev")


def test_a_public_route_opens_the_entry_behind_logs_and_bounds(deploy, engine, a_function, resolved):
    environment, _ = deploy({"orders": a_function(http=[public()])})
    assert engine.children("dev") - MINIMAL == {
        ("LogGroup", "dev-http-logs"),
        ("Api", "dev-http"),
        ("Stage", "dev-http-stage"),
    }
    stage = engine.named("dev-http-stage").inputs
    assert stage["name"] == "$default"
    assert stage["accessLogSettings"]["destinationArn"].endswith(":log-group:/slipway/dev/_http")
    assert json.loads(stage["accessLogSettings"]["format"])["status"] == "$context.status"
    assert stage["defaultRouteSettings"]["throttlingRateLimit"] == 100
    assert "routeSettings" not in stage
    assert engine.named("dev-http-logs").inputs["kmsKeyId"]
    assert resolved(environment.api_endpoint) == "https://api1.example.com"


def test_the_stage_comes_after_the_routes_whose_bounds_it_names(deploy, engine, a_function):
    deploy({"orders": a_function(http=[public(methods=["GET"], throttle=Throttle(rate=5.0, burst=9))])})
    stage = engine.named("dev-http-stage")
    assert stage.inputs["routeSettings"] == [
        {
            "routeKey": "GET /orders",
            "throttlingRateLimit": 5,
            "throttlingBurstLimit": 9,
            "detailedMetricsEnabled": True,
        }
    ]
    assert any("route-get-orders" in name for name in stage.depends_on)


def test_the_embedded_entry_gives_the_address(deploy, a_function, resolved):
    environment, made = deploy({"orders": a_function(http=[public()])}, aws=EMBEDDED)
    assert resolved(environment.api_endpoint) == "http://127.0.0.1:4611"
    assert resolved(made["orders"].url) == "http://127.0.0.1:4611/orders"


def test_tokens_make_an_authoriser(deploy, engine, a_function):
    tokens = TokenIssuer(issuer="https://id.example.com", audience=["shop", "app"])
    deploy({"orders": a_function(http=[public(auth="token")])}, tokens=tokens)
    authorizer = engine.named("dev-http-tokens").inputs
    assert authorizer["authorizerType"] == "JWT"
    assert authorizer["jwtConfiguration"] == {"issuer": "https://id.example.com", "audiences": ["app", "shop"]}


def test_cors_of_public_routes_is_that_of_the_entry(deploy, engine, a_function):
    cors = Cors(origins=["https://b.example.com", "https://a.example.com"], methods=["POST"], headers=["x-a"])
    deploy({"orders": a_function(http=[public(cors=cors)]), "other": a_function(http=[public(path="/o")])})
    assert engine.named("dev-http").inputs["corsConfiguration"] == {
        "allowOrigins": ["https://a.example.com", "https://b.example.com"],
        "allowMethods": ["POST"],
        "allowHeaders": ["x-a"],
        "allowCredentials": False,
        "maxAge": 300,
    }


def test_different_cors_of_public_routes_are_refused(an_environment, a_function):
    one, other = Cors(origins=["https://a.example.com"]), Cors(origins=["https://b.example.com"])
    functions = {"a": a_function(http=[public(cors=one)]), "b": a_function(http=[public(path="/b", cors=other)])}
    with pytest.raises(InputError, match=r"Function 'b': cors of its public route differs from that of function 'a'"):
        an_environment().serving(functions)


def test_tags_of_the_operators_do_not_replace_those_of_slipway(deploy, engine):
    deploy(tags={"cost-centre": "42", "managed-by": "hand"})
    assert engine.named("dev-packages").tags == {"cost-centre": "42", "environment": "dev", "managed-by": "slipway"}


def test_transforms_reach_the_children(deploy, engine):
    deploy(transforms={"key": lambda args, opts: (args | {"deletion_window_in_days": 7}, opts)})
    assert engine.named("dev-key").inputs["deletionWindowInDays"] == 7


def test_an_unknown_transform_is_refused(deploy):
    with pytest.raises(InputError, match=r"Environment 'dev': transforms has 'kay'.*did you mean 'key'"):
        deploy(transforms={"kay": lambda args, opts: (args, opts)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "lamda"}, r"unknown target 'lamda'; did you mean 'lambda'"),
        ({"aws": AwsArgs(account="123", region="eu-central-1")}, r"account must be 12 digits, found '123'"),
        (
            {"aws": AwsArgs(account="123456789012", region="eu-central-1", access_key="AKIA")},
            r"access_key and secret_key belong to an embedded AWS",
        ),
        ({"subnets": ["subnet-1"]}, r"subnets and security_groups go together"),
        (
            {"catalogue": [CatalogueEntry(kind="topik", name="a", create=True)]},
            r"topik 'a': kind must be one of bucket",
        ),
        ({"catalogue": [CatalogueEntry(kind="topic", name="a", create=True)]}, r"only queues can be created"),
        ({"catalogue": [CatalogueEntry(kind="queue", name="a")]}, r"queue 'a': set either create or arn"),
        (
            {"catalogue": [CatalogueEntry(kind="queue", name="a", create=True, arn="arn:aws:sqs:r:1:a")]},
            r"set either create or arn",
        ),
        ({"catalogue": [CatalogueEntry(kind="queue", name="a", arn="arn:aws:s3:::a")]}, r"an ARN of sqs, found"),
        ({"catalogue": [CatalogueEntry(kind="bucket", name="a", arn="acme")]}, r"an ARN of s3, found 'acme'"),
        ({"catalogue": [CatalogueEntry(kind="secret", name="a", arn="hunter2")]}, r"an ARN of secretsmanager$"),
        (
            {"catalogue": [CatalogueEntry(kind="secret", name="a", arn="arn:aws:secretsmanager:r:1:secret:orders")]},
            r"secret 'a': arn must end with the hyphen and six characters that Secrets Manager adds",
        ),
        ({"catalogue": [CatalogueEntry(kind="queue", name="a", create=True)] * 2}, r"in the catalogue twice"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_made(deploy, engine, changes, message):
    with pytest.raises(InputError, match=message):
        deploy(**changes)
    assert not [r for r in engine.registered if r.type.startswith(("aws:", "pulumi:providers"))]


def test_all_mistakes_are_told_at_once(deploy):
    with pytest.raises(InputError) as caught:
        deploy(subnets=["s"], aws=AwsArgs(account="1", region="r"), catalogue=[CatalogueEntry(kind="x", name="a")])
    assert len(caught.value.mistakes) == 3


def test_two_queues_never_share_a_name(deploy):
    entries = [CatalogueEntry(kind="queue", name=name, create=True) for name in ("a", "a-dlq")]
    with pytest.raises(
        InputError, match=r"queue 'a-dlq': the queue name 'slipway-dev-a-dlq' is taken by dead letters of"
    ):
        deploy(catalogue=entries)


def test_args_come_from_plain_values():
    args = EnvironmentArgs.from_spec(
        {
            "environment": "dev",
            "target": "lambda",
            "aws": {"account": "1", "region": "r"},
            "tokens": {"issuer": "https://i", "audience": ["a"]},
            "catalogue": [{"kind": "queue", "name": "orders", "create": True}],
        }
    )
    assert args.aws == AwsArgs(account="1", region="r")
    assert args.tokens == TokenIssuer(issuer="https://i", audience=["a"])
    assert args.catalogue == (CatalogueEntry(kind="queue", name="orders", create=True),)
    plain = EnvironmentArgs.from_spec({"environment": "d", "target": "lambda", "aws": {"account": "1", "region": "r"}})
    assert (plain.tokens, plain.catalogue) == (None, ())


def test_the_knative_half_comes_from_plain_values():
    args = EnvironmentArgs.from_spec(
        {
            "environment": "dev",
            "target": "knative",
            "knative": {
                "namespace": "slipway-dev",
                "domain": "dev.example.com",
                "context": "team-dev",
                "broker_class": "RabbitMQBroker",
                "broker_config": {"api_version": "rabbitmq.com/v1", "kind": "RabbitmqBrokerConfig", "name": "c"},
                "channel": {"kind": "KafkaChannel", "spec": {"numPartitions": 3}},
                "dead_letters": {"size": "5Gi", "image": "r/dl@sha256:1"},
            },
            "catalogue": [
                {
                    "kind": "service",
                    "name": "billing",
                    "address": "https://billing.example.com",
                    "kubernetes_secret": "billing-token",
                    "egress": [{"cidr": "10.0.0.0/8", "ports": [443]}],
                }
            ],
        }
    )
    assert args.aws is None
    assert args.knative == KnativeArgs(
        namespace="slipway-dev",
        domain="dev.example.com",
        context="team-dev",
        broker_class="RabbitMQBroker",
        broker_config=BrokerConfig(api_version="rabbitmq.com/v1", kind="RabbitmqBrokerConfig", name="c"),
        channel=Channel(kind="KafkaChannel", spec={"numPartitions": 3}),
        dead_letters=DeadLetters(size="5Gi", image="r/dl@sha256:1"),
    )
    assert args.catalogue == (
        CatalogueEntry(
            kind="service",
            name="billing",
            address="https://billing.example.com",
            kubernetes_secret="billing-token",
            egress=(Egress(cidr="10.0.0.0/8", ports=[443]),),
        ),
    )
    plain = KnativeArgs.from_spec({"namespace": "n", "domain": "d", "broker_config": None, "channel": None})
    assert plain == KnativeArgs(namespace="n", domain="d")


def test_an_environment_that_is_not_completed_registers_no_outputs(engine, an_environment):
    engine.run(lambda: Environment("dev", an_environment()))
    assert "dev" not in engine.monitor.outputs
