"""A stack of one function with one sink."""

import pytest


@pytest.fixture
def made(deploy, a_function, a_sink, a_shipper):
    """Runs a stack of one function with one sink."""

    def run(sink=None, *, preview=False, **changes):
        sink = sink or a_sink()
        return deploy(
            {"orders": a_function(sinks=[sink.name])},
            preview=preview,
            **{"sinks": [sink], "shipper": a_shipper()} | changes,
        )

    return run
