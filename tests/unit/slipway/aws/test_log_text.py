import json

import pytest

from slipway.aws import log_text

FRAMES = [
    '  File "/var/task/slipway_runtime/queue_event.py", line 50, in serve\n    cloud_event.deliver(app)\n',
    '  File "/var/task/functions_framework/__init__.py", line 188, in view_func\n    function(event)\n',
    '  File "/var/task/main.py", line 4, in tickets\n    raise ValueError("bad ticket")\n',
]
ERROR = {"errorType": "ValueError", "errorMessage": "bad ticket"}
OWN = '  File "/var/task/main.py", line 4, in tickets\n    raise ValueError("bad ticket")'


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"message": "accepted", "logger": "main", "requestId": "r", "function": "f"}, "accepted"),
        ({"message": "accepted", "order": "7", "total": 4048, "to": None}, "accepted order=7 total=4048 to=null"),
        ({"message": "grün", "place": {"city": "Köln"}}, 'grün place={"city": "Köln"}'),
        ({"message": "failed", **ERROR, "stackTrace": FRAMES}, f"failed\n{OWN}\nValueError: bad ticket"),
        ({"message": "failed", **ERROR}, "failed\nValueError: bad ticket"),
        ({**ERROR, "stackTrace": []}, "ValueError: bad ticket"),
        ({**ERROR, "stackTrace": FRAMES[2:]}, f"ValueError: bad ticket\n{OWN}"),
        ({"message": "failed", "exception": "Traceback\n  main.py\n"}, "failed\nTraceback\n  main.py"),
    ],
)
def test_text_of_json_records(record, text):
    assert log_text.level_and_text(json.dumps({"level": "WARN", **record})) == ("WARN", text)


def test_json_that_is_no_record_of_a_logger_stays_as_it_is():
    assert log_text.level_and_text('{"some": "JSON"}') == ("", '{"some": "JSON"}')


def test_a_framework_that_fails_itself_shows_all_its_frames():
    record = json.dumps({"message": "failed", "stackTrace": FRAMES[:2]})
    assert log_text.level_and_text(record)[1] == "\n".join(["failed", *(frame.rstrip() for frame in FRAMES[:2])])


def test_the_end_of_a_log_leaves_out_what_lambda_itself_says():
    log = "\n".join(
        [
            'errorType": "Cut"}',
            json.dumps({"type": "platform.start", "record": {"requestId": "r"}}),
            "printed",
            json.dumps({"level": "ERROR", **ERROR, "stackTrace": FRAMES}),
            json.dumps({"type": "platform.report", "record": {"requestId": "r"}}),
        ]
    )
    expected = f'errorType": "Cut"}}\nprinted\nERROR ValueError: bad ticket\n{OWN}'
    assert log_text.of_function(log) == expected
    assert log_text.of_function("") == ""
