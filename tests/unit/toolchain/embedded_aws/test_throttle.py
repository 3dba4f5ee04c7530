from toolchain.embedded_aws.throttle import Throttle


def test_a_burst_is_admitted_and_then_the_rate():
    throttle = Throttle()
    assert [throttle.admit("a", rate=2, burst=3, now=0) for _ in range(4)] == [True, True, True, False]
    assert [throttle.admit("a", rate=2, burst=3, now=0.5) for _ in range(2)] == [True, False]
    assert [throttle.admit("a", rate=2, burst=3, now=100) for _ in range(4)] == [True, True, True, False]


def test_buckets_are_apart():
    throttle = Throttle()
    assert throttle.admit("a", rate=1, burst=1, now=0)
    assert throttle.admit("b", rate=1, burst=1, now=0)
    assert not throttle.admit("a", rate=1, burst=1, now=0)
