"""Marks every test by the tier that its folder names."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    for item in items:
        tier = item.path.relative_to(_HERE).parts[0]
        item.add_marker(getattr(pytest.mark, tier))
        if tier == "e2e":
            # A file is one story: its tests follow each other in one checkout.
            item.add_marker(pytest.mark.xdist_group(item.path.name))
