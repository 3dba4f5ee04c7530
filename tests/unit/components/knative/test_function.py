import json

import pulumi
import pytest

from components.environment_args import Egress, TokenIssuer
from components.errors import InputError
from components.function.args import Code, HttpEvent, Pointer, Rollout

IMAGE = "registry.example.com/team/orders@sha256:" + "a" * 64
PUBLIC = HttpEvent(path="/orders", visibility="public", auth="none")
INTERNAL = HttpEvent(path="/orders", auth="none")
MINIMAL = {("ServiceAccount", "orders-account"), ("Service", "orders")}
LABELS = {
    "app.kubernetes.io/managed-by": "slipway",
    "slipway.io/environment": "dev",
    "slipway.io/function": "orders",
    "slipway.io/owner": "team-payments",
}


def service(engine):
    return next(r for r in engine.registered if r.type == "kubernetes:serving.knative.dev/v1:Service")


def spec(engine):
    return service(engine).inputs["spec"]


def container(engine):
    return spec(engine)["template"]["spec"]["containers"][0]


def env(engine):
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container(engine)["env"]}


def identity(engine):
    return spec(engine)["template"]["metadata"]["annotations"]["slipway.io/template"]


def test_the_smallest_function(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function()})
    assert engine.children("orders") == MINIMAL
    assert next(r for r in engine.registered if r.type == "slipway:index:Function").parent == "dev"


def test_everything_goes_through_the_provider_of_the_cluster(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function(http=[PUBLIC])})
    assert {r.provider for r in engine.registered if r.type.startswith("kubernetes:")} == {"dev-kubernetes"}


