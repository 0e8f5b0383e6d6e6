"""Friendship between two peers as one table: who said what, what holds then, and what is to be said. A core.

Either side may ask, answer, and take it back, at any moment and without a connection; so words cross on their way.
Each side keeps two of them: the word of its own that stands, and the other's. A word is a *request*, or an *acceptance*
that answers one. Friends are two who both have a word that stands::

    stranger, declined, blocked     none               sent       ours
    friends                         ours and theirs    received   theirs

What is said reaches the other side once, and one's words reach it in the order in which they were said (messages/ sees
to that); a request may expire on the way, the other words never do. What answers or ends a word names it by its id; so
a late answer to an older word is told from one to the word that stands, and both sides come to the same, whatever
crossed:

- two requests that cross are a friendship, with no acceptance;
- an acceptance of a request that was withdrawn meanwhile is void ("withdrawn");
- what ends an older word of ours leaves the newer one standing;
- one who is told anything while it has blocked the other says "refused", and nothing changes.

`TABLE` has every step. What a person does that is not in it is refused; what a peer says that is not in it changes
nothing. The page docs/why/friendship.md shows it, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ..messages.packets import Kind, Reason


class State(StrEnum):
    """What holds between us and a peer."""

    STRANGER = "stranger"
    SENT = "sent"
    RECEIVED = "received"
    FRIENDS = "friends"
    DECLINED = "declined"
    BLOCKED = "blocked"


class Event(StrEnum):
    """What can happen: done here, said by the other side, or the fate of a word of ours."""

    REQUEST = "we request"
    ACCEPT = "we accept"
    DECLINE = "we decline"
    WITHDRAW = "we withdraw"
    REMOVE = "we remove"
    BLOCK = "we block"
    UNBLOCK = "we unblock"

    THEY_REQUEST = "they request"
    THEY_ACCEPT = "they accept"
    THEY_ACCEPT_LATE = "they accept what no longer stands"
    THEY_DECLINE = "they decline"
    THEY_WITHDRAW = "they withdraw"
    THEY_REMOVE = "they remove"

    VOID = "our word is void"
    EXPIRED = "our word expired"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the table.

    :param state: what holds afterwards.
    :param say: what the other side is to be told.
    :param refuse: why the other side's word is void.
    """

    state: State
    say: Kind | None = None
    refuse: Reason | None = None


_STRANGER, _SENT, _RECEIVED = State.STRANGER, State.SENT, State.RECEIVED
_FRIENDS, _DECLINED, _BLOCKED = State.FRIENDS, State.DECLINED, State.BLOCKED

TABLE: Final[dict[tuple[State, Event], Step]] = {
    # Asking and answering.
    (_STRANGER, Event.REQUEST): Step(_SENT, say=Kind.REQUEST),
    (_DECLINED, Event.REQUEST): Step(_SENT, say=Kind.REQUEST),
    (_RECEIVED, Event.REQUEST): Step(_FRIENDS, say=Kind.ACCEPT),
    (_RECEIVED, Event.ACCEPT): Step(_FRIENDS, say=Kind.ACCEPT),
    (_RECEIVED, Event.DECLINE): Step(_STRANGER, say=Kind.DECLINE),
    (_SENT, Event.WITHDRAW): Step(_STRANGER, say=Kind.WITHDRAW),
    (_FRIENDS, Event.REMOVE): Step(_STRANGER, say=Kind.REMOVE),
    (_DECLINED, Event.REMOVE): Step(_STRANGER),
    # Blocking ends what there was, and says so: else the two would never agree again.
    (_STRANGER, Event.BLOCK): Step(_BLOCKED),
    (_DECLINED, Event.BLOCK): Step(_BLOCKED),
    (_SENT, Event.BLOCK): Step(_BLOCKED, say=Kind.WITHDRAW),
    (_RECEIVED, Event.BLOCK): Step(_BLOCKED, say=Kind.DECLINE),
    (_FRIENDS, Event.BLOCK): Step(_BLOCKED, say=Kind.REMOVE),
    (_BLOCKED, Event.UNBLOCK): Step(_STRANGER),
    # Being asked. A friend who asks has lost its memory of us, not our friendship.
    (_STRANGER, Event.THEY_REQUEST): Step(_RECEIVED),
    (_DECLINED, Event.THEY_REQUEST): Step(_RECEIVED),
    (_RECEIVED, Event.THEY_REQUEST): Step(_RECEIVED),
    (_SENT, Event.THEY_REQUEST): Step(_FRIENDS),
    (_FRIENDS, Event.THEY_REQUEST): Step(_FRIENDS, say=Kind.ACCEPT),
    # Being answered.
    (_SENT, Event.THEY_ACCEPT): Step(_FRIENDS),
    (_FRIENDS, Event.THEY_ACCEPT): Step(_FRIENDS),
    (_SENT, Event.THEY_DECLINE): Step(_DECLINED),
    (_FRIENDS, Event.THEY_DECLINE): Step(_DECLINED),
    **{
        (state, Event.THEY_ACCEPT_LATE): Step(state, refuse=Reason.WITHDRAWN)
        for state in State
        if state is not _BLOCKED
    },
    # They take back their word; ours, if it is a request, stands.
    (_RECEIVED, Event.THEY_WITHDRAW): Step(_STRANGER),
    (_FRIENDS, Event.THEY_WITHDRAW): Step(_SENT),
    # They end both.
    (_RECEIVED, Event.THEY_REMOVE): Step(_STRANGER),
    (_FRIENDS, Event.THEY_REMOVE): Step(_STRANGER),
    (_SENT, Event.THEY_REMOVE): Step(_DECLINED),
    # They did not take our word. Between friends theirs stands: it is answered anew.
    (_SENT, Event.VOID): Step(_DECLINED),
    (_SENT, Event.EXPIRED): Step(_DECLINED),
    (_FRIENDS, Event.VOID): Step(_FRIENDS, say=Kind.ACCEPT),
    (_FRIENDS, Event.EXPIRED): Step(_FRIENDS, say=Kind.ACCEPT),
    # Whoever is blocked hears the same, whatever it says.
    **{(_BLOCKED, event): Step(_BLOCKED, refuse=Reason.REFUSED) for event in Event if event.startswith("they")},
}


