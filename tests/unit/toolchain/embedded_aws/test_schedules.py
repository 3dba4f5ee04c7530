import pytest
from moto import mock_aws
from moto.scheduler.models import scheduler_backends

from toolchain.embedded_aws.config import Config
from toolchain.embedded_aws.schedules import Schedules


class Recorder:
    def __init__(self):
        self.sent = []
        self.works = True

    def send(self, arn, body, attributes, group=None):
        self.sent.append((arn, body))
        return self.works or ":sqs:" in arn


@pytest.fixture
def scene(tmp_path):
    """(clock, targets, schedules, function that makes a schedule)."""
    clock, targets = [1_000_000.0], Recorder()
    with mock_aws():
        backend = scheduler_backends["123456789012"]["eu-central-1"]

        def make(expression, **target):
            made = backend.create_schedule(
                description="", end_date=None, flexible_time_window={"Mode": "OFF"}, group_name="default", kms_key_arn=None,
                name="s", schedule_expression=expression, schedule_expression_timezone="UTC", start_date=None,
                state="ENABLED", target={"Arn": "arn:aws:lambda:eu-central-1:123456789012:function:f", **target},
                action_after_completion=None,
            )  # fmt: skip
            made.last_modified_date = clock[0]
            return made

        config = Config(state=tmp_path, cache=tmp_path)
        yield clock, targets, Schedules(config, targets, lambda: clock[0]), make


def test_each_due_time_fires_once(scene):
    clock, targets, schedules, make = scene
    make("rate(1 minute)", Input="<aws.scheduler.scheduled-time>")
    fired = []
    for elapsed in (0, 59, 60, 61, 119, 120):
        clock[0] = 1_000_000 + elapsed
        fired.append(len(schedules.tick()))
    assert fired == [0, 0, 1, 0, 0, 1]
    assert targets.sent[0][1] == "1970-01-12T13:47:40Z"


def test_after_a_sleep_it_fires_once(scene):
    clock, _targets, schedules, make = scene
    make("rate(1 minute)")
    schedules.tick()
    clock[0] += 3600
    assert len(schedules.tick()) == 1
    assert schedules.tick() == []


def test_what_was_due_before_this_process_does_not_fire_again(scene, tmp_path):
    clock, targets, _, make = scene
    make("rate(1 minute)")
    clock[0] += 90
    restarted = Schedules(Config(state=tmp_path, cache=tmp_path), targets, lambda: clock[0])
    assert restarted.tick() == []
    clock[0] += 30
    assert len(restarted.tick()) == 1


def test_a_changed_or_disabled_schedule_is_planned_anew(scene):
    clock, _targets, schedules, make = scene
    schedule = make("rate(1 hour)")
    schedules.tick()
    schedule.schedule_expression = "rate(1 minute)"
    clock[0] += 60
    assert len(schedules.tick()) == 1
    schedule.state = "DISABLED"
    clock[0] += 600
    assert schedules.tick() == []


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(scene):
    clock, targets, schedules, make = scene
    targets.works = False
    make("rate(1 minute)", DeadLetterConfig={"Arn": "arn:aws:sqs:eu-central-1:123456789012:dead"})
    schedules.tick()
    clock[0] += 60
    schedules.tick()
    assert [arn.split(":")[2] for arn, _ in targets.sent] == ["lambda", "sqs"]


def test_an_expression_that_cannot_be_evaluated_stops_no_other(scene):
    _, _, schedules, make = scene
    make("cron(0 6 15W * ? *)")
    assert schedules.tick() == []
