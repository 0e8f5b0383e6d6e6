"""The table of domains, and how what is signed is joined."""

from __future__ import annotations

from golden import Vector, load, vectors
from hypothesis import given, strategies as st

from wherry_signaling import domains
from wherry_signaling.domains import Purpose, join


def test_the_table_is_that_of_the_vectors() -> None:
    table = {vector.data for vector in load("domains") if vector.value["kind"] == "domain"}
    assert set(domains.ALL) == table
    assert len(domains.ALL) == len(table)


@vectors("domains", "purpose", good=True)
def test_a_purpose_has_its_number_and_domain(vector: Vector) -> None:
    assert Purpose(vector["purpose"]).domain == vector.data


def test_every_purpose_is_in_the_vectors() -> None:
    assert set(Purpose) == {vector["purpose"] for vector in load("domains") if vector["kind"] == "purpose"}


@vectors("domains", "join", good=True)
def test_parts_are_joined_with_their_lengths(vector: Vector) -> None:
    assert join(*(bytes.fromhex(part) for part in vector["parts"])) == vector.data


def test_no_domain_is_a_prefix_of_another() -> None:
    for one in domains.ALL:
        assert one.startswith(b"wherry/1/")
        assert [other for other in domains.ALL if other.startswith(one)] == [one]


def test_every_domain_is_listed() -> None:
    named = {value for value in vars(domains).values() if isinstance(value, bytes) and value.startswith(b"wherry/")}
    assert named <= set(domains.ALL)


@given(st.lists(st.binary(max_size=9), max_size=5), st.lists(st.binary(max_size=9), max_size=5))
def test_no_two_lists_of_parts_give_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    # Invariant: join is injective, so that what was signed has one reading.
    assert (join(*one) == join(*other)) == (one == other)
