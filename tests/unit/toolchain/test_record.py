import json

import pytest

from toolchain import record


def test_names_are_those_of_the_parts(tmp_path):
    parts = [{"name": name, "folder": "/x"} for name in ("engine", "crane")]
    (tmp_path / record.RECORD).write_text(json.dumps({"launcher": "/l", "parts": parts}))
    assert record.names(tmp_path) == {"engine", "crane"}
    assert record.read(tmp_path)["launcher"] == "/l"


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"parts": [{"name": "engine"}]}', '{"parts": [1]}'])
def test_what_cannot_be_read_is_no_installation(tmp_path, content):
    if content is not None:
        (tmp_path / record.RECORD).write_text(content)
    assert record.read(tmp_path) is None
    assert record.names(tmp_path) == frozenset()
