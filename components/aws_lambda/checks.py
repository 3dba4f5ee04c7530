"""What Lambda does not accept, found before anything is created."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.aws_lambda.arns import Arn
from components.aws_lambda.catalogue import VISIBILITY_FACTOR, visibility_of
from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.role import verbs_of
from components.aws_lambda.variables import LIMIT, variables_of
from components.errors import nearest
from components.function.args import FunctionArgs, HttpEvent
from components.security.grants import FUNCTION, VERBS

RUNTIMES = ("python3.11", "python3.12", "python3.13", "container")
SIGNATURES = ("http", "cloudevent", "lambda")
ARCHITECTURES = ("x86_64", "arm64")
_SNAP_START = ("python3.12", "python3.13")
_MEMORY = range(128, 10240 + 1)
_TIMEOUT = range(1, 900 + 1)
_STORAGE = range(512, 10240 + 1)
_PLAIN_STORAGE = 512
_LAYERS = 5
_BATCH = range(1, 10_000 + 1)
_SMALL_BATCH = 10
_WINDOW = range(300 + 1)
_PERCENT = range(1, 100)
_EXPRESSION = re.compile(r"(rate|cron|at)\(.+\)")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_RESERVED = frozenset({"_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "TZ"})
_METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_AUTH = ("none", "token", "iam")
_VISIBILITY = ("public", "internal")


def mistakes(name: str, args: FunctionArgs, environment: LambdaEnvironment) -> list[str]:
    """Everything that is wrong with a function for this target, one line each; empty when it can be deployed."""
    found = [
        *_shape(args),
        *_places(args, environment),
        *_sizes(args),
        *_http(args, environment),
        *_events(args, environment),
        *_uses(args, environment),
        *_sinks(args, environment),
    ]
    if not found:
        found.extend(_variables(args, environment))
    return [f"Function {name!r}: {line}" for line in found]


def _sinks(args: FunctionArgs, environment: LambdaEnvironment) -> Iterator[str]:
    for name in args.sinks:
        if name not in environment.sinks:
            yield f"log sink {name!r} is not one of its environment's on Lambda; {nearest(name, environment.sinks)}"


def _shape(args: FunctionArgs) -> Iterator[str]:
    for field, value, allowed in (
        ("runtime", args.runtime, RUNTIMES),
        ("signature", args.signature, SIGNATURES),
        ("architecture", args.architecture, ARCHITECTURES),
    ):
        if value not in allowed:
            yield f"{field} {value!r} is unknown; {nearest(value, allowed)}"
    image = args.code.image is not None
    if image == (args.code.bucket is not None and args.code.key is not None):
        yield "code must be either an image or a bucket with a key; set exactly one of the two"
    elif image != (args.runtime == "container"):
        yield f"runtime is {args.runtime!r} but code is {'an image' if image else 'a package'}; make them agree"
    elif image and args.handler is not None:
        yield "handler belongs to packages, an image has its own entry point; remove it"
    elif not image and (args.handler is None or ":" not in args.handler):
        yield f"handler must be module:attribute, found {args.handler!r}"
    options = args.lambda_options
    if image and (options.layers or options.snap_start):
        yield "layers and snap_start are for packages, not for images; remove them"
    if options.snap_start and args.runtime not in _SNAP_START:
        yield f"snap_start needs one of {', '.join(_SNAP_START)}, found {args.runtime!r}"
    if options.snap_start and (args.min_scale or options.ephemeral_storage_mb > _PLAIN_STORAGE):
        yield "snap_start excludes min_scale and more than 512 MB of ephemeral storage; choose one"


def _places(args: FunctionArgs, environment: LambdaEnvironment) -> Iterator[str]:
    image, aws = args.code.image, environment.site.aws
    for layer in args.lambda_options.layers:
        arn = Arn.parse(layer)
        if arn is None or arn.region != aws.region:
            yield f"layer {layer!r} must be the ARN of a version in {aws.region}; publish it there and name that one"
    if not isinstance(image, str) or aws.endpoint is not None:
        return
    if not re.match(rf"\d{{12}}\.dkr[.-]ecr[a-z-]*\.{re.escape(aws.region)}\.[a-z.]+/", image):
        yield f"image must lie in Amazon ECR in {aws.region}, Lambda takes no other, found {image!r}; copy it there"


def _sizes(args: FunctionArgs) -> Iterator[str]:
    options = args.lambda_options
    for field, value, allowed, unit in (
        ("memory_mb", args.memory_mb, _MEMORY, "MB"),
        ("timeout_s", args.timeout_s, _TIMEOUT, "seconds"),
        ("ephemeral_storage_mb", options.ephemeral_storage_mb, _STORAGE, "MB"),
    ):
        if value not in allowed:
            yield f"{field} must be {allowed.start}-{allowed.stop - 1} {unit}, found {value}"
    if len(options.layers) > _LAYERS:
        yield f"layers must be {_LAYERS} at the most, found {len(options.layers)}"
    if args.rollout is not None and args.rollout.canary not in _PERCENT:
        yield f"canary must be {_PERCENT.start}-{_PERCENT.stop - 1} percent, found {args.rollout.canary}"
    if args.rollout is not None and args.min_scale:
        yield "an alias that shares calls takes no provisioned concurrency; set min_scale to 0, or remove rollout"
    if args.min_scale < 0 or (args.max_scale is not None and args.max_scale < max(args.min_scale, 0)):
        yield f"scale must be 0 <= min <= max, found min {args.min_scale} and max {args.max_scale}"


def _http(args: FunctionArgs, environment: LambdaEnvironment) -> Iterator[str]:
    if args.http and args.signature == "cloudevent":
        yield "http routes need the signature http or lambda, found cloudevent; split the function"
    for route in args.http:
        yield from (
            f"http {route.path!r}: {line}" for line in (*_route_words(route), *_route_rules(route, environment))
        )
    if args.hosts:
        yield "hosts are for Knative; on Lambda a custom domain is the account's, map it to the HTTP API there"
    internal = [route.cors for route in args.http if route.visibility == "internal" and route.cors is not None]
    if any(cors != internal[0] for cors in internal):
        yield "internal routes share one Function URL and so one set of cors rules; make them equal"


def _route_words(route: HttpEvent) -> Iterator[str]:
    if not route.path.startswith("/"):
        yield "path must start with /"
    words = [("method", method, _METHODS) for method in route.methods]
    for field, value, allowed in (*words, ("auth", route.auth, _AUTH), ("visibility", route.visibility, _VISIBILITY)):
        if value not in allowed:
            yield f"{field} {value!r} is unknown; {nearest(value, allowed)}"


def _route_rules(route: HttpEvent, environment: LambdaEnvironment) -> Iterator[str]:
    if route.visibility == "internal" and route.auth in {"none", "token"}:
        yield f"an internal route on Lambda is reached with auth iam, found {route.auth}; make it public or use iam"
    if route.visibility == "public" and environment.entry is None:
        yield "the environment has no public entry; make its args with EnvironmentArgs.serving(functions)"
    if route.auth == "token" and environment.args.tokens is None:
        yield "auth token needs the environment's tokens (issuer and audience); set them"
    if route.cors is not None and route.visibility == "internal" and "*" in route.cors.origins:
        yield "cors of an internal route allows any origin, whose pages may use a caller's signature; name the origins"
    if route.cors is not None and route.cors.credentials and "*" in route.cors.origins:
        yield "cors allows any origin together with credentials; name the origins"


def _events(args: FunctionArgs, environment: LambdaEnvironment) -> Iterator[str]:
    if args.signature == "http" and (args.schedules or args.events or args.queues):
        yield "schedules, events and queues need the signature cloudevent or lambda, found http; split the function"
    for schedule in args.schedules:
        if not _EXPRESSION.fullmatch(schedule.expression):
            yield f"schedule must be rate(...), cron(...) or at(...), found {schedule.expression!r}"
    for event in args.queues:
        who = f"queue {event.queue!r}"
        queue = environment.catalogue.get(("queue", event.queue))
        if queue is None:
            yield f"{who} is not in the catalogue; {nearest(event.queue, _names(environment, 'queue'))}"
            continue
        if event.batch not in _BATCH or (queue.fifo and event.batch > _SMALL_BATCH):
            yield f"{who}: batch must be 1-{_SMALL_BATCH if queue.fifo else _BATCH.stop - 1}, found {event.batch}"
        if event.window_s not in _WINDOW or (queue.fifo and event.window_s):
            allowed = "0 for a FIFO queue" if queue.fifo else "0-300 seconds"
            yield f"{who}: window must be {allowed}, found {event.window_s}"
        if event.batch > _SMALL_BATCH and not event.window_s and not queue.fifo:
            yield f"{who}: a batch over {_SMALL_BATCH} needs a window of at least 1 second; set window"
        if queue.visibility_s is not None and queue.visibility_s < visibility_of(args.timeout_s, event.window_s):
            yield (
                f"{who}: its visibility timeout of {queue.visibility_s} s is less than {VISIBILITY_FACTOR} times "
                f"the timeout of {args.timeout_s} s and the window of {event.window_s} s; "
                "make the environment's args with EnvironmentArgs.serving(functions)"
            )


def _uses(args: FunctionArgs, environment: LambdaEnvironment) -> Iterator[str]:
    for grant in args.grants:
        who = f"uses {grant.kind} {grant.name!r}"
        if grant.kind not in VERBS:
            yield f"{who}: kind {grant.kind!r} is unknown; {nearest(grant.kind, VERBS)}"
            continue
        if (grant.kind, grant.name) not in environment.catalogue:
            where = "no function of the environment on Lambda" if grant.kind == FUNCTION else "not in the catalogue"
            yield f"{who}: it is {where}; {nearest(grant.name, _names(environment, grant.kind))}"
        if not grant.verbs:
            yield f"{who}: no verbs; allowed: {', '.join(sorted(VERBS[grant.kind]))}"
        for verb in grant.verbs:
            if verb not in VERBS[grant.kind]:
                yield f"{who}: verb {verb!r} is unknown; {nearest(verb, VERBS[grant.kind])}"
    for secret in args.secrets:
        if ("secret", secret.secret) not in environment.catalogue:
            yield (
                f"secret {secret.secret!r} of {secret.variable} is not in the catalogue; "
                f"{nearest(secret.secret, _names(environment, 'secret'))}"
            )
    if args.secrets and (args.signature == "lambda" or args.code.image is not None):
        yield "secrets are fetched by the adapter, which plain handlers and images lack; fetch them in the function"


def _variables(args: FunctionArgs, environment: LambdaEnvironment) -> Iterator[str]:
    for variable in args.environment:
        if not _VARIABLE.fullmatch(variable) or variable in _RESERVED or variable.startswith("AWS_"):
            yield f"environment variable {variable!r} is reserved by Lambda or not a name; rename it"
    made = variables_of(args, verbs_of(args, environment.catalogue), environment.catalogue)
    size = sum(len(key.encode()) + len(value.encode()) for key, value in made.items())
    if size > LIMIT:
        yield f"environment variables take {size} bytes, allowed are {LIMIT}; move long ones into a bucket"


def _names(environment: LambdaEnvironment, kind: str) -> list[str]:
    return [name for found, name in environment.catalogue if found == kind]
