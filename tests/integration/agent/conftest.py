import pytest

from tests.log_agent import Agent, agent, collector, store  # noqa: F401 - agent and store are fixtures


@pytest.fixture
def agents(tmp_path):
    """Starts agents with given sinks; what still runs at the end is killed."""
    started = []

    def start(*sinks, **options):
        made = Agent(collector(), tmp_path, list(sinks), **options)
        started.append(made)
        return made.start()

    yield start
    for one in started:
        one.kill()
