import json

import pytest

from slipway.running import log_text

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
    assert log_text.text_of_message(json.dumps({"level": "WARN", **record})) == text


def test_json_that_is_no_record_of_a_logger_stays_as_it_is():
    assert log_text.text_of_message('{"some": "JSON"}') == '{"some":"JSON"}'


def test_a_failed_import_shows_the_function_alone():
    importing = [
        '  File "/var/lang/lib/python3.11/importlib/__init__.py", line 126, in import_module\n    return _gcd_import(name)\n',
        '  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import\n',
    ]
    frames = [*importing, FRAMES[0], *importing, FRAMES[2], importing[1], '  File "/var/task/other.py", line 1\n']
    text = log_text.text_of_message(json.dumps({**ERROR, "stackTrace": frames}))
    assert text == f'ValueError: bad ticket\n{OWN}\n  File "/var/task/other.py", line 1'


def test_a_start_that_the_adapter_explains_needs_no_frames():
    record = {"errorType": "StartupError", "errorMessage": "there is no module 'x'", "stackTrace": FRAMES[:1]}
    assert log_text.text_of_message(json.dumps(record)) == "StartupError: there is no module 'x'"


def test_a_framework_that_fails_itself_shows_all_its_frames():
    record = json.dumps({"message": "failed", "stackTrace": FRAMES[:2]})
    assert log_text.text_of_message(record) == "\n".join(["failed", *(frame.rstrip() for frame in FRAMES[:2])])


def test_the_end_of_a_log_leaves_out_what_lambda_itself_says():
    log = "\n".join(
        [
            "no record at all",
            json.dumps({"type": "platform.start", "record": {"requestId": "r"}}),
            "printed",
            json.dumps({"level": "ERROR", **ERROR, "stackTrace": FRAMES}),
            json.dumps({"type": "platform.report", "record": {"requestId": "r"}}),
        ]
    )
    expected = f"no record at all\nprinted\nERROR ValueError: bad ticket\n{OWN}"
    assert log_text.of_function(log) == expected
    assert log_text.of_function("") == ""


@pytest.mark.parametrize("cut", range(2, 400, 7))
def test_a_record_whose_beginning_is_cut_off_is_still_read(cut):
    record = json.dumps({"stackTrace": FRAMES, **ERROR, "order": "7"})
    rest = record[len('{"stackTrace": [') + cut :]
    shown = log_text.of_function(rest)
    if "main.py" in rest:
        assert shown.startswith("ValueError: bad ticket order=7\n")
        assert shown.endswith('raise ValueError("bad ticket")')


def test_a_cut_between_a_backslash_and_its_quote_is_read():
    record = json.dumps({"stackTrace": FRAMES, **ERROR})
    at = record.rindex('\\"/var/task/main.py') + 1
    assert log_text.of_function(record[at:]).startswith("ValueError: bad ticket\n/var/task/main.py")
