import pytest

from components.errors import InputError
from components.function.args import (
    Code,
    Cors,
    Grant,
    HttpEvent,
    LambdaOptions,
    QueueEvent,
    ScheduleEvent,
    SecretVariable,
)

DIGEST = "@sha256:" + "0" * 64
IMAGE = Code(image="123456789012.dkr.ecr.eu-central-1.amazonaws.com/a" + DIGEST)
CONTAINER = {"runtime": "container", "handler": None}
LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer:tools:3"
EVENT = {"signature": "cloudevent"}


@pytest.fixture
def stack(deploy, engine, a_function, catalogue):
    """Deploys one changed function."""
    return lambda changes: deploy({"orders": a_function(**changes)}, catalogue=catalogue)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runtime": "python3.1"}, r"runtime 'python3.1' is unknown; did you mean 'python3.13'\?"),
        ({"signature": "https"}, r"signature 'https' is unknown; did you mean 'http'\?"),
        ({"architecture": "arm"}, r"architecture 'arm' is unknown; did you mean 'arm64'\?"),
        ({"memory_mb": 64}, r"memory_mb must be 128-10240 MB, found 64"),
        ({"memory_mb": 10241}, r"memory_mb must be 128-10240 MB, found 10241"),
        ({"timeout_s": 0}, r"timeout_s must be 1-900 seconds, found 0"),
        ({"timeout_s": 901}, r"timeout_s must be 1-900 seconds, found 901"),
        ({"lambda_options": LambdaOptions(ephemeral_storage_mb=511)}, r"ephemeral_storage_mb must be 512-10240 MB"),
        ({"lambda_options": LambdaOptions(layers=[LAYER] * 6)}, r"layers must be 5 at the most, found 6"),
        ({"min_scale": -1}, r"scale must be 0 <= min <= max, found min -1 and max None"),
        ({"min_scale": 3, "max_scale": 2}, r"found min 3 and max 2"),
        ({"code": Code()}, r"code must be either an image or a bucket with a key"),
        (
            {"code": Code(bucket="b", key="k", image=IMAGE.image)},
            r"code must be either an image or a bucket with a key",
        ),
        ({"code": IMAGE, "handler": None}, r"runtime is 'python3.11' but code is an image"),
        ({"runtime": "container", "handler": None}, r"runtime is 'container' but code is a package"),
        ({"code": IMAGE, "runtime": "container"}, r"handler belongs to packages"),
        (
            {"lambda_options": LambdaOptions(layers=[LAYER, LAYER.replace("eu-central-1", "us-east-1")])},
            r"layer 'arn:aws:lambda:us-east-1:\S+' must be the ARN of a version in eu-central-1",
        ),
        (
            {"lambda_options": LambdaOptions(layers=["tools"])},
            r"layer 'tools' must be the ARN of a version in eu-central-1",
        ),
        (
            CONTAINER | {"code": Code(image="registry.example.com/a" + DIGEST)},
            r"image must lie in Amazon ECR in eu-central-1, .* found 'registry.example.com/a@sha256:0+'; copy it there",
        ),
        (
            CONTAINER | {"code": Code(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/a" + DIGEST)},
            r"image must lie in Amazon ECR in eu-central-1",
        ),
        ({"handler": None}, r"handler must be module:attribute, found None"),
        ({"handler": "main"}, r"handler must be module:attribute, found 'main'"),
        (
            {"code": IMAGE, "runtime": "container", "handler": None, "lambda_options": LambdaOptions(layers=[LAYER])},
            r"layers and snap_start are for packages",
        ),
        ({"lambda_options": LambdaOptions(snap_start=True)}, r"snap_start needs one of python3.12, python3.13"),
        (
            {"runtime": "python3.12", "lambda_options": LambdaOptions(snap_start=True), "min_scale": 1},
            r"snap_start excludes min_scale",
        ),
        (
            {
                "runtime": "python3.12",
                "lambda_options": LambdaOptions(snap_start=True, ephemeral_storage_mb=1024),
            },
            r"snap_start excludes min_scale and more than 512 MB",
        ),
        ({"http": [HttpEvent(path="orders")]}, r"http 'orders': path must start with /"),
        ({"http": [HttpEvent(path="/o", methods=["GTE"])]}, r"method 'GTE' is unknown; did you mean 'GET'\?"),
        ({"http": [HttpEvent(path="/o", auth="tokn")]}, r"auth 'tokn' is unknown; did you mean 'token'\?"),
        ({"http": [HttpEvent(path="/o", visibility="open")]}, r"visibility 'open' is unknown"),
        ({"http": [HttpEvent(path="/o", auth="none")]}, r"an internal route on Lambda is reached with auth iam"),
        (
            {"http": [HttpEvent(path="/o", visibility="public", auth="token")]},
            r"auth token needs the environment's tokens",
        ),
        (
            {
                "http": [
                    HttpEvent(path="/o", auth="none", visibility="public", cors=Cors(origins=["*"], credentials=True))
                ]
            },
            r"cors allows any origin together with credentials",
        ),
        (
            {"http": [HttpEvent(path="/o", cors=Cors(origins=["*"]))]},
            r"cors of an internal route allows any origin, whose pages may use a caller's signature; name the origins",
        ),
        (
            {"http": [HttpEvent(path="/a", cors=Cors(origins=["a"])), HttpEvent(path="/b", cors=Cors(origins=["b"]))]},
            r"internal routes share one Function URL",
        ),
        (EVENT | {"http": [HttpEvent(path="/o")]}, r"http routes need the signature http or lambda"),
        (
            {"schedules": [ScheduleEvent(expression="rate(1 day)")]},
            r"need the signature cloudevent or lambda, found http",
        ),
        (EVENT | {"schedules": [ScheduleEvent(expression="daily")]}, r"schedule must be rate\(...\), .* found 'daily'"),
        (
            EVENT | {"queues": [QueueEvent(queue="order")]},
            r"queue 'order' is not in the catalogue; did you mean 'orders'",
        ),
        (EVENT | {"queues": [QueueEvent(queue="orders", batch=0)]}, r"batch must be 1-10000, found 0"),
        (EVENT | {"queues": [QueueEvent(queue="orders", window_s=301)]}, r"window must be 0-300 seconds, found 301"),
        (EVENT | {"queues": [QueueEvent(queue="orders", batch=11)]}, r"a batch over 10 needs a window"),
        (EVENT | {"queues": [QueueEvent(queue="line", batch=11)]}, r"queue 'line': batch must be 1-10, found 11"),
        (EVENT | {"queues": [QueueEvent(queue="line", window_s=1)]}, r"window must be 0 for a FIFO queue, found 1"),
        ({"grants": [Grant(kind="quue", name="a", verbs=["send"])]}, r"kind 'quue' is unknown; did you mean 'queue'"),
        (
            {"grants": [Grant(kind="queue", name="odrers", verbs=["send"])]},
            r"not in the catalogue; did you mean 'orders'",
        ),
        (
            {"grants": [Grant(kind="queue", name="orders", verbs=["sned"])]},
            r"verb 'sned' is unknown; did you mean 'send'",
        ),
        ({"grants": [Grant(kind="queue", name="orders", verbs=[])]}, r"no verbs; allowed: inspect, receive, send"),
        ({"secrets": [SecretVariable(variable="V", secret="orders")]}, r"secret 'orders' of V is not in the catalogue"),
        (
            {"signature": "lambda", "secrets": [SecretVariable(variable="V", secret="orders-db")]},
            r"secrets are fetched by the adapter",
        ),
        ({"environment": {"AWS_REGION": "x"}}, r"environment variable 'AWS_REGION' is reserved"),
        ({"environment": {"_HANDLER": "x"}}, r"environment variable '_HANDLER' is reserved"),
        ({"environment": {"1A": "x"}}, r"environment variable '1A' is reserved by Lambda or not a name"),
        ({"environment": {"LONG": "x" * 4096}}, r"environment variables take \d+ bytes, allowed are 4096"),
    ],
)
def test_what_lambda_refuses_is_refused_first(stack, engine, changes, message):
    with pytest.raises(InputError, match=rf"Function 'orders': .*{message}") as caught:
        stack(changes)
    assert len(caught.value.mistakes) == 1
    assert not [r for r in engine.registered if r.parent == "orders"]


