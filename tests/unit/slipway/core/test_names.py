"""The one rule of names that both sides of the wall know has to be the same on both."""

from hypothesis import given
from hypothesis import strategies as st

from components.names import Names
from slipway.core.names import lambda_name

WORD = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)


@given(WORD, WORD, WORD)
def test_functions_are_called_as_the_components_call_them(prefix, environment, function):
    assert lambda_name(prefix, environment, function) == Names(prefix, environment).physical("function", function)
