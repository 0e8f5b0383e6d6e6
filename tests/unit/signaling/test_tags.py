"""Tags, work, names and safety numbers: what the vectors say, and what no two of them share."""

from __future__ import annotations

from golden import Vector, vectors
from hypothesis import given, settings, strategies as st

from wherry_signaling import tags
from wherry_signaling.identity import Identity, PeerId

seeds = st.binary(min_size=32, max_size=32)


@vectors("tags", "week", good=True)
def test_the_week_of_a_moment(vector: Vector) -> None:
    assert tags.week_of(vector["now"]) == vector["week"]


@vectors("tags", "secret", good=True)
def test_what_friends_share(vector: Vector) -> None:
    assert tags.friend_secret(Identity(vector.hex("seed")), PeerId(vector.hex("theirs"))) == vector.data


@vectors("tags", "tag", good=True)
def test_a_tag_has_these_bytes(vector: Vector) -> None:
    make = {"mailbox": tags.friend_tag, "request": tags.request_tag}[vector["sort"]]
    recipient, mailbox = PeerId(vector.hex("recipient")), PeerId(vector.hex("mailbox"))
    assert make(vector.hex("key"), recipient, mailbox, vector["week"]) == vector.data


@vectors("tags", "work", good=True)
def test_work_is_what_has_sixteen_zero_bits(vector: Vector) -> None:
    assert tags.has_work(vector.hex("tag"), vector.hex("sealed"), vector.data) is vector["enough"]


@vectors("tags", "name", good=True)
def test_the_name_of_an_envelope(vector: Vector) -> None:
    assert tags.envelope_name(vector.hex("sealed")) == vector.data


@vectors("tags", "safety", good=True)
def test_a_safety_number(vector: Vector) -> None:
    assert tags.safety_number(PeerId(vector.hex("one")), PeerId(vector.hex("other"))) == vector["text"]
    assert vector.data == vector["text"].encode()


@given(seeds, seeds)
@settings(deadline=None)
def test_both_sides_make_the_same_secret(one: bytes, other: bytes) -> None:
    # Invariant: friends agree on their secret without a word, and on none with anybody else.
    a, b = Identity(one), Identity(other)
    assert tags.friend_secret(a, b.id) == tags.friend_secret(b, a.id)
    if one != other:
        assert tags.friend_secret(a, b.id) != tags.friend_secret(a, a.id)


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=300), st.integers(0, 8))
@settings(deadline=None)
def test_work_that_was_found_is_work(tag: bytes, sealed: bytes, bits: int) -> None:
    # Invariant: what `find_work` gives counts for that tag and envelope, at that price or below it.
    nonce = tags.find_work(tag, sealed, bits)
    assert tags.has_work(tag, sealed, nonce, bits)
    assert not tags.has_work(tag, sealed, nonce, 257)
    assert not tags.has_work(tag, sealed, nonce[:-1], 0)
