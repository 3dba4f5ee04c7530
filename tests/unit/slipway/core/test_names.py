"""The one rule of names that both sides of the wall know has to be the same on both."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from components.aws_lambda.sinks.place import Place
from components.log_sink.args import LogSinkArgs
from components.names import Names
from slipway.core.names import lambda_name, sink_bucket

ARNS = SimpleNamespace(account="123456789012", region="eu-central-1")
WORD = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)


@given(WORD, WORD, WORD)
def test_functions_are_called_as_the_components_call_them(prefix, environment, function):
    assert lambda_name(prefix, environment, function) == Names(prefix, environment).physical("function", function)


@given(WORD, WORD, WORD)
def test_buckets_of_sinks_are_called_as_the_components_call_them(prefix, environment, sink):
    place = Place(None, SimpleNamespace(names=Names(prefix, environment), arns=ARNS), LogSinkArgs(name=sink, kind="s3"))
    assert sink_bucket(prefix, environment, sink, ARNS.account, ARNS.region) == place.bucket
