"""Where pointers go; each case is a history of one function."""

import pytest

from slipway.core.errors import BadInputError
from slipway.rollout.moves import promote, rollback
from slipway.running.releases import Release, Version


def release(stable, *, candidate=None, rejected=(), count=3, broken=()):
    versions = tuple(
        Version(name=f"r{n}", identity=f"h{n}", problem="it is not ready" if f"r{n}" in broken else None)
        for n in range(1, count + 1)
    )
    return Release(
        function="orders",
        stable=stable,
        candidate=candidate,
        percent=10 if candidate else 0,
        rejected=rejected,
        latest=f"r{count}",
        versions=versions,
    )


def test_promoting_gives_the_candidate_all_calls():
    move = promote(release("r2", candidate="r3", rejected=("h1", "h3")))
    assert (move.to.name, move.rejected) == ("r3", ["h1"])
    assert promote(release("r3")) is None


def test_a_broken_candidate_is_not_promoted():
    with pytest.raises(BadInputError, match="orders: the candidate: r3 cannot take calls: it is not ready"):
        promote(release("r2", candidate="r3", broken=("r3",)))


def test_rolling_back_a_canary_turns_the_candidate_away():
    move = rollback(release("r2", candidate="r3"))
    assert (move.to.name, move.rejected) == ("r2", ["h3"])


def test_rolling_back_without_a_canary_goes_to_what_ran_before():
    move = rollback(release("r3"))
    assert (move.to.name, move.rejected) == ("r2", ["h3"])


def test_what_was_turned_away_never_ran_before():
    move = rollback(release("r3", rejected=("h2",)))
    assert (move.to.name, move.rejected) == ("r1", ["h2", "h3"])


def test_what_cannot_take_calls_is_passed_over():
    assert rollback(release("r3", broken=("r2",))).to.name == "r1"


def test_rolling_back_twice_goes_two_versions_back():
    first = rollback(release("r3"))
    second = rollback(release(first.to.name, rejected=tuple(first.rejected)))
    assert (second.to.name, second.rejected) == ("r1", ["h3", "h2"])


def test_nothing_before_the_first_version():
    with pytest.raises(BadInputError, match="orders: nothing ran before r1 that is still there; versions: r3, r2, r1"):
        rollback(release("r1"))


def test_a_version_can_be_named_also_a_newer_one_and_one_that_was_turned_away():
    move = rollback(release("r3", candidate=None), "r1")
    assert (move.to.name, move.rejected) == ("r1", ["h3"])
    move = rollback(release("r1", rejected=("h2", "h3")), "r2")
    assert (move.to.name, move.rejected) == ("r2", ["h3", "h1"])
    move = rollback(release("r2", candidate="r3"), "r1")
    assert (move.to.name, move.rejected) == ("r1", ["h2", "h3"])


def test_an_unknown_version_is_answered_with_those_that_exist():
    with pytest.raises(BadInputError, match="orders: --to: there is no version r9; versions: r3, r2, r1"):
        rollback(release("r3"), "r9")
    with pytest.raises(BadInputError, match=r"versions: r15, r14, .* r6 and 5 older ones$"):
        rollback(release("r3", count=15), "x")
    with pytest.raises(BadInputError, match="orders: --to: r2 cannot take calls"):
        rollback(release("r3", broken=("r2",)), "r2")
    with pytest.raises(BadInputError, match="orders: r3 has all calls already"):
        rollback(release("r3"), "r3")
