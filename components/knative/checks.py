"""What Knative does not accept, found before anything is created."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.errors import nearest
from components.function.args import FunctionArgs, Grant, HttpEvent
from components.knative.environment import KnativeEnvironment
from components.knative.http import is_public
from components.knative.template import NAME_LIMIT
from components.security.grants import FUNCTION, VERBS

RUNTIMES = ("python3.11", "python3.12", "python3.13", "container")
SIGNATURES = ("http", "cloudevent")
_IMAGE = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_TIMEOUT = range(1, 600 + 1)  # Knative as it is installed
_CONCURRENCY = range(1, 1000 + 1)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset({"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"})
_AUTH = ("none", "token")
_VISIBILITY = ("public", "internal")
_PERCENT = range(1, 100)


def mistakes(name: str, args: FunctionArgs, environment: KnativeEnvironment) -> list[str]:
    """Everything that is wrong with a function for this target, one line each; empty when it can be deployed."""
    found = [
        *_shape(name, args),
        *_sizes(args),
        *_only_lambda(args),
        *_http(args, environment),
        *_events(args, environment),
        *_uses(args, environment),
        *_variables(args),
    ]
    return [f"Function {name!r}: {line}" for line in found]


def _shape(name: str, args: FunctionArgs) -> Iterator[str]:
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        yield (
            f"name must start with a letter and have {NAME_LIMIT} characters at the most, found {len(name)}; its "
            "revisions are called after it, rename it"
        )
    for field, value, allowed in (("runtime", args.runtime, RUNTIMES), ("signature", args.signature, SIGNATURES)):
        if value not in allowed:
            yield f"{field} {value!r} is unknown to Knative; {nearest(value, allowed)}"
    image = args.code.image
    if image is None:
        yield "code must be an image, found a package; Knative runs nothing else"
    elif isinstance(image, str) and not _IMAGE.fullmatch(image):
        yield f"image must be named with its digest, repository@sha256:<64 hex digits>, found {image!r}"
    if args.runtime != "container" and (args.handler is None or ":" not in args.handler):
        yield f"handler must be module:attribute, found {args.handler!r}"
    if args.runtime == "container" and args.handler is not None:
        yield "handler belongs to packages, an image has its own entry point; remove it"


def _sizes(args: FunctionArgs) -> Iterator[str]:
    if args.memory_mb <= 0:
        yield f"memory_mb must be more than 0, found {args.memory_mb}"
    if args.timeout_s not in _TIMEOUT:
        yield f"timeout_s must be {_TIMEOUT.start}-{_TIMEOUT.stop - 1} seconds on Knative, found {args.timeout_s}"
    if args.concurrency not in _CONCURRENCY:
        yield f"concurrency must be {_CONCURRENCY.start}-{_CONCURRENCY.stop - 1} requests, found {args.concurrency}"
    if args.min_scale < 0 or (args.max_scale is not None and args.max_scale < max(args.min_scale, 1)):
        yield f"scale must be 0 <= min <= max and max at least 1, found min {args.min_scale} and max {args.max_scale}"
    if args.rollout is not None and args.rollout.canary not in _PERCENT:
        yield f"canary must be {_PERCENT.start}-{_PERCENT.stop - 1} percent, found {args.rollout.canary}"


def _only_lambda(args: FunctionArgs) -> Iterator[str]:
    if args.lambda_options.layers:
        yield "images have no Lambda layers; put them into the image, or run it on Lambda"
    if args.lambda_options.snap_start:
        yield "Knative has no snapshots; set min_scale where a cold start is too slow, or run it on Lambda"


def _http(args: FunctionArgs, environment: KnativeEnvironment) -> Iterator[str]:
    if args.http and args.signature == "cloudevent":
        yield "http routes need the signature http, found cloudevent; split the function"
    for route in args.http:
        yield from (f"http {route.path!r}: {line}" for line in _route(route, args, environment))
    if args.hosts and not is_public(args):
        yield "hosts need a public route; make one public, or remove hosts"


def _route(route: HttpEvent, args: FunctionArgs, environment: KnativeEnvironment) -> Iterator[str]:
    if not route.path.startswith("/"):
        yield "path must start with /"
    if route.auth == "iam":
        yield "Knative has no signed requests; use auth token, or auth none with visibility internal"
    elif route.auth not in _AUTH:
        yield f"auth {route.auth!r} is unknown; {nearest(route.auth, _AUTH)}"
    if route.visibility not in _VISIBILITY:
        yield f"visibility {route.visibility!r} is unknown; {nearest(route.visibility, _VISIBILITY)}"
    if route.auth == "token" and environment.args.tokens is None:
        yield "auth token needs the environment's tokens (issuer and audience); set them"
    if route.throttle is not None:
        yield "Knative bounds instances, not requests a second; use max_scale and concurrency, and remove throttle"
    if route.cors is not None and route.cors.credentials and "*" in route.cors.origins:
        yield "cors allows any origin together with credentials; name the origins"
    if args.runtime == "container" and (route.auth == "token" or route.cors is not None):
        yield "nothing of Slipway runs in the image; answer tokens and preflights there, and say auth none without cors"


def _events(args: FunctionArgs, environment: KnativeEnvironment) -> Iterator[str]:
    if args.signature == "http" and (args.schedules or args.events or args.queues):
        yield "schedules, events and queues need the signature cloudevent, found http; split the function"
    if (args.schedules or args.events) and environment.broker is None:
        yield "the environment has no broker; make its args with EnvironmentArgs.serving(functions)"
    if args.queues and environment.dead_letters is None:
        yield "the environment keeps no dead letters; make its args with EnvironmentArgs.serving(functions)"
    for schedule in args.schedules:
        if schedule.cron is None:
            yield f"schedule {schedule.expression!r} needs cron, the same clock in the five fields of Unix"
    for event in args.queues:
        queue = environment.resources.get(("queue", event.queue))
        if queue is None:
            yield f"queue {event.queue!r} is not in the catalogue; {nearest(event.queue, _names(environment, 'queue'))}"
        elif queue.channel is None:
            yield f"queue {event.queue!r} is adopted by its address, which hands out no messages; let it be created"


def _uses(args: FunctionArgs, environment: KnativeEnvironment) -> Iterator[str]:
    for grant in args.grants:
        who = f"uses {grant.kind} {grant.name!r}"
        if grant.kind not in VERBS:
            yield f"{who}: kind {grant.kind!r} is unknown; {nearest(grant.kind, VERBS)}"
        elif refused := list(_verbs(grant)):
            yield from (f"{who}: {line}" for line in refused)
        else:
            yield from (f"{who}: {line}" for line in _resource(grant, environment))
    for secret in args.secrets:
        if ("secret", secret.secret) not in environment.resources:
            yield (
                f"secret {secret.secret!r} of {secret.variable} is not in the catalogue with a Kubernetes Secret; "
                f"{nearest(secret.secret, _names(environment, 'secret'))}"
            )


def _verbs(grant: Grant) -> Iterator[str]:
    if not grant.verbs:
        yield f"no verbs; allowed: {', '.join(sorted(VERBS[grant.kind]))}"
    for verb in grant.verbs:
        found = VERBS[grant.kind].get(verb)
        if found is None:
            yield f"verb {verb!r} is unknown; {nearest(verb, VERBS[grant.kind])}"
        elif found.not_on_knative is not None:
            yield f"{verb}: {found.not_on_knative}"


def _resource(grant: Grant, environment: KnativeEnvironment) -> Iterator[str]:
    resource = environment.resources.get((grant.kind, grant.name))
    if resource is None:
        near = nearest(grant.name, _names(environment, grant.kind))
        missing = "not in the catalogue with the address that Knative needs"
        yield f"it is {'no function of the environment on Knative' if grant.kind == FUNCTION else missing}; {near}"
    elif not resource.egress:
        yield "nothing says where it is, and the namespace lets nothing out; set its egress (cidr, ports)"


def _variables(args: FunctionArgs) -> Iterator[str]:
    for variable in args.environment:
        if not _VARIABLE.fullmatch(variable) or variable in _RESERVED:
            yield f"environment variable {variable!r} is reserved by Knative or not a name; rename it"


def _names(environment: KnativeEnvironment, kind: str) -> list[str]:
    return [name for found, name in environment.resources if found == kind]
