from tests.log_agent import agent, store  # noqa: F401 - fixtures
