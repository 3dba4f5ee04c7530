"""The checkout of the engine's tests, for stories about what runs after an update."""

from tests.integration.slipway.engine.conftest import checkout  # noqa: F401
