"""Regular expressions of sinks: what both engines read alike, and what the named ones mask."""

import re

import pytest
from pydantic_core import SchemaError, SchemaValidator, core_schema

from slipway.core.redaction import KEYS, PATTERNS, ExpressionError, Pattern, check_expression, expressions
from slipway.core.settings_sinks import Redaction


def masked(name, text):
    for expression in PATTERNS[name]:
        text = re.sub(expression, "[redacted]", text, flags=re.ASCII)
    return text


def readable_by_a_linear_engine(expression):
    """Rust's `regex` shares RE2's grammar where it matters here; it stands in for a third opinion."""
    try:
        SchemaValidator(core_schema.str_schema(pattern=expression))
    except SchemaError:
        return False
    return True


@pytest.mark.parametrize("expression", [e for group in PATTERNS.values() for e in group] + [KEYS])
def test_named_patterns_are_right_themselves(expression):
    check_expression(expression)
    assert readable_by_a_linear_engine(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "^GET /health",
        "a{2,3}?b",
        "(?i)secret=[^&]+",
        "(?P<key>[a-z]+)=(?P<value>[0-9]+)",
        "(?s:a.b)",
        "(?i-s:a.b)",
        r"[\w.-]+@[]x]+",
        r"\x41\{x}",
        r"[\[\]]",
        "(" * 200 + "a" + ")" * 200,
        "(a|b)*c",
        "(?:a{10}){100}",
        "straße",
        "^$",
    ],
)
def test_expressions_that_both_understand(expression):
    check_expression(expression)
    re.compile(expression, re.ASCII)
    assert readable_by_a_linear_engine(expression)


@pytest.mark.parametrize(
    ("expression", "said", "position"),
    [
        ("a(?=b)", "a kind of group that RE2 does not know", 2),
        ("ab(?<!c)d", "a kind of group that RE2 does not know", 3),
        ("(?P<a>x)(?P=a)", "a kind of group that RE2 does not know", 9),
        ("(?>a)", "a kind of group that RE2 does not know", 1),
        ("(?#note)a", "a kind of group that RE2 does not know", 1),
        ("(?x) a b", "a kind of group that RE2 does not know", 1),
        ("(?u:a)", "a kind of group that RE2 does not know", 1),
        (r"(a)\1", "refers to a group, or is an octal number,", 4),
        (r"\0", "refers to a group, or is an octal number,", 1),
        (r"a\Z", "has an escape that is not the same in both", 2),
        (r"\pL", "has an escape that is not the same in both", 1),
        (r"\x4", "has an escape that is not the same in both", 1),
        (r"[\b]", "has an escape that is not the same in both", 2),
        ("a++", "has a possessive repetition", 3),
        ("a{2}+", "has a possessive repetition", 5),
        ("a{,3}", "has a repetition without its lowest number", 2),
        ("a{1001}", "repeats more than 1000 times", 2),
        ("(?:a{40}){30}", "repeats more than 1000 times", 10),
        ("(b(?:a{40})?){30}", "repeats more than 1000 times", 14),
        ("[[:alpha:]]", "has [ inside [...], which must be written \\[,", 2),
        ("[a--b]", "has -- inside [...]", 3),
        ("[a&&b]", "has && inside [...]", 3),
        ("a**", "is wrong: multiple repeat", 3),
        ("(a", "is wrong: missing ), unterminated subpattern", 1),
        ("a)", "is wrong: unbalanced parenthesis", 2),
        ("[a", "is wrong: unterminated character set", 1),
        ("a\\", "is wrong: bad escape (end of pattern)", 2),
        ("a(?i)b", "is wrong: global flags not at the start of the expression", 2),
        ("(?i)straße", "ignores the case of letters beyond ASCII", 1),
        ("a*", "matches where there is nothing", 1),
        (r"\b", "matches where there is nothing", 1),
        ('{"a"', "has { that starts no repetition, which must be written \\{,", 1),
        ("a" * 513, "has more than 512 characters", 513),
    ],
)
def test_expressions_that_only_one_understands(expression, said, position):
    with pytest.raises(ExpressionError) as caught:
        check_expression(expression)
    assert said in str(caught.value)
    assert str(caught.value).endswith(f" at character {position}")
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("email", "mail ada.love+x@mail.example.co.uk now", "mail [redacted] now"),
        ("email", "user@localhost asked", "user@localhost asked"),
        ("card", "paid by 4111 1111 1111 1111.", "paid by [redacted]."),
        ("card", "paid by 4111-1111-1111-1111", "paid by [redacted]"),
        ("card", "5500000000000004 and 378282246310005", "[redacted] and [redacted]"),
        ("card", "at 1732618323123 took 20261126105203123", "at 1732618323123 took 20261126105203123"),
        ("card", "order 9111111111111111", "order 9111111111111111"),
        ("jwt", "t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl;", "t=[redacted];"),
        ("jwt", "eyJub3RoaW5nIjoxfQ", "eyJub3RoaW5nIjoxfQ"),
        ("aws-key", "key AKIAIOSFODNN7EXAMPLE!", "key [redacted]!"),
        ("aws-key", f"aws_secret_access_key = {'a' * 40}", "aws_[redacted]"),
        ("aws-key", f'"SecretAccessKey": "{"a" * 40}"', '"[redacted]"'),
        ("bearer", "sent Bearer abcdefgh.ijklmnop-1", "sent [redacted]"),
        ("bearer", "Authorization: Basic dXNlcjpwYXNz", "[redacted]"),
        ("bearer", "the bearer of this letter", "the bearer of this letter"),
        ("password", "password=hunter2&user=ada", "[redacted]&user=ada"),
        ("password", 'login {"db_password": "hunter 2", "user": "ada"}', 'login {"[redacted], "user": "ada"}'),
        ("password", r"login {\"password\":\"hunter2\"}", r"login {\"[redacted]}"),
        ("password", "API-Key: abc, next", "[redacted], next"),
        ("password", "the password was wrong", "the password was wrong"),
    ],
)
def test_what_named_patterns_mask(name, text, expected):
    assert masked(name, text) == expected


@pytest.mark.parametrize(
    "key", ["password", "DB_PASSWORD", "clientSecret", "x-api-key", "accessToken", "Authorization"]
)
def test_keys_whose_values_are_masked(key):
    assert re.search(KEYS, key, re.ASCII)


@pytest.mark.parametrize("key", ["order", "passwordless_login", "tokens_used", "secretary"])
def test_keys_whose_values_stay(key):
    assert not re.search(KEYS, key, re.ASCII)


def test_by_default_all_named_patterns_are_on():
    assert set(Redaction().patterns) == set(PATTERNS) == set(Pattern.__args__)
    assert expressions(["jwt"], ["x"]) == [*PATTERNS["jwt"], "x"]
    assert expressions([], []) == []
