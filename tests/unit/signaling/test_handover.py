"""What is passed on: the first introducer learns the next one, the next one the recipient, and nobody both."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from introducing import identity

from wherry_signaling.errors import CannotOpen, Malformed, NotForUs
from wherry_signaling.handover import open_handover, seal_handover
from wherry_signaling.limits import SIZE_CLASSES

NEXT, TO, OTHER = identity(1), identity(2), identity(3)


@given(tag=st.sampled_from([b"", bytes(16)]), size=st.sampled_from(SIZE_CLASSES[:-1]))
def test_the_next_introducer_opens_it(tag: bytes, size: int) -> None:
    # Invariant: any envelope but the largest comes out as it went in, and the recipient's key does not show outside.
    sealed = seal_handover(TO.id, tag, bytes(size), introducer=NEXT.id, ephemeral_secret=bytes(range(32)))
    assert TO.id.key not in sealed
    handover = open_handover(sealed, NEXT)
    assert (handover.to, handover.tag, handover.envelope) == (TO.id.key, tag, bytes(size))
    with pytest.raises(NotForUs):
        open_handover(sealed, OTHER)
    with pytest.raises(CannotOpen):
        open_handover(sealed[:-1] + bytes([sealed[-1] ^ 1]), NEXT)


def test_the_largest_envelope_does_not_fit_into_itself() -> None:
    with pytest.raises(Malformed):
        seal_handover(TO.id, b"", bytes(SIZE_CLASSES[-1]), introducer=NEXT.id, ephemeral_secret=bytes(32))


@given(noise=st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    # Invariant: what was not sealed to us is a typed error.
    with pytest.raises((Malformed, NotForUs, CannotOpen)):
        open_handover(noise, NEXT)
