"""The catalogue: queues that the environment makes, and everything else that it adopts."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pulumi
from pulumi_aws import sqs

from components.aws_lambda.alias import ALIAS
from components.aws_lambda.arns import Arn
from components.aws_lambda.grants import Resource
from components.aws_lambda.policies import document, only_tls
from components.aws_lambda.site import Site
from components.base import Component
from components.canonical import compact
from components.environment_args import CatalogueEntry, EnvironmentArgs
from components.security.grants import FUNCTION, SERVICES

RETENTION_S = 14 * 24 * 3600  # the longest that SQS keeps a message
RECEIVES = 5  # AWS asks for at least 5 before a message counts as poisonous, so that throttling alone loses none
VISIBILITY_FACTOR = 6  # AWS: at least six times the timeout of the function that takes the messages
_DEFAULT_CONSUMER_S = 30
_WHOLE_SECRET = re.compile(r"secret:.+-[A-Za-z0-9]{6}")


def visibility_of(timeout_s: int, window_s: int) -> int:
    """Seconds for which a queue has to hide a message: time for retries, after the time in which a batch fills.

    Args:
        timeout_s: Timeout of the function that takes the messages.
        window_s: Time for which it lets a batch fill.
    """
    return VISIBILITY_FACTOR * timeout_s + window_s


def queue_args(name: str, site: Site, key_arn: pulumi.Input[str], *, fifo: bool = False) -> dict[str, object]:
    """Arguments that every queue shares: encrypted with the environment's key, reached by TLS alone."""
    return {
        "name": name,
        "fifo_queue": fifo or None,
        "kms_master_key_id": key_arn,
        "message_retention_seconds": RETENTION_S,
        "policy": document(only_tls([site.arns.queue(name)], "sqs")) if site.tls else None,
    }


def make_catalogue(owner: Component, site: Site, key_arn: pulumi.Input[str]) -> Mapping[tuple[str, str], Resource]:
    """Create and adopt what functions may use.

    Returns:
        Resources by kind and name.
    """
    found: dict[tuple[str, str], Resource] = {}
    for entry in site.args.catalogue:
        if not _is_ours(entry, site.args):
            continue
        made = _make_queue(owner, site, entry, key_arn) if entry.create else _adopt(entry, site)
        found[entry.kind, entry.name] = made
    return found


def mistakes(args: EnvironmentArgs) -> list[str]:
    """What is wrong with the ARNs of the catalogue, one line each."""
    found: list[str] = []
    for entry in args.catalogue:
        if entry.arn is None or entry.kind not in SERVICES:
            continue
        who = f"Environment {args.environment!r}: {entry.kind} {entry.name!r}"
        parsed = Arn.parse(entry.arn)
        if parsed is None or parsed.service != SERVICES[entry.kind]:
            # Somebody may have written the secret itself there.
            shown = "" if entry.kind == "secret" else f", found {entry.arn!r}"
            found.append(f"{who}: arn must be an ARN of {SERVICES[entry.kind]}{shown}")
        elif entry.kind == "secret" and not _WHOLE_SECRET.fullmatch(parsed.rest):
            found.append(
                f"{who}: arn must end with the hyphen and six characters that Secrets Manager adds to the name, "
                "because IAM compares the whole; copy it from there"
            )
    return found


def _is_ours(entry: CatalogueEntry, args: EnvironmentArgs) -> bool:
    """Whether functions on Lambda can use it: a queue or function made here, an ARN, or a service by its address."""
    if entry.create or entry.kind == FUNCTION:
        return (entry.made_on or args.target) == "lambda"
    return entry.arn is not None or entry.kind == "service"


def _adopt(entry: CatalogueEntry, site: Site) -> Resource:
    arns = site.arns
    if entry.kind == FUNCTION:
        live = arns.function(site.names.physical("function", entry.name), ALIAS)
        return Resource(kind=entry.kind, name=entry.name, arn=live)
    if entry.kind == "service":
        return Resource(kind=entry.kind, name=entry.name, arn="", url=entry.address or "")
    assert entry.arn is not None
    arn = Arn.parse(entry.arn)
    assert arn is not None
    is_queue = entry.kind == "queue"
    return Resource(
        kind=entry.kind,
        name=entry.name,
        arn=entry.arn,
        url=arns.queue_url(arn) if is_queue else "",
        key_arn=entry.kms_key,
        fifo=is_queue and entry.arn.endswith(".fifo"),
    )


def _make_queue(owner: Component, site: Site, entry: CatalogueEntry, key_arn: pulumi.Input[str]) -> Resource:
    args, names, arns = site.args, site.names, site.arns
    suffix = ".fifo" if entry.fifo else ""
    who = f"queue {entry.name!r}"
    name = names.take("queue", names.physical("queue", entry.name, suffix=suffix), who)
    dead = names.take("queue", names.physical("queue", entry.name, "dlq", suffix=suffix), f"dead letters of {who}")
    visibility = visibility_of(entry.consumer_timeout_s or _DEFAULT_CONSUMER_S, entry.consumer_window_s)
    dead_letters = owner.child(
        f"queue-{entry.name}-dlq",
        sqs.Queue,
        queue_args(dead, site, key_arn, fifo=entry.fifo),
        protect=args.protect or None,
    )
    queue = owner.child(
        f"queue-{entry.name}",
        sqs.Queue,
        queue_args(name, site, key_arn, fifo=entry.fifo)
        | {
            "visibility_timeout_seconds": visibility,
            "redrive_policy": compact({"deadLetterTargetArn": arns.queue(dead), "maxReceiveCount": RECEIVES}),
        },
        depends_on=[dead_letters],
        protect=args.protect or None,
    )
    arn = Arn.parse(arns.queue(name))
    assert arn is not None
    return Resource(
        kind="queue",
        name=entry.name,
        arn=arns.queue(name),
        url=arns.queue_url(arn),
        key_arn=key_arn,
        fifo=entry.fifo,
        visibility_s=visibility,
        made=(queue,),
    )
