import json

from components.function.args import Grant, SecretVariable

DLQ = "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-orders-failures"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/dev-key"


def statements(text):
    return json.loads(text)["Statement"]


def fn(engine):
    return next(r.inputs for r in engine.registered if r.type == "aws:lambda/function:Function")


def test_the_role_is_its_own_and_below_the_boundary(deploy, engine, a_function):
    deploy({"orders": a_function()})
    role = engine.named("orders-role").inputs
    assert role["name"] == "slipway-dev-orders"
    assert role["permissionsBoundary"] == "arn:aws:iam::123456789012:policy/slipway-dev-boundary"
    assert statements(role["assumeRolePolicy"])[0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statements(engine.named("orders-role-policy").inputs["policy"]) == [
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": ["arn:aws:logs:eu-central-1:123456789012:log-group:/slipway/dev/orders:log-stream:*"],
        },
        {
            "Sid": "Traces",
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Resource": ["*"],
        },
        {"Sid": "FailedEvents", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [DLQ]},
        {
            "Sid": "Variables",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [KEY],
            "Condition": {"StringEquals": {"kms:ViaService": "lambda.eu-central-1.amazonaws.com"}},
        },
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [KEY],
            "Condition": {"StringEquals": {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}},
        },
    ]


def test_variables_of_the_catalogue_and_exact_permissions(deploy, engine, a_function, catalogue):
    grants = [
        Grant(kind="queue", name="orders", verbs=["send"]),
        Grant(kind="queue", name="legacy", verbs=["inspect"]),
        Grant(kind="bucket", name="reports", verbs=["read", "list"]),
        Grant(kind="table", name="stock", verbs=["read"]),
        Grant(kind="topic", name="news", verbs=["publish"]),
    ]
    secrets = [SecretVariable(variable="DB", secret="orders-db", field="password")]
    deploy({"orders": a_function(grants=grants, secrets=secrets)}, catalogue=catalogue)
    variables = fn(engine)["environment"]["variables"]
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-db-Ab12Cd"
    assert json.loads(variables.pop("SLIPWAY_SECRETS")) == {"DB": {"arn": arn, "field": "password"}}
    assert {k: v for k, v in variables.items() if not k.startswith("FUNCTION_")} == {
        "QUEUE_ORDERS_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/slipway-dev-orders",
        "QUEUE_ORDERS_ARN": "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-orders",
        "QUEUE_LEGACY_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/legacy",
        "QUEUE_LEGACY_ARN": "arn:aws:sqs:eu-central-1:123456789012:legacy",
        "BUCKET_REPORTS": "acme-reports",
        "TABLE_STOCK": "stock",
        "TOPIC_NEWS_ARN": "arn:aws:sns:eu-central-1:123456789012:news",
    }
    found = statements(engine.named("orders-role-policy").inputs["policy"])
    by_action = {action: s["Resource"] for s in found for action in s["Action"] if not action.startswith("kms:")}
    assert by_action["sqs:SendMessage"] == ["arn:aws:sqs:eu-central-1:123456789012:slipway-dev-orders"]
    assert by_action["s3:GetObject"] == ["arn:aws:s3:::acme-reports/*"]
    assert by_action["s3:ListBucket"] == ["arn:aws:s3:::acme-reports"]
    assert by_action["secretsmanager:GetSecretValue"] == [arn]
    assert "sqs:ReceiveMessage" not in by_action
    assert "s3:PutObject" not in by_action
    via = {
        (s["Resource"][0], s["Condition"]["StringEquals"]["kms:ViaService"].split(".")[0]): s["Action"]
        for s in found
        if s["Action"][0].startswith("kms:")
    }
    assert via == {
        (KEY, "lambda"): ["kms:Decrypt"],
        (KEY, "sqs"): ["kms:Decrypt", "kms:GenerateDataKey"],
        ("arn:aws:kms:eu-central-1:123456789012:key/theirs", "secretsmanager"): ["kms:Decrypt"],
    }


def test_no_policy_has_a_wildcard_action_or_an_open_resource_but_traces_and_network(
    deploy, engine, a_function, catalogue
):
    grants = [Grant(kind="table", name="stock", verbs=["read", "write"])]
    deploy({"orders": a_function(grants=grants)}, catalogue=catalogue, subnets=["s"], security_groups=["g"])
    for made in engine.kinds("RolePolicy"):
        for statement in statements(made.inputs["policy"]):
            assert not any("*" in action for action in statement["Action"])
            if statement["Resource"] == ["*"]:
                assert statement["Sid"] in {"Traces", "NetworkLists", "NetworkIsLambdas"}


def test_the_code_in_a_network_cannot_touch_its_interfaces_itself(deploy, engine, a_function):
    deploy({"orders": a_function()}, subnets=["s"], security_groups=["g"])
    found = {s.get("Sid"): s for s in statements(engine.named("orders-role-policy").inputs["policy"])}
    assert found["NetworkIsLambdas"] == {
        "Sid": "NetworkIsLambdas",
        "Effect": "Deny",
        "Action": sorted([*found["Network"]["Action"], *found["NetworkLists"]["Action"]]),
        "Resource": ["*"],
        "Condition": {
            "ArnEquals": {
                "lambda:SourceFunctionArn": "arn:aws:lambda:eu-central-1:123456789012:function:slipway-dev-orders"
            }
        },
    }


def test_interfaces_are_those_of_the_account_and_region(deploy, engine, a_function):
    deploy({"orders": a_function()}, subnets=["s"], security_groups=["g"])
    for name in ("orders-role-policy", "dev-boundary"):
        found = {s.get("Sid"): s for s in statements(engine.named(name).inputs["policy"])}
        assert found["Network"]["Resource"] == ["arn:aws:ec2:eu-central-1:123456789012:*/*"]
        assert all(action.startswith("ec2:Describe") for action in found["NetworkLists"]["Action"])


def test_policies_are_known_in_the_first_preview_when_the_key_is(deploy, engine, a_function, catalogue):
    args = a_function(grants=[Grant(kind="queue", name="orders", verbs=["send"])])
    deploy({"orders": args}, preview=True, catalogue=catalogue, kms_key="arn:aws:kms:eu-central-1:1:key/k")
    assert statements(engine.named("orders-role-policy").inputs["policy"])
