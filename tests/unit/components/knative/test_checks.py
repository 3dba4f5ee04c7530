import pytest

from components.environment_args import CatalogueEntry, Egress, TokenIssuer
from components.errors import InputError
from components.function.args import (
    BusEvent,
    Code,
    Cors,
    Grant,
    HttpEvent,
    LambdaOptions,
    QueueEvent,
    Rollout,
    ScheduleEvent,
    SecretVariable,
    Throttle,
)

EVENT = {"signature": "cloudevent"}
CONTAINER = {"runtime": "container", "handler": None}
ENTRIES = [
    CatalogueEntry(kind="queue", name="jobs", create=True),
    CatalogueEntry(kind="queue", name="theirs", address="https://q.example.com/x", egress=[Egress(cidr="10.0.0.0/8")]),
    CatalogueEntry(kind="bucket", name="files", address="https://files.example.com/x"),
    CatalogueEntry(kind="bucket", name="aws-only", arn="arn:aws:s3:::acme"),
    CatalogueEntry(kind="secret", name="db", kubernetes_secret="db"),
    CatalogueEntry(kind="secret", name="aws-db", arn="arn:aws:secretsmanager:eu-central-1:1:secret:db-Ab12Cd"),
]


def route(**changes):
    return HttpEvent(**{"path": "/a", "visibility": "public", "auth": "none"} | changes)


def uses(kind, name, *verbs):
    return {"grants": [Grant(kind=kind, name=name, verbs=verbs)]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runtime": "nodejs20"}, r"runtime 'nodejs20' is unknown to Knative"),
        ({"signature": "lambda"}, r"signature 'lambda' is unknown to Knative; "),
        ({"code": Code(bucket="b", key="k")}, r"code must be an image, found a package"),
        ({"code": Code(image="registry.example.com/a:latest")}, r"image must be named with its digest"),
        ({"handler": None}, r"handler must be module:attribute, found None"),
        ({"runtime": "container"}, r"handler belongs to packages"),
        ({"memory_mb": 0}, r"memory_mb must be more than 0, found 0"),
        ({"timeout_s": 601}, r"timeout_s must be 1-600 seconds on Knative, found 601"),
        ({"concurrency": 0}, r"concurrency must be 1-1000 requests, found 0"),
        ({"min_scale": 3, "max_scale": 2}, r"found min 3 and max 2"),
        ({"max_scale": 0}, r"max at least 1, found min 0 and max 0"),
        ({"rollout": Rollout(canary=100)}, r"canary must be 1-99 percent, found 100"),
        ({"lambda_options": LambdaOptions(layers=["arn"])}, r"images have no Lambda layers"),
        ({"lambda_options": LambdaOptions(snap_start=True)}, r"Knative has no snapshots"),
        (EVENT | {"http": [route()]}, r"http routes need the signature http, found cloudevent"),
        ({"http": [route(path="a")]}, r"http 'a': path must start with /"),
        ({"http": [route(auth="iam")]}, r"http '/a': Knative has no signed requests; use auth token"),
        ({"http": [route(auth="nobody")]}, r"auth 'nobody' is unknown; "),
        ({"http": [route(visibility="publik")]}, r"visibility 'publik' is unknown; did you mean 'public'\?"),
        ({"http": [route(auth="token")]}, r"auth token needs the environment's tokens"),
        ({"http": [route(throttle=Throttle(rate=1, burst=1))]}, r"Knative bounds instances, not requests a second"),
        ({"http": [route(cors=Cors(origins=["*"], credentials=True))]}, r"cors allows any origin together with cred"),
        (CONTAINER | {"http": [route(cors=Cors(origins=["*"]))]}, r"nothing of Slipway runs in the image"),
        ({"hosts": ["a.example.com"]}, r"hosts need a public route"),
        ({"queues": [QueueEvent(queue="jobs")]}, r"need the signature cloudevent, found http"),
        (EVENT | {"queues": [QueueEvent(queue="job")]}, r"queue 'job' is not in the catalogue; did you mean 'jobs'\?"),
        (EVENT | {"queues": [QueueEvent(queue="theirs")]}, r"queue 'theirs' is adopted by its address"),
        (
            EVENT | {"schedules": [ScheduleEvent(expression="rate(7 minutes)")]},
            r"schedule 'rate\(7 minutes\)' needs cron",
        ),
        (uses("bukket", "x", "read"), r"uses bukket 'x': kind 'bukket' is unknown; did you mean 'bucket'\?"),
        (uses("queue", "jobs"), r"uses queue 'jobs': no verbs; allowed: inspect, receive, send"),
        (uses("queue", "jobs", "sent"), r"verb 'sent' is unknown; did you mean 'send'\?"),
        (
            uses("queue", "jobs", "receive"),
            r"receive: a channel hands its messages out itself; take them with an event",
        ),
        (uses("queue", "jobs", "inspect"), r"inspect: a channel does not count its messages"),
        (uses("secret", "db", "read"), r"read: functions there have no access to the Kubernetes API; name the secret"),
        (uses("bucket", "aws-only", "read"), r"not in the catalogue with the address that Knative needs"),
        (uses("bucket", "files", "read"), r"uses bucket 'files': nothing says where it is.*set its egress"),
        (
            {"secrets": [SecretVariable(variable="V", secret="aws-db")]},
            r"secret 'aws-db' of V is not in the catalogue with a Kubernetes Secret",
        ),
        ({"environment": {"K_SERVICE": "x"}}, r"environment variable 'K_SERVICE' is reserved by Knative"),
        ({"environment": {"A-B": "x"}}, r"environment variable 'A-B' is reserved by Knative or not a name"),
    ],
)
def test_what_knative_does_not_accept(to_knative, a_knative_function, engine, changes, message):
    with pytest.raises(InputError, match=rf"Function 'orders': .*{message}"):
        to_knative({"orders": a_knative_function(**changes)}, catalogue=ENTRIES)
    assert not [r for r in engine.registered if r.parent == "orders"], "nothing of it is made"