def test_the_whole_service(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function(code_digest="sha256:" + "c" * 64, description="Takes an order")})
    made = service(engine).inputs
    revision = f"orders-{identity(engine)}"
    code = {"slipway.io/code": "sha256-" + "c" * 47 + "-" + made["metadata"]["labels"]["slipway.io/code"][-8:]}
    assert made == {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": "orders",
            "namespace": "slipway-dev",
            "labels": {
                **LABELS,
                **code,
                "slipway.io/commit": "abc123",
                "networking.knative.dev/visibility": "cluster-local",
            },
            "annotations": {
                "slipway.io/code": "sha256:" + "c" * 64,
                "slipway.io/account": "function-orders",
                "slipway.io/description": "Takes an order",
                "slipway.io/template": identity(engine),
                "pulumi.com/patchForce": "true",
                "pulumi.com/waitFor": json.dumps(
                    [
                        f"jsonpath={{.status.latestReadyRevisionName}}={revision}",
                        'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True',
                    ]
                ),
            },
        },
        "spec": {
            "traffic": [{"latestRevision": True, "percent": 100}],
            "template": {
                "metadata": {
                    "name": revision,
                    "labels": {**LABELS, **code},
                    "annotations": {
                        "slipway.io/code": "sha256:" + "c" * 64,
                        "slipway.io/template": identity(engine),
                        "serving.knative.dev/progress-deadline": "150s",
                    },
                },
                "spec": {
                    "serviceAccountName": "function-orders",
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "containerConcurrency": 1,
                    "timeoutSeconds": 30,
                    "containers": [container(engine)],
                    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}}],
                },
            },
        },
    }
    assert container(engine) == {
        "name": "function",
        "image": IMAGE,
        "ports": [{"name": "http1", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            {"name": "FUNCTION_SIGNATURE_TYPE", "value": "http"},
            {"name": "FUNCTION_SOURCE", "value": "main.py"},
            {"name": "FUNCTION_TARGET", "value": "order"},
            {"name": "SLIPWAY_CONCURRENCY", "value": "1"},
            {"name": "SLIPWAY_LOG_LEVEL", "value": "INFO"},
            {"name": "SLIPWAY_ROUTES", "value": '{"routes":[],"tokens":null}'},
            {"name": "SLIPWAY_TIMEOUT", "value": "30"},
        ],
        "resources": {
            "requests": {"cpu": "14m", "memory": "256Mi"},
            "limits": {"cpu": "1", "memory": "256Mi"},
        },
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "readinessProbe": {"httpGet": {"path": "/_slipway/ready", "port": 8080}, "successThreshold": 1},
        "startupProbe": {
            "httpGet": {"path": "/_slipway/ready", "port": 8080},
            "periodSeconds": 1,
            "timeoutSeconds": 1,
            "failureThreshold": 120,
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    assert service(engine).timeout == "180s"


def test_the_account_has_no_token(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function()})
    account = engine.named("orders-account").inputs
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"] == {"name": "function-orders", "namespace": "slipway-dev", "labels": LABELS}


def test_nothing_runs_before_the_guards_stand(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function()})
    assert engine.named("orders-account").depends_on >= {"dev-namespace", "dev-deny", "dev-dns", "dev-callers"}
    assert "orders-account" in service(engine).depends_on


def test_outputs_are_those_of_lambda(to_knative, engine, a_knative_function, resolved):
    _, made = to_knative({"orders": a_knative_function(http=[PUBLIC])})
    assert engine.outputs("orders") == {
        "name": "orders",
        "arn": "/apis/serving.knative.dev/v1/namespaces/slipway-dev/services/orders",
        "url": "https://orders.slipway-dev.dev.example.com/orders",
        "version": f"orders-{identity(engine)}",
    }
    assert made["orders"].log_group is None
    assert made["orders"].target == "knative"


def test_all_outputs_are_known_in_the_first_preview(to_knative, engine, a_knative_function, resolved):
    _, made = to_knative({"orders": a_knative_function(http=[PUBLIC])}, preview=True)
    assert resolved(made["orders"].version) == f"orders-{identity(engine)}"
    assert resolved(made["orders"].url) == "https://orders.slipway-dev.dev.example.com/orders"


@pytest.mark.parametrize(
    ("routes", "changes", "url", "local"),
    [
        ([PUBLIC], {"scheme": "http", "port": 4613}, "http://orders.slipway-dev.dev.example.com:4613/orders", False),
        ([INTERNAL], {}, "http://orders.slipway-dev.svc.cluster.local/", True),
        ([INTERNAL, PUBLIC], {}, "https://orders.slipway-dev.dev.example.com/orders", False),
        ([], {}, None, True),
    ],
)
def test_only_public_functions_leave_the_cluster(
    to_knative, engine, a_knative_function, a_knative, *, resolved, routes, changes, url, local
):
    _, made = to_knative({"orders": a_knative_function(http=routes)}, knative=a_knative(**changes))
    labels = service(engine).inputs["metadata"]["labels"]
    assert (labels.get("networking.knative.dev/visibility") == "cluster-local") is local
    assert resolved(made["orders"].url) == url


def test_scale_bounds_concurrency_and_timeout(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function(min_scale=2, max_scale=9, concurrency=50, timeout_s=7, memory_mb=1769)})
    template = spec(engine)["template"]
    assert template["metadata"]["annotations"]["autoscaling.knative.dev/min-scale"] == "2"
    assert template["metadata"]["annotations"]["autoscaling.knative.dev/max-scale"] == "9"
    assert (template["spec"]["containerConcurrency"], template["spec"]["timeoutSeconds"]) == (50, 7)
    assert container(engine)["resources"] == {
        "requests": {"cpu": "100m", "memory": "1769Mi"},
        "limits": {"cpu": "1", "memory": "1769Mi"},
    }
    assert (env(engine)["SLIPWAY_CONCURRENCY"], env(engine)["SLIPWAY_TIMEOUT"]) == ("50", "7")


def test_of_a_container_only_the_port_is_known(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function(runtime="container", handler=None, environment={"A": "b"})})
    assert container(engine)["readinessProbe"] == {"tcpSocket": {"port": 8080}, "successThreshold": 1}
    assert container(engine)["startupProbe"]["tcpSocket"] == {"port": 8080}
    assert env(engine) == {"A": "b"}


