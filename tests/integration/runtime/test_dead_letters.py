"""The dead letter service in a process that is killed."""

import json

import pytest

from tests.integration.runtime.conftest import Container

HEADERS = [("ce-specversion", "1.0"), ("ce-source", "/s"), ("ce-type", "t"), ("content-type", "application/json")]


@pytest.fixture
def start(tmp_path, contained):
    """`start()` runs the service over the same folder; its functions are one container."""
    function = contained(
        "import logging\n\ndef f(event):\n    logging.getLogger('main').info('got', extra={'id': event['id']})\n",
        "cloudevent",
        routes=[],
    )
    function.ready()
    (tmp_path / "data").mkdir()
    running = []

    def run():
        variables = {
            "SLIPWAY_DEAD_LETTERS_FOLDER": str(tmp_path / "data"),
            "SLIPWAY_FUNCTION_URL": f"http://127.0.0.1:{function.port}/?function={{function}}",
        }
        service = Container(tmp_path, tmp_path / f"log{len(running)}", variables, "slipway_deadletters")
        running.append(service)
        return service.ready()

    run.function = function
    yield run
    for service in running:
        service.process.kill()
        service.process.wait(60)


def test_what_was_answered_for_outlives_kill_9(start):
    first = start()
    for number in range(20):
        status, *_ = first.ask("POST", "/orders", [*HEADERS, ("ce-id", str(number))], b'{"a": 1}')
        assert status == 204
    first.process.kill()
    first.process.wait(60)
    second = start()
    listing = json.loads(second.ask("GET", "/letters?limit=0")[3])
    assert listing["functions"]["orders"]["count"] == 20
    answer = json.loads(second.ask("POST", "/redrive", body=b'{"function": "orders"}')[3])
    assert answer == {"sent": 20, "failed": [], "left": 0}
    got = [line["id"] for line in start.function.log() if isinstance(line, dict) and line["message"] == "got"]
    assert got == [str(number) for number in range(20)]