def test_all_mistakes_of_a_function_are_told_at_once(deploy, a_function):
    with pytest.raises(InputError) as caught:
        deploy({"orders": a_function(memory_mb=1, timeout_s=0, handler="x", http=[HttpEvent(path="o")])})
    assert len(caught.value.mistakes) == 4
    assert all(line.startswith("Function 'orders': ") for line in caught.value.mistakes)


@pytest.mark.parametrize(
    "changes",
    [
        {"memory_mb": 128},
        {"memory_mb": 10240},
        {"timeout_s": 900},
        {"min_scale": 2, "max_scale": 2},
        {"max_scale": 0},
        CONTAINER | {"code": IMAGE},
        CONTAINER | {"code": Code(image="123456789012.dkr.ecr-fips.eu-central-1.amazonaws.com/a/b" + DIGEST)},
        {"environment": {"LONG": "x" * 3900}},
        EVENT | {"queues": [QueueEvent(queue="orders", batch=11, window_s=1)]},
        EVENT | {"queues": [QueueEvent(queue="line", batch=10)]},
        EVENT | {"timeout_s": 900, "queues": [QueueEvent(queue="orders")]},
        {"signature": "lambda", "schedules": [ScheduleEvent(expression="cron(0 6 * * ? *)")]},
    ],
)
def test_what_lies_just_inside_the_bounds_is_deployed(deploy, engine, a_function, catalogue, changes):
    deploy({"orders": a_function(**changes)}, catalogue=catalogue)
    assert engine.named("orders-alias")


def test_an_environment_that_was_not_told_of_its_functions_is_found_out(engine, an_environment, a_function, catalogue):
    from components.environment import Environment
    from components.function.component import Function

    slow = a_function(**EVENT, timeout_s=60, queues=[QueueEvent(queue="orders")])
    public = a_function(http=[HttpEvent(path="/o", visibility="public", auth="none")])
    for args, message in ((slow, "visibility timeout of 180 s is less than 6 times"), (public, "no public entry")):
        with pytest.raises(InputError, match=message):
            engine.run(
                lambda args=args: Function("orders", args, Environment("dev", an_environment(catalogue=catalogue)))
            )


def test_two_functions_never_share_a_name(deploy, a_function, catalogue):
    from components.environment_args import CatalogueEntry

    entries = [CatalogueEntry(kind="queue", name="orders-failures", create=True)]
    with pytest.raises(InputError, match=r"the queue name 'slipway-dev-orders-failures' is taken by queue"):
        deploy({"orders": a_function()}, catalogue=entries)
