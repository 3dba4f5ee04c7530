"""The program of a container, as its platform treats it: probes, signals, mistakes."""

import signal
import threading

import pytest


def test_what_has_begun_is_finished_after_sigterm(contained):
    source = """
    import logging, os, threading

    def f(request):
        logging.getLogger("main").info("begun")
        while not os.path.exists("go"):
            threading.Event().wait(0.05)
        return "done"
    """
    container = contained(source).ready()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(container.ask("GET", "/")[3]))
    thread.start()
    wait_for(lambda: "begun" in container.log_path.read_text())
    container.process.send_signal(signal.SIGTERM)
    (container.folder / "go").touch()
    thread.join(60)
    assert answers == [b"done"]
    assert container.process.wait(60) == 0


def wait_for(true):
    import tenacity

    @tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.05), reraise=True)
    def ask():
        assert true()

    ask()


@pytest.mark.parametrize(
    ("source", "environment", "said"),
    [
        ("import nothing_of_that_name\n", {}, "add it to requirements.in"),
        ("def other(request):\n    pass\n", {}, "f"),
        ("1 / 0\n", {}, "ZeroDivisionError"),
        ("def f(request):\n    pass\n", {"SLIPWAY_ROUTES": ""}, "SLIPWAY_ROUTES is not set"),
        ("def f(request):\n    pass\n", {"SLIPWAY_ROUTES": "{"}, "SLIPWAY_ROUTES cannot be read"),
        ("def f(request):\n    pass\n", {"SLIPWAY_CONCURRENCY": "many"}, "SLIPWAY_CONCURRENCY must be a number"),
        ("def f(request):\n    pass\n", {"FUNCTION_TARGET": ""}, "FUNCTION_TARGET is not set"),
    ],
)
def test_a_start_that_fails_says_why_and_ends(contained, source, environment, said):
    container = contained(source, **environment)
    assert container.process.wait(60) != 0
    errors = [line["message"] for line in container.log() if isinstance(line, dict) and line["level"] == "ERROR"]
    assert any(said in message for message in errors), container.log_path.read_text()


def test_headers_with_underscores_do_not_move_the_path(contained):
    source = "def f(request):\n    return request.script_root + ' ' + request.path\n"
    container = contained(source).ready()
    assert container.ask("GET", "/a/b", [("SCRIPT_NAME", "/a"), ("PATH_INFO", "/c")])[3] == b" /a/b"


def test_print_and_logs_come_out_at_once(contained):
    container = contained("def f(request):\n    print('plain')\n    return 'ok'\n").ready()
    container.ask("GET", "/")
    wait_for(lambda: "plain" in container.log_path.read_text())


def test_secrets_are_masked_in_what_is_logged(contained):
    source = """
    import logging, os

    def f(request):
        print("printed", os.environ["TOKEN"])
        logging.getLogger("x").warning("logged", extra={"token": os.environ["TOKEN"]})
        raise ValueError("refused " + os.environ["TOKEN"])
    """
    container = contained(source, SLIPWAY_MASKED="PIN,TOKEN", TOKEN='c4n4ry-"value"', PIN="4711").ready()
    assert container.ask("GET", "/")[0] == 500
    wait_for(lambda: "refused" in container.log_path.read_text())
    said = container.log_path.read_text()
    assert "c4n4ry" not in said
    assert "printed [redacted]" in said
    assert "refused [redacted]" in said
    [line] = [line for line in container.log() if isinstance(line, dict) and line["message"] == "logged"]
    assert line["token"] == "[redacted]"
    assert "variable PIN is not masked in logs" in said


def test_requests_at_the_same_time(contained):
    source = """
    import threading
    BARRIER = threading.Barrier(3)

    def f(request):
        BARRIER.wait(60)
        return "together"
    """
    container = contained(source, SLIPWAY_CONCURRENCY="3").ready()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(container.ask("GET", "/")[3])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [b"together"] * 3
