"""Policies of the role that deploys an environment, and of the one that previews it."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError
from slipway.core.explain import known
from slipway.deployers.actions import TYPES
from slipway.deployers.table import BUCKET, FUNCTION, KEY, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from slipway.deployers.declared import Declared, Place
    from slipway.deployers.table import Calls

LIMIT = 6144
"""Characters of a managed policy at the most, blanks aside."""

_CREATES_GRANTS = ("lambda", "firehose")

Statement = dict[str, Any]
_Said = tuple[tuple[str, ...], str]


def policies(place: Place, declared: Sequence[Declared], *, read_only: bool = False) -> list[str]:
    """Policies that together permit an update of an environment, or only a look at it.

    Args:
        place: Where the environment lies.
        declared: Everything that its program declares; what is not on AWS is left out.
        read_only: Whether nothing may be changed, as for previews.

    Returns:
        Documents as JSON, each of a size that a managed policy takes.

    Raises:
        BadInputError: A type has no actions in the table, a name is not known, or a role has no boundary.
    """
    on_aws = [made for made in declared if made.type.startswith("aws:")]
    _require_known(on_aws)
    boundary = _boundary(place, on_aws)
    said: dict[_Said, set[str]] = defaultdict(set)
    for made in on_aws:
        for calls in TYPES[made.type].calls:
            _add(said, place, _names(made, on_aws), calls, boundary, read_only=read_only)
    statements = _merged(said)
    if not read_only:
        statements += [*_passed_roles(place, on_aws), *_data(place, on_aws), *_network(on_aws)]
    return _documents(statements)


def _require_known(declared: Iterable[Declared]) -> None:
    unknown = {made.type: made.name for made in declared if made.type not in TYPES}
    if unknown:
        listed = "; ".join(f"{type_} (such as {name!r})" for type_, name in sorted(unknown.items()))
        raise BadInputError(
            f"there is no table of actions for {listed}: add the type to slipway/deployers, "
            "or deploy that resource by another pipeline"
        )


def _boundary(place: Place, declared: Iterable[Declared]) -> str:
    """The one boundary of all roles; empty where there are none."""
    found: dict[str, str] = {}
    for made in declared:
        if made.type == ROLE:
            arn = made.inputs.get("permissionsBoundary")
            if not isinstance(arn, str):
                raise BadInputError(
                    f"{place.environment}: role {made.name!r} has no permissionsBoundary that is known before it "
                    "exists; give it that of the environment, without which its pipeline may create no role"
                )
            found[arn] = made.name
    if len(found) > 1:
        raise BadInputError(
            f"{place.environment}: roles {known(found.values())} have different boundaries; give all of them the same"
        )
    return next(iter(found), "")


def _names(made: Declared, declared: Sequence[Declared]) -> list[str]:
    """Physical names that its ARNs hold: its own, or those of what it may belong to."""
    type_ = TYPES[made.type]
    if type_.named is None:
        return [""]
    name = made.inputs.get(type_.named)
    if isinstance(name, str):
        return [name]
    if type_.of is not None:
        return [name for other in declared if other.type == type_.of for name in _names(other, declared)]
    raise BadInputError(
        f"{made.type} {made.name!r}: its {type_.named} is not known before it exists, so no policy can name it; "
        f"set {type_.named}"
    )


def _add(
    said: dict[_Said, set[str]], place: Place, names: Sequence[str], calls: Calls, boundary: str, *, read_only: bool
) -> None:
    on = tuple(sorted({place.fill(template, place.pattern(name)) for template in calls.on for name in names}))
    said[on, ""].update(calls.read)
    if not read_only:
        conditions = {
            operator: {key: place.fill(value, boundary=boundary) for key, value in keys.items()}
            for operator, keys in (calls.conditions or {}).items()
        }
        said[on, json.dumps(conditions, sort_keys=True) if conditions else ""].update(calls.write)


def _merged(said: Mapping[_Said, set[str]]) -> list[Statement]:
    """Statements in a fixed order; actions on the same resources under the same conditions are one."""
    return [
        _allow(sorted(actions), list(on), json.loads(conditions) if conditions else None)
        for (on, conditions), actions in sorted(said.items())
        if actions
    ]


def _allow(actions: Sequence[str], on: Sequence[str], conditions: Mapping[str, Any] | None = None) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(on)}
    return statement | {"Condition": conditions} if conditions else statement


def _passed_roles(place: Place, declared: Iterable[Declared]) -> list[Statement]:
    """Roles are handed to the services that they trust, and to no other."""
    roles = [made for made in declared if made.type == ROLE]
    services = sorted({service for role in roles for service in _trusted(str(role.inputs.get("assumeRolePolicy", "")))})
    if not services:
        return []
    names = sorted({place.pattern(name) for role in roles for name in _names(role, roles)})
    arns = [place.fill("arn:{partition}:iam::{account}:role/{name}", name) for name in names]
    return [_allow(["iam:PassRole"], arns, {"StringEquals": {"iam:PassedToService": services}})]


def _trusted(policy: str) -> Iterator[str]:
    for statement in json.loads(policy)["Statement"] if policy else ():
        service = statement.get("Principal", {}).get("Service", [])
        yield from [service] if isinstance(service, str) else service


def _data(place: Place, declared: Sequence[Declared]) -> list[Statement]:
    """Packages are published and read, images pulled, keys used through the services that work for the pipeline."""
    made: list[Statement] = []
    functions = [found.inputs for found in declared if found.type == FUNCTION]
    published = {str(found["s3Bucket"]) for found in functions if isinstance(found.get("s3Bucket"), str)}
    if published:
        packages = [f"arn:{place.partition}:s3:::{name}/packages/*" for name in sorted(published)]
        made.append(_allow(["s3:GetObject", "s3:PutObject"], packages))
    emptied = {
        f"arn:{place.partition}:s3:::{place.pattern(name)}"
        for found in declared
        if found.type == BUCKET and found.inputs.get("forceDestroy") is True
        for name in _names(found, declared)
    }
    if emptied:
        made.append(_allow(["s3:ListBucketVersions"], sorted(emptied)))
        objects = [f"{bucket}/*" for bucket in sorted(emptied)]
        made.append(_allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], objects))
    if layers := sorted({layer for found in functions for layer in found.get("layers") or ()}):
        made.append(_allow(["lambda:GetLayerVersion"], layers))
    return [*made, *_keys(place, declared)]


def _keys(place: Place, declared: Sequence[Declared]) -> list[Statement]:
    """The environment's key: Lambda and Firehose take grants of it, S3 encrypts packages with it."""
    if place.key is not None:
        on, mine = [place.key], {}
    elif any(made.type == KEY for made in declared):
        on = [place.fill("arn:{partition}:kms:{region}:{account}:key/*")]
        mine = {"aws:ResourceTag/environment": place.environment, "aws:ResourceTag/managed-by": "slipway"}
    else:
        return []
    suffix = "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com"
    via = [f"{service}.{place.region}.{suffix}" for service in (*_CREATES_GRANTS, "s3")]
    grants = {"Bool": {"kms:GrantIsForAWSResource": "true"}, "StringEquals": {"kms:ViaService": via[:2], **mine}}
    uses = {"StringEquals": {"kms:ViaService": via, **mine}}
    return [
        _allow(["kms:CreateGrant"], on, grants),
        _allow(["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], on, uses),
    ]


def _network(declared: Iterable[Declared]) -> list[Statement]:
    """Lambda looks a function's subnets up on behalf of whoever creates it; these lists have no resources."""
    if not any(made.type == FUNCTION and made.inputs.get("vpcConfig") for made in declared):
        return []
    lists = ("NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    return [_allow([f"ec2:Describe{what}" for what in lists], ["*"])]


def _documents(statements: Sequence[Statement]) -> list[str]:
    """As few documents as their size allows, in the order of the statements."""
    made: list[list[Statement]] = []
    for statement in statements:
        if not made or len(_text([*made[-1], statement])) > LIMIT:
            made.append([])
        made[-1].append(statement)
    return [_text(found) for found in made]


def _text(statements: Sequence[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True, separators=(",", ":"))
