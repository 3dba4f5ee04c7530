"""What one rich environment declares, as a program without an engine tells it."""

import pytest

from slipway.deployers.declared import Declared, Place
from tests.unit.components import rich
from tests.unit.components.conftest import ACCOUNT, REGION


@pytest.fixture(scope="session")
def place():
    return Place(partition="aws", region=REGION, account=ACCOUNT, prefix="slipway", environment="dev")


@pytest.fixture(scope="session")
def rich_program():
    """Everything that the components create for it; ids that only AWS gives are left out."""
    return [
        Declared(
            type=made.type,
            name=made.name,
            inputs={key: value for key, value in made.inputs.items() if not str(value).endswith("-id")},
        )
        for made in rich.deploy(protect=False).registered
    ]