@dataclass(frozen=True, slots=True)
class Word:
    """A request, or an acceptance.

    :param answers: the id of the request that it accepts; None for a request.
    """

    id: bytes
    answers: bytes | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something for the other side.

    :param about: the id of the word of theirs that it answers or ends.
    """

    kind: Kind
    id: bytes
    about: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Friendship:
    """What we know of us and a peer.

    :param ours, theirs: the words that stand.
    :param said: the last thing we said, as long as they may not have it.
    :param reason: of `declined`: the void's reason, 0 where it was their own word.
    """

    state: State = State.STRANGER
    ours: Word | None = None
    theirs: Word | None = None
    said: Said | None = None
    reason: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step comes to.

    :param say: to be sent in the same transaction.
    :param refuse: the other side's word is void for this reason.
    """

    friendship: Friendship
    say: Said | None = None
    refuse: Reason | None = None


def we(now: Friendship, event: Event, fresh: bytes) -> Outcome | None:
    """Something that a person does here; None if it cannot be done in this state.

    :param fresh: an id, 16 bytes, for what is said about it.
    """
    return _go(now, event, fresh)


def they(now: Friendship, kind: Kind, word: bytes, about: bytes | None, fresh: bytes) -> Outcome:
    """Something that the other side has said.

    :param word: the id of the item that said it.
    :param about: the id of the word of ours that it answers or ends; None if it did not say.
    :param fresh: an id for what is said in return.
    """
    event = _heard(now, kind, about)
    heard = Word(word, about or bytes(16) if kind == Kind.ACCEPT else None)
    outcome = _go(now, event, fresh, heard) if event is not None else None
    return outcome or Outcome(friendship=now)


def fate(now: Friendship, word: bytes, reason: int | None, fresh: bytes) -> Outcome | None:
    """What became of something we said; None if it changes nothing.

    :param word: its id.
    :param reason: the void's; None if it was delivered.
    :param fresh: an id for what is said in return.
    """
    last = now.said is not None and now.said.id == word
    after = replace(now, said=None) if last else now
    if reason is not None and now.ours is not None and now.ours.id == word:
        outcome = _go(after, _fate_of(now.ours, reason), fresh)
        if outcome is not None and outcome.friendship.state is State.DECLINED:
            return replace(outcome, friendship=replace(outcome.friendship, reason=reason))
        return outcome
    return Outcome(friendship=after) if last else None


def _heard(now: Friendship, kind: Kind, about: bytes | None) -> Event | None:
    """Which event it is, given what stands here."""
    meant = now.ours is not None and about in (None, now.ours.id)
    answered = now.ours is not None and now.ours.answers is not None
    match kind:
        case Kind.REQUEST:
            return Event.THEY_REQUEST
        case Kind.ACCEPT:
            return Event.THEY_ACCEPT if meant else Event.THEY_ACCEPT_LATE
        case Kind.DECLINE:
            return Event.THEY_DECLINE if meant or now.state is State.BLOCKED else None
        case Kind.WITHDRAW:
            # Our acceptance falls with the request that it answers.
            return Event.THEY_REMOVE if answered else Event.THEY_WITHDRAW
        case Kind.REMOVE:
            return Event.THEY_REMOVE if meant or answered or now.ours is None else Event.THEY_WITHDRAW
        case _:
            return None


def _fate_of(ours: Word, reason: int) -> Event:
    """Which event it is that a word which stands was not taken."""
    if reason == Reason.EXPIRED:
        return Event.EXPIRED
    # An acceptance is void where the request was taken back: nothing stands there any more.
    return Event.VOID if ours.answers is None else Event.THEY_REMOVE


def _go(now: Friendship, event: Event, fresh: bytes, heard: Word | None = None) -> Outcome | None:
    step = TABLE.get((now.state, event))
    if step is None:
        return None
    if step.refuse is not None:
        return Outcome(friendship=now, refuse=step.refuse)
    theirs = heard if heard is not None and event in (Event.THEY_REQUEST, Event.THEY_ACCEPT) else now.theirs
    say = None
    if step.say is not None:
        say = Said(step.say, fresh, theirs.id if theirs is not None and step.say != Kind.REQUEST else None)
    ours = now.ours
    if say is not None and say.kind in (Kind.REQUEST, Kind.ACCEPT):
        ours = Word(say.id, say.about if say.kind == Kind.ACCEPT else None)
    friendship = Friendship(
        state=step.state,
        ours=ours if step.state in (State.SENT, State.FRIENDS) else None,
        theirs=theirs if step.state in (State.RECEIVED, State.FRIENDS) else None,
        said=say or now.said,
        reason=0 if step.state is State.DECLINED else None,
    )
    return Outcome(friendship=friendship, say=say)
