"""GitLab's Terraform report, by which a merge request counts what each job would create, change and delete.

The form is that of GitLab's documentation, "Terraform integration in merge requests": one object with the keys
`create`, `update` and `delete`, all of them whole numbers.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# A replacement is one step of ours, and two things that happen.
_COUNTS = {
    "create": ("create",),
    "import": ("create",),
    "update": ("update",),
    "replace": ("create", "delete"),
    "delete": ("delete",),
}


def terraform(operations: Iterable[str]) -> dict[str, int]:
    """The report as JSON values.

    Args:
        operations: What happens to each resource that changes, as the engine calls it.
    """
    counted = Counter(key for operation in operations for key in _COUNTS.get(operation, ()))
    return {key: counted[key] for key in ("create", "update", "delete")}
