"""Tags: which ones every resource carries, and who wins when two sources name the same one.

They are set on each resource, not as default tags of the provider: those would make a change of one tag a change of the
provider, and appear in the state as a difference between `tags` and `tagsAll`.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.base import MANAGED_BY
from components.environment_args import EnvironmentArgs
from components.function.args import FunctionArgs


def environment_tags(args: EnvironmentArgs) -> Mapping[str, str]:
    """Tags of everything in an environment; those that Slipway sets win over the operators'."""
    return {**args.tags, "environment": args.environment, "managed-by": MANAGED_BY}


def function_tags(name: str, args: FunctionArgs, environment: EnvironmentArgs) -> Mapping[str, str]:
    """Tags of everything that belongs to one function."""
    return {**environment_tags(environment), "owner": args.owner, "function": name}


def code_tags(args: FunctionArgs) -> Mapping[str, str]:
    """Further tags of what runs the code itself, so that a new commit changes nothing else."""
    return {"commit": args.commit, **({"code": args.code_digest} if args.code_digest else {})}
