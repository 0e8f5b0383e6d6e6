"""How the command line says things: states, sizes, times, columns, and what foreign names may not do to a terminal."""

from __future__ import annotations

import io
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from fake_node import BELA
from hypothesis import given, strategies as st

from wherry.cli import screen, words
from wherry.cli.ping import Tally
from wherry.cli.qr import lines
from wherry.views import ConnectionView, IntroducerView, PathWord, PingReplyView, Reachability, StateWord, rfc3339


def connection(state: StateWord, **more: object) -> ConnectionView:
    return ConnectionView(peer=str(BELA), state=state, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (connection("direct_lan"), "direct (lan)"),
        (connection("direct"), "direct"),
        (connection("relayed"), "relayed"),
        (connection("signaling"), "signaling"),
        (connection("connecting"), "connecting"),
        (connection("connecting", phase="ringing 2 of 3"), "connecting (ringing 2 of 3)"),
        (connection("waiting"), "not here"),
        (connection("waiting", since=datetime.now(UTC).isoformat()), "not here, seen "),
        (connection("unreachable", because="no path works"), "unreachable: no path works"),
        (connection("self_offline"), "offline"),
    ],
)
def test_every_state_has_its_words(view: ConnectionView, said: str) -> None:
    assert words.way(view).startswith(said)


def test_no_state_is_without_words() -> None:
    assert all(words.way(connection(state)) for state in get_args(StateWord))
    assert all(words.path(path) for path in get_args(PathWord))


def test_reachability_says_through_whom_or_why_not() -> None:
    ada = IntroducerView(peer=str(BELA), name="Ada", multiaddr="", rtt_ms=18.2)
    assert words.reachable("anywhere", "through 1 introducer", [ada]) == (
        "from anywhere, through 1 introducer (Ada 18 ms)"
    )
    assert words.reachable("network", "nobody else is known yet", []) == (
        "on this network only, because nobody else is known yet"
    )
    assert all(words.reachable(word, "", []) for word in get_args(Reachability))


@pytest.mark.parametrize(
    ("ms", "said"),
    [(None, "-"), (0.42, "0.4 ms"), (9.96, "10 ms"), (18.2, "18 ms"), (999.4, "999 ms"), (2100, "2.1 s")],
)
def test_durations(ms: float | None, said: str) -> None:
    assert words.duration(ms) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (12_000, "12 kB"), (999_900, "1.0 MB"), (1_200_000_000, "1.2 GB")],
)
def test_sizes(count: int, said: str) -> None:
    assert words.size(count) == said


@given(st.integers(0, 10**15))
def test_any_size_is_short(count: int) -> None:
    # No size takes more than nine characters, up to a thousand terabytes.
    assert len(words.size(count)) <= 9


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1, "0 s"), (41, "41 s"), (60, "1 min"), (8040, "2 h 14 min"), (180_000, "2 d 2 h")]
)
def test_spans(seconds: float, said: str) -> None:
    assert words.span(seconds) == said


def test_times_are_short_today_and_dated_before() -> None:
    now = datetime.now().astimezone()
    today = now.replace(hour=12, minute=3)
    assert words.clock(today.isoformat(), now=now) == "12:03"
    before = today - timedelta(days=2)
    assert words.clock(before.isoformat(), now=now) == f"{before.day} {before:%b} 12:03"
    assert words.clock(None) == "-"


@pytest.mark.parametrize("zone", ["UTC", "XXX-14", "XXX+12"])
@pytest.mark.parametrize("seconds", [-1e300, 1e300])
def test_a_time_at_the_calendars_end_is_shown_in_every_zone(
    seconds: float, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        assert re.fullmatch(r"\d+ \w{3} \d\d:\d\d", words.clock(rfc3339(seconds)))
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "text", "shown"),
    [
        (["status"], "No node is running here. Start one: wherry up", "No node is running here. Start one: wherry up"),
        (["status", "--home", "/tmp/b b"], "Start one: wherry up", "Start one: wherry up --home '/tmp/b b'"),
        (["status", "--home=b"], "Start one: wherry up", "Start one: wherry up --home=b"),
        (["send", "--home", "b"], "Ask: wherry friend add ADDRESS", "Ask: wherry friend add --home b ADDRESS"),
        (["send", "--home", "b"], "Help: wherry send --help", "Help: wherry send --help"),
        (["send", "--home", "b"], "Update: Wherry. All of wherry will do", "Update: Wherry. All of wherry will do"),
    ],
)
def test_a_hint_is_for_the_home_that_was_typed(typed: list[str], text: str, shown: str) -> None:
    assert words.at_home(text, typed) == shown


def test_a_column_is_as_wide_as_it_needs_to_be_and_no_name_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(["PEER", "WAY"], [["Bela\x1b[2J\n", "direct"], ["Ada", ""]])
    assert capsys.readouterr().out == "PEER       WAY\nBela [2J   direct\nAda\n"


def test_symbols_fall_back_to_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    screen.say("✓ …k4Zq7P · é")
    stream.seek(0)
    assert stream.read() == "+ ..k4Zq7P - ?\n"


def test_no_colour_but_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert screen.styled("x", "good", Terminal()) == "\x1b[32mx\x1b[0m"
    assert screen.styled("x", "good", io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen.styled("x", "good", Terminal()) == "x"


def test_a_qr_code_in_blocks_and_in_ascii() -> None:
    blocks, plain = (lines("wherry:x", blocks=blocks, terminal=False) for blocks in (True, False))
    assert set("".join(blocks)) <= set("█▀▄ ")
    assert set("".join(plain)) == set("# ")
    assert len(plain) == len(plain[0]) // 2
    assert len(blocks) == (len(plain) + 1) // 2


def ping(rtt_ms: float | None, path: PathWord | None) -> PingReplyView:
    return PingReplyView(peer=str(BELA), rtt_ms=rtt_ms, path=path)


def test_pings_are_counted_and_the_change_to_direct_is_seen() -> None:
    tally = Tally(begun=10.0)
    for reply in (ping(48, "relayed"), ping(None, None), ping(47, "relayed")):
        tally.add(reply, 11.0)
    assert tally.direct_after_s is None
    tally.add(ping(18, "direct"), 12.1)
    assert tally.summary() == "3 of 4 answered, 18/47/48 ms min/median/max; direct after 2.1 s"
    assert Tally(begun=0.0, sent=2).summary() == "0 of 2 answered"


def test_what_was_direct_all_along_did_not_become_so() -> None:
    tally = Tally(begun=0.0)
    for _ in range(3):
        tally.add(ping(1, "direct_lan"), 1.0)
    assert tally.direct_after_s is None
