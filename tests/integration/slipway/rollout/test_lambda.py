"""Rollout and dead letters on Lambda, with the real engine, the real provider and the embedded AWS: one story."""

import json
import shutil

import pytest
import tenacity

pytestmark = pytest.mark.timeout(900)

FUNCTION = "slipway-local-hello"
BROKEN = "\n\ndef hello(request):\n    raise RuntimeError('this version is broken')\n"
PAYMENT = {"order": "4711", "amount": 1, "currency": "EUR", "method": "card"}


@pytest.fixture(scope="module")
def deployed(checkout):
    for name in ("orders", "receipts", "nightly-report"):
        shutil.rmtree(checkout.root / "functions" / name)
    manifest = checkout.root / "functions/hello/function.yaml"
    manifest.write_text(manifest.read_text() + "rollout: {canary: 25}\n")
    checkout.run("up")
    return checkout


def change(checkout, text):
    main = checkout.root / "functions/hello/main.py"
    main.write_text(main.read_text() + text)


def alias(checkout):
    """Version of the alias, weights beside it, and what was turned away."""
    found = checkout.client("lambda").get_alias(FunctionName=FUNCTION, Name="live")
    weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return found["FunctionVersion"], weights, found["Description"].partition("rejected: ")[2]


def entry(checkout, name):
    found = json.loads(checkout.run("list", "--json").stdout)["functions"]
    return next(one for one in found if one["name"] == name)


def test_the_first_version_has_all_calls(deployed):
    assert alias(deployed) == ("1", {}, "")
    deployed.run("preview", "--exit-code")


def test_a_new_version_gets_its_part_of_the_calls(deployed):
    change(deployed, "\nSECOND = True\n")
    deployed.run("up")
    assert alias(deployed) == ("1", {"2": 0.25}, "")
    assert entry(deployed, "hello")["canary"] == "2 (25%)"
    deployed.run("preview", "--exit-code")


def test_a_candidate_that_answers_passes_its_trial(deployed):
    rows = json.loads(deployed.run("verify", "-f", "hello", "--calls", "3", "--json").stdout)["functions"]
    assert [(row["via"], row["version"], row["result"]) for row in rows[1:]] == [("candidate", "2 (25%)", "ok")]
    assert alias(deployed)[1] == {"2": 0.25}


def test_promoting_moves_the_pointer_only(deployed):
    done = deployed.run("promote", "-f", "hello")
    assert alias(deployed) == ("2", {}, "")
    assert "building" not in done.stderr
    deployed.run("preview", "--exit-code")
    assert "has no candidate" in deployed.run("promote", "-f", "hello", status=2).stderr


def test_rolling_back_turns_a_version_away_until_something_newer_comes(deployed):
    deployed.run("rollback", "-f", "hello")
    assert alias(deployed) == ("1", {}, "2")
    deployed.run("preview", "--exit-code")
    deployed.run("up")
    assert alias(deployed) == ("1", {}, "2")
    assert "versions: 2, 1" in deployed.run("rollback", "-f", "hello", "--to", "9", status=2).stderr


def test_a_candidate_that_fails_is_rolled_back_by_verify(deployed):
    change(deployed, BROKEN)
    deployed.run("up")
    assert alias(deployed) == ("1", {"3": 0.25}, "2")
    done = deployed.run("verify", "-f", "hello", "--calls", "2", status=3)
    assert "2 of 2 calls failed" in done.stdout
    assert "rolled back: hello 3" in done.stderr
    assert alias(deployed) == ("1", {}, "2,3")
    deployed.run("preview", "--exit-code")


def letters(checkout, name, count):
    @tenacity.retry(
        retry=tenacity.retry_if_result(lambda found: found != count),
        stop=tenacity.stop_after_delay(60),
        wait=tenacity.wait_fixed(0.2),
        retry_error_callback=lambda state: state.outcome.result(),
    )
    def look():
        return entry(checkout, name)["dead_letters"]

    assert look() == count


def test_an_event_that_no_retry_could_deliver_becomes_a_dead_letter(deployed):
    deployed.run("invoke", "audit", "--async", "--data", '{"order": "4711"}')
    letters(deployed, "audit", 1)


def test_a_letter_that_fails_again_stays(deployed):
    done = deployed.run("redrive", "-f", "audit", status=3)
    assert done.stdout.splitlines()[1].split() == ["audit", "0", "1", "1"]
    assert "the payment lacks amount" in done.stderr
    letters(deployed, "audit", 1)


def test_letters_that_are_taken_are_gone(deployed):
    queues = deployed.client("sqs")
    url = queues.get_queue_url(QueueName="slipway-local-audit-failures")["QueueUrl"]
    queues.purge_queue(QueueUrl=url)
    event = {"detail-type": "com.example.order.paid", "source": "com.example.payments", "detail": PAYMENT}
    whole = {"version": "0", "id": "1", "account": "1", "time": "2026-01-01T00:00:00Z", "region": "r", "resources": []}
    context = {"requestId": "r", "functionArn": "f", "condition": "RetriesExhausted"}
    body = json.dumps({"version": "1.0", "requestContext": context, "requestPayload": {**whole, **event}})
    for _ in range(3):
        queues.send_message(QueueUrl=url, MessageBody=body)
    done = deployed.run("redrive", "-f", "audit", "--limit", "2")
    assert done.stdout.splitlines()[1].split() == ["audit", "2", "0", "1"]
    assert deployed.run("redrive").stdout.splitlines()[1].split() == ["audit", "1", "0", "0"]
    assert entry(deployed, "audit")["dead_letters"] == 0