@pytest.mark.parametrize("name", ["a" * 53, "1st"])
def test_names_that_no_revision_can_have(to_knative, a_knative_function, name):
    with pytest.raises(InputError, match=r"name must start with a letter and have 52 characters at the most"):
        to_knative({name: a_knative_function()})


def test_all_mistakes_at_once(to_knative, a_knative_function):
    with pytest.raises(InputError) as caught:
        to_knative({"orders": a_knative_function(timeout_s=0, concurrency=0, code=Code(), http=[route(path="a")])})
    assert len(caught.value.mistakes) == 4


def test_what_is_right_is_accepted(to_knative, a_knative_function):
    tokens = TokenIssuer(issuer="https://login.example.com", audience=["a"])
    functions = {
        "a": a_knative_function(http=[route(auth="token"), route(path="/b", visibility="internal")], concurrency=50),
        "b": a_knative_function(**EVENT, queues=[QueueEvent(queue="jobs")], events=[BusEvent(type="t")]),
        "a" * 52: a_knative_function(**CONTAINER, **uses("queue", "theirs", "send")),
    }
    to_knative(functions, catalogue=ENTRIES, tokens=tokens)


def test_an_environment_that_was_not_told_of_its_functions(engine, an_environment, a_knative_function, a_knative):
    from components.environment import Environment
    from components.function.component import Function

    args = an_environment(target="knative", aws=None, knative=a_knative(), catalogue=ENTRIES)

    def program(**changes):
        Function("orders", a_knative_function(**EVENT, **changes), Environment("dev", args))

    with pytest.raises(InputError, match=r"the environment has no broker; make its args with EnvironmentArgs.serving"):
        engine.run(lambda: program(events=[BusEvent(type="t")]))
    with pytest.raises(InputError, match=r"the environment keeps no dead letters; make its args with"):
        engine.run(lambda: program(queues=[QueueEvent(queue="jobs")]))
