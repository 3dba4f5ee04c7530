"""Findings: one line for people, plain values for machines, in reading order."""

import pytest

from slipway.core.findings import Finding, Severity, errors_in, in_order


def finding(**fields):
    return Finding(**{"severity": Severity.ERROR, "rule": "r", "message": "m", **fields})


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"file": "a.yaml", "line": 3, "column": 7, "remedy": "do it"}, "a.yaml:3:7: m; do it"),
        ({"file": "a.yaml"}, "a.yaml: m"),
        ({"resource": "urn", "function": "f"}, "urn: m"),
        ({"function": "f", "environment": "dev"}, "f: m"),
        ({"environment": "dev"}, "dev: m"),
        ({}, "slipway: m"),
        ({"file": "a\n\udcff\x1b", "message": "é"}, "a\\n\\udcff\\x1b: é"),
    ],
)
def test_one_line(fields, line):
    assert finding(**fields).render() == line


def test_json_leaves_out_what_is_not_set():
    assert finding(file="a", line=1).to_json() == {
        "severity": "error",
        "rule": "r",
        "message": "m",
        "file": "a",
        "line": 1,
    }


def test_reading_order_without_repetitions():
    first, second, third = finding(file="a", line=2), finding(file="a", line=10), finding(environment="x")
    assert in_order([third, second, first, second]) == [first, second, third]


def test_errors():
    warning, error = finding(severity=Severity.WARNING), finding()
    assert errors_in([warning, error]) == [error]