def test_routes_and_tokens_travel_to_the_server_in_the_image(to_knative, engine, a_knative_function):
    from components.environment_args import TokenIssuer
    from components.function.args import Cors

    routes = [
        HttpEvent(path="/a", methods=["GET"], visibility="public", auth="token"),
        HttpEvent(path="/b", auth="none", cors=Cors(origins=["https://shop.example.com"])),
    ]
    tokens = TokenIssuer(issuer="https://login.example.com", audience=["orders"])
    to_knative({"orders": a_knative_function(http=routes)}, tokens=tokens)
    assert json.loads(env(engine)["SLIPWAY_ROUTES"]) == {
        "routes": [
            {"path": "/a", "methods": ["GET"], "visibility": "public", "auth": "token", "cors": None},
            {
                "path": "/b",
                "methods": ["ANY"],
                "visibility": "internal",
                "auth": "none",
                "cors": {
                    "origins": ["https://shop.example.com"],
                    "methods": ["GET"],
                    "headers": [],
                    "credentials": False,
                    "max_age_s": 300,
                },
            },
        ],
        "tokens": {"issuer": "https://login.example.com", "audience": ["orders"]},
    }


@pytest.mark.parametrize(
    ("issuer", "to", "ports"),
    [
        (
            {"issuer": "https://login.example.com"},
            [
                {
                    "ipBlock": {
                        "cidr": "0.0.0.0/0",
                        "except": [
                            "10.0.0.0/8",
                            "100.64.0.0/10",
                            "127.0.0.0/8",
                            "169.254.0.0/16",
                            "172.16.0.0/12",
                            "192.168.0.0/16",
                        ],
                    }
                },
                {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7", "fe80::/10"]}},
            ],
            [{"port": 443, "protocol": "TCP"}],
        ),
        (
            {"issuer": "https://login.corp", "egress": [Egress(cidr="10.9.0.0/16", ports=[8443])]},
            [{"ipBlock": {"cidr": "10.9.0.0/16"}}],
            [{"port": 8443, "protocol": "TCP"}],
        ),
        (
            {"issuer": "http://keycloak.login.svc.cluster.local"},
            [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
                for name in ("kourier-system", "login")
            ],
            [{"protocol": "TCP"}],
        ),
    ],
    ids=["public", "private", "in the cluster"],
)
def test_only_functions_that_take_tokens_reach_their_issuer(  # noqa: PLR0917 - fixtures and one case
    to_knative, engine, a_knative_function, issuer, to, ports
):
    guarded = HttpEvent(path="/a", visibility="public", auth="token")
    functions = {"orders": a_knative_function(http=[guarded]), "web": a_knative_function(http=[PUBLIC])}
    to_knative(functions, tokens=TokenIssuer(**{"audience": ["orders"]} | issuer))
    assert engine.named("orders-network").inputs["spec"]["egress"] == [{"to": to, "ports": ports}]
    assert ("NetworkPolicy", "web-network") not in engine.children("web")


def test_a_commit_and_a_tag_make_no_new_revision(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function()})
    before, first = identity(engine), service(engine).inputs["metadata"]["labels"]
    to_knative({"orders": a_knative_function(commit="def456")}, tags={"CostCenter": "4711"})
    labels = service(engine).inputs["metadata"]["labels"]
    assert identity(engine) == before
    assert labels["slipway.io/commit"] == "def456" != first["slipway.io/commit"]
    assert labels["tags.slipway.io/CostCenter"] == "4711"


