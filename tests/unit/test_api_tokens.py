"""Tokens of the API on TCP: they work once, for a while, in bounded numbers; programs' are kept as digests."""

from __future__ import annotations

import json
import stat
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wherry.api.limits import PROGRAMS, SESSION_IDLE_S, SESSION_S, SESSIONS
from wherry.api.programs import Programs
from wherry.api.tokens import Sessions, Spendables, digest_of, new_token
from wherry.errors import BadRequest, HomeUnusable


class Random:
    """Random bytes that never come twice, and that a failing test draws again."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self, size: int) -> bytes:
        return next(self._numbers).to_bytes(size, "big")


def test_a_token_has_256_bits_and_stands_in_an_address() -> None:
    token = new_token(lambda size: b"\xff" * size)
    assert len(token) == 43
    assert token.replace("_", "").replace("-", "").isalnum()


@pytest.mark.parametrize("token", ["é", "x" * 10_000, "\udc80"])
def test_what_is_no_token_is_not_even_hashed(token: str) -> None:
    assert digest_of(token) is None
    assert Spendables[bool](Random(), seconds=1, most=1).spend(token, 0) is None
    assert Sessions(Random()).find(token, 0) is None
    assert Programs(None).find(token) is None


class SpendableMachine(RuleBasedStateMachine):
    """Against a model: a token gives its value once, before its end, unless newer ones pushed it out."""

    # Invariant: never more than `MOST` wait; what was spent, is too old or was pushed out is nobody's.
    MOST, SECONDS = 3, 10.0

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.spendables = Spendables[int](Random(), seconds=self.SECONDS, most=self.MOST)
        self.model: dict[str, tuple[float, int]] = {}
        self.all: list[str] = []

    @rule(seconds=st.floats(0, 8))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(value=st.integers())
    def issue(self, value: int) -> None:
        self.model = {token: kept for token, kept in self.model.items() if kept[0] > self.now}
        if len(self.model) == self.MOST:
            del self.model[next(iter(self.model))]
        token = self.spendables.issue(value, self.now)
        self.model[token] = (self.now + self.SECONDS, value)
        self.all.append(token)

    @rule(which=st.integers(0, 30))
    def spend(self, which: int) -> None:
        token = self.all[which % len(self.all)] if self.all else "never issued"
        ends, value = self.model.pop(token, (0.0, 0))
        assert self.spendables.spend(token, self.now) == (value if ends > self.now else None)

    @invariant()
    def bounded(self) -> None:
        assert len(self.spendables) <= self.MOST


TestSpendables = SpendableMachine.TestCase


def test_a_session_ends_when_it_is_not_used_and_when_its_week_is_over() -> None:
    sessions = Sessions(Random())
    token, session = sessions.begin(0)
    ended: list[bool] = []
    session.on_end.add(lambda: ended.append(True))
    for hour in range(0, int(SESSION_S), 3_600):
        assert sessions.find(token, hour) is session
    assert sessions.find(token, SESSION_S) is None
    assert (ended, session.ended, len(sessions)) == ([True], True, 0)

    token, session = sessions.begin(0)
    assert sessions.find(token, SESSION_IDLE_S - 1) is session
    assert sessions.find(token, 2 * SESSION_IDLE_S - 1) is None
    assert session.ended


def test_a_session_that_is_being_answered_does_not_idle() -> None:
    sessions = Sessions(Random())
    token, session = sessions.begin(0)
    session.on_end.add(lambda: None)
    assert sessions.find(token, SESSION_IDLE_S + 1) is session


def test_one_session_too_many_ends_the_one_that_was_used_least_lately() -> None:
    sessions = Sessions(Random())
    first, kept = sessions.begin(0)
    second, lost = sessions.begin(1)
    for number in range(SESSIONS - 2):
        sessions.begin(2 + number)
    sessions.find(first, 100)
    sessions.begin(101)
    assert len(sessions) == SESSIONS
    assert (kept.ended, lost.ended) == (False, True)
    assert sessions.find(second, 102) is None
    assert sessions.end_all() == SESSIONS
    assert kept.ended


def test_programs_outlive_the_node_as_digests(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    programs = Programs(file)
    token = programs.new("bot", random=Random(), created="2026-01-01T00:00:00Z")
    assert token.startswith("wherry_")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token.removeprefix("wherry_") not in file.read_text()
    again = Programs(file)
    caller = again.find(token)
    assert caller is not None
    assert (caller.name, again.all()) == ("bot", [("bot", "2026-01-01T00:00:00Z")])
    again.revoke("bot")
    assert caller.ended
    assert again.find(token) is None
    assert Programs(file).find(token) is None
    assert json.loads(file.read_text()) == {"v": 1, "tokens": []}


def test_names_are_one_programs_alone_and_not_without_end() -> None:
    programs, random = Programs(None), Random()
    programs.new("bot", random=random, created="")
    with pytest.raises(BadRequest, match="already"):
        programs.new("bot", random=random, created="")
    with pytest.raises(BadRequest, match="no token"):
        programs.revoke("cat")
    for number in range(PROGRAMS - 1):
        programs.new(f"bot{number}", random=random, created="")
    with pytest.raises(BadRequest, match=f"{PROGRAMS} tokens"):
        programs.new("one-more", random=random, created="")


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps({"tokens": text}).encode()))
def test_a_damaged_file_of_tokens_is_refused_and_stays(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    # Invariant: any bytes are a file of tokens or a typed error, and are never written over by reading.
    file = tmp_path_factory.mktemp("home") / "tokens.json"
    file.write_bytes(data)
    with suppress(HomeUnusable):
        Programs(file)
    assert file.read_bytes() == data
