"""Marks every test by the tier that its folder names."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        tier = item.path.relative_to(_HERE).parts[0]
        item.add_marker(getattr(pytest.mark, tier))
