"""YAML: what is taken, what is refused, and where it stands."""

import os

import pytest

from slipway.core.document import Mark, PathSet, property_name
from slipway.core.yaml_source import LIMIT_BYTES, parse_yaml, read_yaml


def parsed(text):
    return parse_yaml(text, shown="f.yaml")


def only(document):
    assert len(document.findings) == 1, [finding.render() for finding in document.findings]
    return document.findings[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("text", "text"),
        ('"1"', "1"),
        ("'yes'", "yes"),
        ("2024-01-01", "2024-01-01"),
        ("python3.11", "python3.11"),
        ("[1, a, {b: c}]", [1, "a", {"b": "c"}]),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("é", "é"),
    ],
)
def test_values_follow_the_core_schema(text, value):
    document = parsed(f"key: {text}")
    assert document.findings == []
    assert document.data == {"key": value}
    assert type(document.data["key"]) is type(value)


def test_every_key_and_value_has_its_place():
    document = parsed("a: 1\nb:\n  - c: x\n")
    assert document.mark(("b", 0, "c")) == Mark(3, 8)
    assert document.mark(("b", 0, "c"), key=True) == Mark(3, 5)
    assert document.mark(("b", 0, "missing", "deeper")) == Mark(3, 5)
    assert document.mark(("missing",)) == Mark(1, 1)


@pytest.mark.parametrize("word", ["yes", "No", "on", "OFF", "y", "n"])
def test_words_that_readers_take_differently_are_refused(word):
    finding = only(parsed(f"key: {word}"))
    assert finding.rule == "ambiguous-value"
    assert f'"{word}"' in finding.remedy
    assert (finding.line, finding.column, finding.property) == (1, 6, "key")


@pytest.mark.parametrize(
    "number", ["0x10", "010", "0o17", "0b1", "1_000", "1:30", "12:30:45", "-.INF", ".nan", "1e999", "9" * 19]
)
def test_numbers_that_readers_take_differently_are_refused_and_not_shown(number):
    finding = only(parsed(f"key: {number}"))
    assert finding.rule == "ambiguous-value"
    assert number not in finding.message


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("a: &x 1", "anchor", (1, 4)),
        ("a: !!str 1", "tag", (1, 4)),
        ("a: !secret x", "tag", (1, 4)),
        ("a: 1\na: 2", "duplicate-key", (2, 1)),
        ("a: {b: 1, b: {c: 2}}", "duplicate-key", (1, 11)),
        ("a:\n\tb: 1", "tab", (2, 1)),
        ("\ta: 1", "tab", (1, 1)),
        ("a:", "empty-value", (1, 1)),
        ("a: ~", "empty-value", (1, 1)),
        ("a: [1, null]", "empty-value", (1, 8)),
        ("[a]: 1", "bad-key", (1, 1)),
        ("? {a: [1, 2]}\n: 2", "bad-key", (1, 3)),
        ('"": 1', "bad-key", (1, 1)),
        ("!!str a: 1", "bad-key", (1, 1)),
        ("a: 1\n---\nb: 2", "many-documents", (2, 1)),
        ("- a", "wrong-type", (1, 1)),
        ("text", "wrong-type", (1, 1)),
        ("a: 'x", "bad-yaml", (1, 6)),
        ("a: b: c", "bad-yaml", (1, 5)),
        ("a: 1\n b: 2", "bad-yaml", (2, 3)),
        ("a: {", "bad-yaml", (2, 1)),
        ("a: \x00", "control-character", (1, 4)),
        ("a: 1\nb: \x1b", "control-character", (2, 4)),
        ("a:" + " {a:" * 40 + " 1" + "}" * 40, "too-deep", None),
    ],
)
def test_refused_with_one_message(text, rule, place):
    finding = only(parsed(text))
    assert finding.rule == rule
    assert finding.remedy
    if place:
        assert (finding.line, finding.column) == place


def test_aliases_are_refused_and_never_expanded():
    laughs = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    document = parsed(laughs)
    assert {finding.rule for finding in document.findings} == {"anchor", "alias"}
    assert len(document.findings) == 21 + 40
    assert document.data["u"] == [None, None]


def test_merge_keys_are_refused_and_what_they_would_add_is_not_missed():
    document = parsed("base: {x: 1}\na:\n  <<: {x: 1}\n  b: 1")
    assert only(document).rule == "merge-key"
    assert ("a",) in document.incomplete


