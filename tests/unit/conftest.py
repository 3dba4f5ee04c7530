"""What unit tests share."""

import asyncio

import pytest


@pytest.fixture(autouse=True)
def event_loop_that_is_there():
    """The SDK needs a loop to be there; a test that ran one to its end, as `asyncio.run` does, leaves none behind."""
    try:
        asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())
