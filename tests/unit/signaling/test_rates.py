"""Token buckets."""

from __future__ import annotations

from hypothesis import given, strategies as st

from wherry_signaling.rates import Bucket, Rates

steps = st.lists(st.tuples(st.floats(-1, 5), st.floats(0, 3)), max_size=60)


@given(per_s=st.floats(0.1, 50), burst=st.integers(1, 40), steps=steps)
def test_never_more_than_the_burst_and_what_flowed_in(
    per_s: float, burst: int, steps: list[tuple[float, float]]
) -> None:
    # Invariant: in any stretch of time, no more tokens are taken than the burst and the rate times the stretch.
    bucket = Bucket.full((per_s, burst), 0.0)
    now = latest = taken = 0.0
    for forward, tokens in steps:
        now += forward  # a clock may go backwards
        latest = max(latest, now)
        if bucket.take(now, tokens):
            taken += tokens
        assert taken <= burst + per_s * latest + 1e-6


@given(per_s=st.floats(0.1, 50), burst=st.integers(1, 40), costs=st.lists(st.floats(0, 10), max_size=40))
def test_who_waits_as_told_keeps_the_rate(per_s: float, burst: int, costs: list[float]) -> None:
    # Invariant: a spender that waits as long as it is told spends no faster than the rate, after its burst.
    bucket = Bucket.full((per_s, burst), 0.0)
    now = spent = 0.0
    for cost in costs:
        now += bucket.spend(now, cost)
        spent += cost
        assert spent <= burst + per_s * now + 1e-6


def test_keys_do_not_share() -> None:
    rates = Rates((1.0, 2), remembered=10)
    assert [rates.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert rates.take("b", 0.0)
    assert rates.take("a", 1.0)


def test_memory_is_bounded_and_the_idlest_is_forgotten() -> None:
    rates = Rates((0.001, 1), remembered=3)
    assert rates.take("busy", 0.0)
    for number in range(10):
        rates.take(number, 0.0)
        assert not rates.take("busy", 0.0)
        assert len(rates) <= 3