@pytest.mark.parametrize(
    "change",
    [
        {"code": Code(image=IMAGE.replace("a" * 64, "b" * 64))},
        {"environment": {"A": "b"}},
        {"memory_mb": 512},
        {"http": [INTERNAL]},
        {"max_scale": 3},
    ],
)
def test_everything_that_a_revision_runs_with_makes_a_new_one(to_knative, engine, a_knative_function, change):
    to_knative({"orders": a_knative_function()})
    before = identity(engine)
    to_knative({"orders": a_knative_function(**change)})
    assert identity(engine) != before


def test_an_image_that_is_still_being_pushed_is_waited_for(engine, an_environment, a_knative_function, a_knative):
    from components.environment import Environment
    from components.function.component import Function

    def program():
        environment = Environment("dev", an_environment(target="knative", aws=None, knative=a_knative()))
        Function("orders", a_knative_function(code=Code(image=pulumi.Output.from_input(IMAGE))), environment)

    engine.run(program)
    assert container(engine)["image"] == IMAGE


def test_the_escape_hatch_reaches_the_template_before_it_is_named(to_knative, engine, a_knative_function):
    def with_class(template, opts):
        return template | {"spec": template["spec"] | {"runtimeClassName": "gvisor"}}, opts

    to_knative({"orders": a_knative_function()})
    before = identity(engine)
    to_knative({"orders": a_knative_function(transforms={"template": with_class})})
    assert spec(engine)["template"]["spec"]["runtimeClassName"] == "gvisor"
    assert identity(engine) != before


def test_an_unknown_transform_lists_template_too(to_knative, a_knative_function):
    with pytest.raises(InputError, match=r"did you mean 'template'\? Allowed: account, function, template"):
        to_knative({"orders": a_knative_function(transforms={"templat": lambda a, o: (a, o)})})


def pointer(**changes):
    return Rollout(canary=10, pointer=Pointer(**{"stable": "orders-0000000000", "current": "0000000000"} | changes))


ALL = [{"latestRevision": True, "percent": 100}]


def test_traffic_of_a_rollout(to_knative, engine, a_knative_function):
    def traffic(rollout):
        to_knative({"orders": a_knative_function(rollout=rollout)})
        return spec(engine)["traffic"]

    assert traffic(None) == ALL
    newest = identity(engine)
    alone = [{"latestRevision": False, "revisionName": f"orders-{newest}", "percent": 100}]
    assert traffic(Rollout(canary=10)) == alone, "a function that does not exist yet has nobody to share with"
    assert traffic(pointer(current=newest, stable=f"orders-{newest}")) == alone, "what runs already"
    assert traffic(pointer()) == [
        {"latestRevision": False, "revisionName": "orders-0000000000", "percent": 90},
        {"latestRevision": True, "percent": 10, "tag": "candidate"},
    ]
    assert traffic(pointer(rejected=f"1111111111,{newest}")) == [
        {"latestRevision": False, "revisionName": "orders-0000000000", "percent": 100}
    ]
    assert identity(engine) == newest, "pointers are no part of a revision"


def test_the_note_of_a_rollback_is_not_ours_to_write(to_knative, engine, a_knative_function):
    # It would be a difference after each rollback; the note is the command's, and applying leaves it alone.
    to_knative({"orders": a_knative_function(rollout=pointer(rejected="1111111111"))})
    assert "slipway.io/rejected" not in service(engine).inputs["metadata"]["annotations"]


def test_hosts_of_its_own(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function(http=[PUBLIC], hosts=["orders.example.com"])})
    (mapping,) = engine.kinds("DomainMapping")
    assert mapping.inputs["metadata"]["name"] == "orders.example.com"
    assert mapping.inputs["spec"] == {
        "ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "orders"}
    }
    assert "orders" in mapping.depends_on


def test_two_things_of_one_name_are_refused(to_knative, a_knative_function):
    from components.environment_args import CatalogueEntry

    entries = [CatalogueEntry(kind="queue", name="orders", create=True)]
    with pytest.raises(InputError, match=r"name 'orders-kn-channel' is taken by queue 'orders'"):
        to_knative({"orders-kn-channel": a_knative_function()}, catalogue=entries)
