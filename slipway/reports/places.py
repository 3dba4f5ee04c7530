"""Where a finding is shown in the project's files, for programs that want a file and a line of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.core.findings import Finding


def place_of(finding: Finding) -> tuple[str, int]:
    """File, relative to the project's root, and line, from 1: the finding's own, else where its owner is described.

    Args:
        finding: The finding.
    """
    if finding.file is not None:
        return finding.file, finding.line or 1
    if finding.function is not None:
        return f"functions/{finding.function}/function.yaml", 1
    if finding.environment is not None:
        return f"stacks/Pulumi.{finding.environment}.yaml", 1
    return "Pulumi.yaml", 1
