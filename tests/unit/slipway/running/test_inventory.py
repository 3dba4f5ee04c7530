import pytest

from slipway.core.errors import BadInputError
from slipway.running.inventory import entries, find, target_of

OUTPUTS = {
    "functions": {
        "orders": {
            "target": "knative",
            "arn": "slipway-dev/orders",
            "url": "http://x/orders",
            "version": "orders-1",
            "owner": "t",
        },
        "audit": {"target": "lambda", "arn": "arn:x:live", "url": "", "version": 1, "logGroup": "/m", "owner": "u"},
    }
}


def test_functions_come_from_the_outputs_by_name():
    audit, orders = entries(OUTPUTS)
    assert (orders.name, orders.target, orders.url, orders.version, orders.log_group) == (
        "orders",
        "knative",
        "http://x/orders",
        "orders-1",
        "",
    )
    assert (audit.name, audit.url, audit.version, audit.status) == ("audit", None, "1", "not checked")
    assert entries({}) == []


def test_find_names_what_is_deployed():
    assert find(OUTPUTS, "audit", "local")["version"] == 1
    with pytest.raises(BadInputError, match="helo: not deployed in local; deployed: audit, orders"):
        find(OUTPUTS, "helo", "local")


def test_what_was_deployed_before_there_were_two_targets_is_on_lambda():
    assert target_of({"arn": "x"}) == "lambda"
