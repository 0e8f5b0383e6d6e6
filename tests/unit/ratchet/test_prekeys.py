"""Our own prekeys: which is named, what a batch is, and that nothing of them is shown."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from ratcheting import ALICE, random_from

from wherry.ratchet import current_of, new_batch, new_prekey, prekey_of
from wherry.ratchet.limits import PREKEY_KEPT_S, PREKEY_S, PREKEYS_AT_ONCE
from wherry_signaling.identity import x25519_public
from wherry_signaling.limits import INBOX_RECORD_S
from wherry_signaling.record import check_prekey

NOW = 1_800_000_000.0


def test_a_signed_prekey_is_named_for_a_week() -> None:
    one = new_prekey(b"", NOW, random_from("one"))
    assert current_of([one], NOW) is one
    assert current_of([one], NOW + PREKEY_S - 1) is one
    assert current_of([one], NOW + PREKEY_S) is None
    assert current_of([], NOW) is None


def test_the_newest_is_named() -> None:
    random = random_from("several")
    old, new = (new_prekey(b"", NOW + seconds, random) for seconds in (0, 3600))
    assert current_of([new, old], NOW + 7200) is current_of([old, new], NOW + 7200) is new


def test_a_clock_that_was_far_ahead_once_does_not_name_its_prekey_for_ever() -> None:
    random = random_from("clock")
    right, ahead = new_prekey(b"", NOW, random), new_prekey(b"", NOW + 10 * PREKEY_S, random)
    assert current_of([right, ahead], NOW) is right
    assert current_of([ahead], NOW) is None


def test_private_halves_are_kept_as_long_as_a_record_that_names_them_may_live() -> None:
    assert PREKEY_KEPT_S >= INBOX_RECORD_S


@given(st.text(), st.floats(0, 2e9))
@settings(deadline=None)
def test_a_batch_is_of_different_keys_under_different_numbers(seed: str, now: float) -> None:
    # Invariant: numbers are from 1 (0 says that there is none) to 2^48, so that both languages have them exactly.
    batch = new_batch(bytes(32), now, random_from(seed))
    assert len(batch) == PREKEYS_AT_ONCE
    for values in ({one.number for one in batch}, {one.secret for one in batch}, {one.public for one in batch}):
        assert len(values) == PREKEYS_AT_ONCE
    for one in batch:
        assert 1 <= one.number <= 2**48
        assert (one.holder, one.made) == (bytes(32), now)
        assert one.public == x25519_public(one.secret)


def test_the_extremes_of_a_number() -> None:
    assert new_prekey(b"", NOW, bytes).number == 1
    assert new_prekey(b"", NOW, lambda size: b"\xff" * size).number == 2**48


def test_what_a_record_names_is_signed_by_its_owner() -> None:
    one = new_prekey(b"", NOW, random_from("signed"))
    prekey = prekey_of(one, ALICE)
    assert prekey[:2] == (one.number, one.public)
    check_prekey(prekey, ALICE.id)


def test_no_private_half_is_shown() -> None:
    one = new_prekey(b"", NOW, random_from("shown"))
    assert repr(one.secret) not in repr(one)
