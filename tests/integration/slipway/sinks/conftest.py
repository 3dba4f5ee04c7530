"""The checkout of the engine's tests, for stories about logs in sinks."""

from tests.integration.slipway.engine.conftest import checkout  # noqa: F401