def test_a_quoted_merge_key_is_a_plain_key():
    assert parsed('"<<": 1').data == {"<<": 1}


def test_names_of_anchors_aliases_and_tags_are_not_repeated_because_they_may_be_passwords():
    document = parsed("a: &hunter2 x\nb: *hunter2\nc: !hunter2 x")
    assert len(document.findings) == 3
    assert not any("hunter2" in finding.render() for finding in document.findings)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "--- ~\n", "null"])
def test_an_empty_file(text):
    assert only(parsed(text)).rule == "empty-file"


def read(tmp_path, content=None):
    path = tmp_path / "f.yaml"
    if content is not None:
        path.write_bytes(content)
    return read_yaml(path, inside=tmp_path, shown="f.yaml")


def test_other_encodings_are_named_with_the_offset(tmp_path):
    finding = only(read(tmp_path, b"a: 1\nb: \xff\n"))
    assert finding.rule == "bad-encoding"
    assert "byte 0xff at offset 8" in finding.message


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path, codec):
    assert "UTF-16" in only(read(tmp_path, "\ufeffa: 1".encode(codec))).message


def test_a_byte_order_mark_is_dropped(tmp_path):
    document = read(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert document.data == {"a": 1}
    assert document.mark(("a",), key=True) == Mark(1, 1)


def test_windows_line_ends_are_taken(tmp_path):
    assert read(tmp_path, b"a: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}


def test_a_big_file_is_refused_without_being_read(tmp_path, monkeypatch):
    path = tmp_path / "f.yaml"
    with path.open("wb") as file:
        file.truncate(10 * 1024 * 1024)
    monkeypatch.setattr("slipway.core.yaml_source.parse_yaml", lambda *_, **__: pytest.fail("was parsed"))
    finding = only(read_yaml(path, inside=tmp_path, shown="f.yaml"))
    assert finding.rule == "file-too-big"
    assert str(10 * 1024 * 1024) in finding.message


def test_the_biggest_file_is_read(tmp_path):
    assert read(tmp_path, b"a: 1\n#" + b"x" * (LIMIT_BYTES - 6)).findings == []
    assert only(read(tmp_path, b"a: 1\n#" + b"x" * (LIMIT_BYTES - 5))).rule == "file-too-big"


def test_a_link_may_not_leave_the_folder(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.yaml").write_text("a: 1")
    (inside / "real.yaml").write_text("a: 1")
    for name, target in {"out": tmp_path / "outside.yaml", "dangling": "nowhere", "loop": "loop"}.items():
        (inside / name).symlink_to(target)
        assert only(read_yaml(inside / name, inside=inside, shown=name)).rule == "symlink-outside"
    (inside / "good").symlink_to("real.yaml")
    assert read_yaml(inside / "good", inside=inside, shown="good").data == {"a": 1}


def test_special_files_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert only(read_yaml(tmp_path / "pipe", inside=tmp_path, shown="pipe")).rule == "not-a-file"
    assert only(read_yaml(tmp_path, inside=tmp_path, shown="folder")).rule == "not-a-file"
    (tmp_path / "zero").symlink_to("/dev/zero")
    assert only(read_yaml(tmp_path / "zero", inside=tmp_path, shown="zero")).rule == "symlink-outside"


def test_a_missing_file(tmp_path):
    assert only(read(tmp_path)).rule == "missing-file"


def test_an_unreadable_file_says_why(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "denied")

    monkeypatch.setattr("slipway.core.files.os.open", refuse)
    finding = only(read(tmp_path, b"a: 1"))
    assert finding.rule == "unreadable-file"
    assert "Permission denied" in finding.message


def test_property_names_stay_on_one_line():
    assert property_name(("events", 0, "http", "path")) == "events[0].http.path"
    assert property_name(("a\nb", "c d")) == "'a\\nb'.'c d'"
    assert len(property_name(("x" * 1000,))) < 100


def test_a_path_set_knows_what_lies_above_and_below():
    paths = PathSet([("a", "b")])
    assert all(paths.touches(path) for path in [(), ("a",), ("a", "b"), ("a", "b", "c")])
    assert not any(paths.touches(path) for path in [("a", "c"), ("b",), ("a", "bb")])
