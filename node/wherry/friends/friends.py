"""Friends: asked by address, answered, removed, blocked; and the gate that says who may send what.

The steps are those of `states.TABLE`; this keeps them, in one transaction with what the other side is told and with the
acknowledgement of what it said. Everything is done at once here and reaches the other side by the post, whenever that
is: nothing needs a connection.

What people type is checked before anything changes and raises a typed error; what became of a request stays with the
friendship, as `FriendView.failure`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from wherry_signaling.address import Address, InviteLink
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import PeerId

from ..errors import AlreadyFriends, BadRequest, LocalError, NoRequest, NotFriends, PeerBlocked
from ..messages.failures import failure_of
from ..messages.handlers import After, Void
from ..messages.limits import LIFETIME_S
from ..messages.packets import Item, Kind, Reason
from ..messages.seam import PostSeam
from ..store.store import Store
from . import states
from .addresses import Addresses
from .bodies import Accept, Body, Decline, Remove, Request, Withdraw, Word, decode_word, encode, one_line, paragraph
from .circle import WORDS, Circle, Writers
from .events import FriendChanged
from .friend_store import FriendRow, FriendStore
from .limits import HELLO_BYTES, PENDING, REASON_CHARACTERS, WORD_LIFETIME_S
from .profiles import Profiles
from .states import Event, Outcome, Said, State


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendView:
    """One contact, as it is shown.

    :param peers: all its peer ids; `peer` is the one that the friendship was made with.
    :param label: the private name; it wins over `name`, the claimed one.
    :param hello: of the request, theirs or ours.
    :param since: when the state was entered, seconds since 1970.
    :param compared: when the safety numbers were compared and equal, seconds since 1970; 0: never.
    :param failure: of a declined request: why.
    """

    peer: PeerId
    peers: tuple[PeerId, ...]
    state: State
    label: str
    name: str
    hello: str
    since: float
    compared: float
    failure: RemoteError | None


class Friends(Circle):
    """See the module.

    :param writers: who may write messages.
    :param wall_clock: seconds since 1970.
    :param random: so many random bytes.
    :param on_event: told of each change, once it is kept.
    """

    def __init__(
        self,
        me: PeerId,
        store: Store,
        post: PostSeam,
        *,
        addresses: Addresses,
        profiles: Profiles,
        wall_clock: Callable[[], float],
        random: Callable[[int], bytes],
        on_event: Callable[[FriendChanged], None],
        writers: Writers = "friends",
    ) -> None:
        super().__init__(FriendStore(store.database), writers, wall_clock)
        self._me, self._store, self._post = me, store, post
        self._addresses, self._profiles = addresses, profiles
        self._random, self._on_event = random, on_event
        self._changing: dict[PeerId, State] = {}
        for kind in WORDS:
            post.serve(kind, self._take, settled=self._settled)

    # -- asked by people ----------------------------------------------------------------------------------------------

    def add(self, who: Address | InviteLink | PeerId, hello: str = "") -> FriendView:
        """Ask somebody to be friends; of one who has asked us, that is accepting.

        Asking again with another address or hello takes the first request back.

        :param who: a bare peer id will do for one who has asked.
        :param hello: 1 KiB at most.
        :raises BadRequest: if it is our own address, or too much is said, or an id alone is not enough.
        :raises AlreadyFriends, PeerBlocked: if that is so.
        :raises OutboxFull, DiskFull: if it cannot be kept.
        """
        address = who.address if isinstance(who, InviteLink) else who
        peer, nospam = (address, None) if isinstance(address, PeerId) else (address.peer, address.nospam)
        if peer == self._me:
            raise BadRequest("that is this node's own address", hint="Give another peer's.", peer=str(peer))
        hello = paragraph(hello)
        if len(hello.encode()) > HELLO_BYTES:
            raise BadRequest(f"the hello has more than {HELLO_BYTES} bytes", hint="Say less.", peer=str(peer))
        row = self._rows.get(peer)
        if nospam is None and row.friendship.state in (State.STRANGER, State.DECLINED):
            hint = "Ask for their address or their invite link."
            raise BadRequest("a request needs an address, not an id alone", hint=hint, peer=str(peer))
        if row.friendship.state is State.SENT:
            if nospam in (None, row.nospam) and hello in ("", row.hello):
                return self.get(peer)
            nospam, hello = nospam or row.nospam, hello or row.hello
        with self._store.database.write():
            if row.friendship.state is State.SENT:
                self._do(peer, Event.WITHDRAW)
            received = row.friendship.state is State.RECEIVED
            self._do(peer, Event.REQUEST, hello=row.hello if received else hello, nospam=nospam)
        return self.get(peer)

    def accept(self, peer: PeerId) -> FriendView:
        """Be friends with one who has asked.

        :raises NoRequest: if it has not.
        """
        return self._done(peer, Event.ACCEPT)

    def decline(self, peer: PeerId, reason: str = "") -> FriendView:
        """Say no to one who has asked.

        :param reason: what the other side is told; nothing, if nothing.
        :raises NoRequest: if it has not asked.
        """
        return self._done(peer, Event.DECLINE, answer=one_line(reason)[:REASON_CHARACTERS])

    def withdraw(self, peer: PeerId) -> FriendView:
        """Take a request back.

        :raises NoRequest: if there is none that waits.
        """
        return self._done(peer, Event.WITHDRAW)

    def remove(self, peer: PeerId) -> FriendView:
        """Be friends no longer, and tell; or put away a request that was declined. Messages stay.

        :raises NotFriends: if there is nothing to remove.
        """
        return self._done(peer, Event.REMOVE)

    def block(self, peer: PeerId) -> FriendView:
        """Hear nothing of a peer any more. A friendship or a request ends with it, and the other side is told that end.

        :raises BadRequest: if it is this node itself.
        """
        if peer == self._me:
            raise BadRequest("that is this node's own id", hint="Give another peer's.", peer=str(peer))
        return self.get(peer) if self.is_blocked(peer.key) else self._done(peer, Event.BLOCK)

    def unblock(self, peer: PeerId) -> FriendView:
        """Let a peer ask again; it is a stranger now."""
        return self._done(peer, Event.UNBLOCK) if self.is_blocked(peer.key) else self.get(peer)

    def label(self, peer: PeerId, text: str) -> None:
        """Give it a private name; empty: none.

        :raises DiskFull: if it cannot be kept.
        """
        self._store.label(peer, text)

    def compared(self, peer: PeerId, same: bool) -> FriendView:
        """Our person has compared the safety numbers with a contact.

        :raises NotFriends: if there is nothing with that peer that it could be noted of.
        """
        row = self._rows.get(peer)
        if row.friendship.state is State.STRANGER:
            raise NotFriends(peer=str(peer))
        self._rows.put(replace(row, compared=self._wall_clock() if same else 0.0))
        return self.get(peer)

    # -- shown --------------------------------------------------------------------------------------------------------

    def list(self) -> list[FriendView]:
        """Everybody with whom there is something, the latest change first; `state` says what."""
        names, peers = self._rows.names(), self._rows.peers()
        rows = [row for row in self._rows.all() if row.friendship.state is not State.STRANGER]
        return [_view(row, peers[row.peer], *names[row.peer]) for row in rows]

    def get(self, peer: PeerId) -> FriendView:
        """One of them, or a stranger."""
        row, known = self._rows.get(peer), self._store.peer(peer)
        label, claimed = (known.label, known.claimed) if known is not None else ("", "")
        return _view(row, self._rows.peers_of(row.peer), label, self._profiles.of(row.peer).name or claimed)

    # -- for the other rooms ------------------------------------------------------------------------------------------

    def take_up(self) -> None:
        """After a restore from a copy: say again what the copy does not know to be heard, under its old id."""
        with self._store.database.write():
            for row in self._rows.unheard():
                if row.friendship.said is not None:
                    self._tell(row, row.friendship.said)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _done(self, peer: PeerId, event: Event, *, answer: str = "") -> FriendView:
        self._do(peer, event, answer=answer)
        return self.get(peer)

    def _do(
        self, peer: PeerId, event: Event, *, hello: str | None = None, nospam: bytes | None = None, answer: str = ""
    ) -> None:
        row = self._rows.get(peer)
        outcome = states.we(row.friendship, event, self._random(16))
        if outcome is None:
            raise _refusal(row, event)
        if hello is not None:
            row = replace(row, hello=hello, nospam=nospam or row.nospam)
        with self._store.database.write():
            self._keep(replace(row, answer=answer), outcome, by_them=False)

    def _take(self, peer: PeerId, item: Item) -> After | None:
        """What the other side says."""
        row = self._rows.get(peer)
        word = decode_word(item.kind, item.body)
        about = word.about if isinstance(word, Accept | Decline | Remove) else None
        outcome = states.they(row.friendship, Kind(item.kind), item.id, about, self._random(16))
        if outcome.refuse is not None:
            raise Void(outcome.refuse)
        news = False
        if isinstance(word, Request) and outcome.friendship.state is State.RECEIVED:
            self._may_ask(row, word)
            news = word.hello != row.hello
            row = replace(row, hello=word.hello)
        if isinstance(word, Decline) and isinstance(word.reason, str):
            row = replace(row, answer=word.reason)
        if outcome.friendship != row.friendship:
            self._keep(row, outcome, by_them=True, news=news)
            self._learn(row.peer, word)
        return None

    def _may_ask(self, row: FriendRow, request: Request) -> None:
        """A request that would have to wait for an answer: by a current address, while there is room."""
        if not self._addresses.is_current(request.nospam):
            raise Void(Reason.OLD_ADDRESS)
        if row.friendship.state is not State.RECEIVED and self._rows.count(State.RECEIVED) >= PENDING:
            raise Void(Reason.FULL)

    def _learn(self, peer: PeerId, word: Word) -> None:
        if isinstance(word, Request | Accept) and self._rows.get(peer).friendship.theirs is not None:
            self._profiles.learn_name(peer, word.name)

    def _settled(self, peer: PeerId, item: bytes, reason: int | None) -> None:
        """What became of something that we said."""
        row = self._rows.get(peer)
        outcome = states.fate(row.friendship, item, reason, self._random(16))
        if outcome is not None:
            self._keep(row, outcome, by_them=True)

    def _keep(self, row: FriendRow, outcome: Outcome, *, by_them: bool, news: bool = False) -> None:
        before, after = row.friendship, outcome.friendship
        if after.state is not before.state:
            row = replace(row, since=self._wall_clock())
        if after.state is State.FRIENDS and before.state is not State.FRIENDS:
            row = replace(row, profile_told=0, profile_item=None)
        row = replace(row, friendship=after)
        self._rows.put(row)
        if outcome.say is not None:
            self._tell(row, outcome.say)
        if after.state is State.FRIENDS:
            self._profiles.tell(row)
        if after.state in (State.STRANGER, State.DECLINED) and before.state is not after.state:
            self._profiles.forget(row.peer)
        if after.state is not before.state or news:
            self._change(row.peer, before.state, by_them=by_them)

    def _change(self, peer: PeerId, before: State, *, by_them: bool) -> None:
        """Say it once it is kept: of many changes in one transaction, what they come to."""
        database = self._store.database

        def kept() -> None:
            first = self._changing.pop(peer, before)
            state = self._rows.state(peer.key)
            self._on_event(FriendChanged(peer=peer, state=state, before=first, by_them=by_them))

        def undone() -> None:
            self._changing.pop(peer, None)

        if peer not in self._changing:
            self._changing[peer] = before
            database.after_undo(undone)
            database.after_commit(kept)

    def _tell(self, row: FriendRow, said: Said) -> None:
        lifetime_s = LIFETIME_S if said.kind == Kind.REQUEST else WORD_LIFETIME_S
        self._post.send(row.peer, said.kind, encode(self._body(row, said)), item=said.id, lifetime_s=lifetime_s)

    def _body(self, row: FriendRow, said: Said) -> Body:
        name = self._profiles.own().name
        match said.kind:
            case Kind.REQUEST:
                return Request(row.nospam or bytes(8), name, row.hello)
            case Kind.ACCEPT:
                return Accept(name, said.about)
            case Kind.DECLINE:
                return Decline(row.answer, said.about)
            case Kind.REMOVE:
                return Remove(said.about)
            case _:
                return Withdraw()


def _view(row: FriendRow, peers: tuple[PeerId, ...], label: str, name: str) -> FriendView:
    reason = row.friendship.reason
    return FriendView(
        peer=row.peer,
        peers=peers,
        state=row.friendship.state,
        label=label,
        name=name,
        hello=row.hello,
        since=row.since,
        compared=row.compared,
        failure=None if reason is None else failure_of(reason, row.peer, row.answer),
    )


def _refusal(row: FriendRow, event: Event) -> LocalError:
    peer, state = str(row.peer), row.friendship.state
    if state is State.BLOCKED:
        return PeerBlocked(peer=peer)
    match event:
        case Event.REQUEST:
            return AlreadyFriends(peer=peer)
        case Event.REMOVE if state is State.SENT:
            return NotFriends("the request waits for an answer", hint="Take it back: wherry friend withdraw", peer=peer)
        case Event.REMOVE:
            return NotFriends(peer=peer)
        case _:
            return NoRequest(peer=peer)
