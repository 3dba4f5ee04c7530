import io
import threading

import pytest
from rich.console import Console

from toolchain import progress
from toolchain.progress import Reporter


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
    return Clock


def test_plain_lines_come_at_intervals_not_for_each_step(reporter, clock):
    with reporter.task("building") as task:
        for done in range(1, 101):
            clock.now += 1
            task.update(done, 200, f"{done} packages")
    assert reporter.lines() == [f"  building: {done // 2}%, {done} packages" for done in range(15, 101, 15)]


def test_unknown_total_is_shown_as_a_count(reporter, clock):
    with reporter.task("fetching") as task:
        clock.now += 60
        task.update(7, None, "7 modules downloaded")
    assert reporter.lines() == ["  fetching: 7, 7 modules downloaded"]


def test_brackets_in_messages_are_kept(reporter):
    reporter.say("error [Errno -2] in [bold]")
    assert reporter.lines() == ["error [Errno -2] in [bold]"]


def test_tasks_of_several_threads_share_a_terminal():
    stream = io.StringIO()
    made = Reporter(Console(file=stream, force_terminal=True, width=200))
    both = threading.Barrier(2, timeout=30)
    finished = []

    def work(title):
        with made.task(title) as task:
            both.wait()
            task.update(1, 2, f"note of {title}")
            made._bars.refresh()
            both.wait()
        finished.append(title)

    threads = [threading.Thread(target=work, args=(title,)) for title in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(finished) == ["one", "two"]
    assert "note of one" in stream.getvalue()
    assert "note of two" in stream.getvalue()
    with made.task("afterwards") as task:
        task.update(1, 1, "again")
        made._bars.refresh()
    assert "again" in stream.getvalue()
