"""parliament, which knows every action of AWS: what it says of a policy, and which actions a service has."""

import functools
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it still asks for pkg_resources, which says at import that it will go
    import parliament


@functools.cache
def _levels(service: str) -> dict[str, str]:
    """Every action of a service to what it does: List, Read, Write, Tagging or Permissions management."""
    found = [known for known in parliament.iam_definition if known["prefix"] == service]
    return {f"{service}:{p['privilege']}": p["access_level"] for known in found for p in known["privileges"]}


def actions_of(service: str) -> frozenset[str]:
    """Every action of a service, by its prefix."""
    return frozenset(_levels(service))


def level_of(action: str) -> str:
    """What an action does: List, Read, Write, Tagging or Permissions management."""
    return _levels(action.partition(":")[0])[action]


def findings(policy: str) -> list[tuple[str, str]]:
    """Issue and detail of everything that parliament and its community's auditors say of an identity's policy."""
    analysed = parliament.analyze_policy_string(policy, include_community_auditors=True)
    return [(finding.issue, str(finding.detail)) for finding in analysed.findings]
