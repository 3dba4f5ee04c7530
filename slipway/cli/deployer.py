"""`slipway deployer`: the IAM policies of the role that deploys an environment, and who may take that role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from slipway.cli.options import json_option, stack_option
from slipway.core.errors import BadInputError
from slipway.core.project import Project
from slipway.core.validate import load
from slipway.deployers.declared import Place
from slipway.deployers.policies import LIMIT, policies
from slipway.deployers.trust import Jobs, trust
from slipway.engine.declared import declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.core.settings import Settings

_GITLAB = "https://gitlab.com"


@click.command()
@stack_option
@click.option("--read-only", is_flag=True, help="For previews: nothing may be changed, and no data be read.")
@click.option("--trust", "project", metavar="GROUP/PROJECT", help="Print also who may take the role: its jobs.")
@click.option("--ref", metavar="NAME", help="With --trust: the one branch whose jobs may; needed unless --read-only.")
@click.option("--tag", "is_tag", is_flag=True, help="With --trust: the ref is a tag.")
@click.option(
    "--issuer", default=_GITLAB, show_default=True, metavar="URL", help="With --trust: address of the GitLab instance."
)
@click.option("--audience", metavar="TEXT", help="With --trust: audience of the job's token. [default: PREFIX-NAME]")
@json_option
def command(
    stack: str,
    project: str | None,
    ref: str | None,
    issuer: str,
    audience: str | None,
    *,
    read_only: bool,
    is_tag: bool,
    as_json: bool,
) -> None:
    """Print the IAM policies of the role that deploys an environment.

    They follow from what the program declares, which is run for that without an engine; nothing is looked up.
    """
    here = Project.find()
    loaded = load(here)
    settings = loaded.settings.get(stack)
    if settings is None:
        load(here, [stack]).require_valid()
        raise BadInputError(f"{stack} is no environment: there is no stacks/Pulumi.{stack}.yaml that can be used")
    place = _place(settings, loaded.settings)
    trusted = _trust(place, project, ref, issuer, audience, read_only=read_only, is_tag=is_tag)
    documents = policies(place, declared(here, stack, place.partition, place.account), read_only=read_only)
    if as_json:
        found = {"environment": stack, "account": place.account, "policies": [json.loads(text) for text in documents]}
        click.echo(json.dumps(found | {"trust": json.loads(trusted) if trusted else None}, indent=2))
        return
    for number, text in enumerate(documents, 1):
        click.echo(f"# policy {number} of {len(documents)}: {len(text)} of {LIMIT} characters")
        click.echo(json.dumps(json.loads(text), indent=2))
    if trusted:
        click.echo("# trust")
        click.echo(json.dumps(json.loads(trusted), indent=2))


def _place(settings: Settings, environments: Mapping[str, Settings]) -> Place:
    """Where the environment lies; refused where its names cannot be told from those of another."""
    name, aws = settings.environment, settings.aws
    if aws is None:
        raise BadInputError(f"{name} has no slipway:aws, so deploying it needs nothing of AWS")
    place = Place(
        partition=aws.partition or aws.region_partition,
        region=aws.region,
        account=aws.account,
        prefix=settings.prefix,
        environment=name,
        key=settings.encryption.key if settings.encryption else None,
    )
    for other, found in sorted(environments.items()):
        shared = found.aws is not None and found.aws.account == aws.account
        if other != name and shared and f"{found.prefix}-{other}-".startswith(f"{place.base}-"):
            raise BadInputError(
                f"names of {other} begin like those of {name} in the same account, so a policy for {name} would reach "
                f"{other}; give them different values of slipway:prefix, or accounts of their own"
            )
    return place


def _trust(
    place: Place,
    project: str | None,
    ref: str | None,
    issuer: str,
    audience: str | None,
    *,
    read_only: bool,
    is_tag: bool,
) -> str | None:
    if project is None:
        if ref is not None or is_tag or audience is not None:
            raise BadInputError("--ref, --tag and --audience say whose jobs may take the role; add --trust")
        return None
    if ref is None and not read_only:
        raise BadInputError("who changes an environment comes from one ref: add --ref, and protect that ref in GitLab")
    jobs = Jobs(issuer=issuer, project=project, ref=ref, is_tag=is_tag, audience=audience or place.base)
    return trust(jobs, partition=place.partition, account=place.account)
