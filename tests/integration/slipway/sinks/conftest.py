"""The checkouts of the engine's tests, for stories about logs in sinks."""

from tests.integration.slipway.engine.conftest import checkout, cluster, knative  # noqa: F401
