"""Friends and messages of one node: the post, its ways, our mailboxes, and the features that use them; wired here.

No piece imports another's owner; what it needs of the rest is passed to it. `Parts` (assembly.py) opens this after the
network and the dialer, and closes it before them.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from wherry_signaling.client.guests import Guests
from wherry_signaling.client.introducers import Held
from wherry_signaling.domains import Purpose
from wherry_signaling.envelope import open_sealed
from wherry_signaling.errors import RemoteError, WherryError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import InboxRecord, check_document
from wherry_signaling.scope import Scope
from wherry_signaling.sockets import Connect
from wherry_signaling.tags import friend_secret, friend_tag, request_tag
from wherry_signaling.tasks import Tasks

from .connect.records import Records
from .copying import take_up
from .events import Events
from .friends.addresses import Addresses
from .friends.circle import MESSAGES, Circle, Writers
from .friends.company import Company
from .friends.events import AddressesChanged, FriendChanged, FriendEvent, PresenceChanged, ProfileChanged
from .friends.friend_store import FriendStore
from .friends.friends import Friends
from .friends.presence import Presences
from .friends.profile_store import ProfileStore
from .friends.profiles import Profiles
from .friends.states import State
from .invitations import Invitations
from .messages.carrier import NodeWays, Right
from .messages.events import MessageEvent
from .messages.history import History
from .messages.inboxes import Inboxes
from .messages.letterbox import Letterbox, add_letterbox, ask_inbox
from .messages.mail_store import MailStore
from .messages.message_store import MessageStore
from .messages.own_inbox import OwnInbox
from .messages.own_mailboxes import OwnMailboxes, Tags
from .messages.packets import Item, Kind
from .messages.post import Post
from .network import Network
from .places import Places
from .sessions import Sessions
from .store import Store
from .store.locks import BodyLock
from .telling import tell

log = logging.getLogger(__name__)

#: Seconds between two times that what rests is tidied: a merge writes the whole index anew, once for all deletions.
TIDY_S: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What friends and messages need of the node.

    :ivar held: the introducers that hold a reservation for us now.
    :ivar own_record: our signed peer record.
    :ivar listed: whether the configuration lists a 32-byte key among its friends: they may write, too.
    :ivar locked: whether the identity is under a passphrase, and message bodies are to rest locked by it.
    :ivar keep_name: told what our person wants to be called from now on.
    :ivar wall_clock: seconds since 1970 by network time.
    """

    identity: Identity
    name: str
    store: Store
    network: Network
    guests: Guests
    records: Records
    places: Places
    connect: Connect
    held: Callable[[], Sequence[Held]]
    own_record: Callable[[], bytes]
    dial: Callable[[PeerId], Awaitable[object]]
    events: Events
    writers: Writers
    listed: Callable[[bytes], bool]
    locked: bool
    keep_name: Callable[[str], None]
    wall_clock: Callable[[], float]


class Mail:
    """See the module; opened once, started once and after each suspension.

    :ivar friends: contacts, and who may write.
    :ivar history: messages.
    :ivar invitations: requests with a reply.
    :ivar sessions: several streams as one.
    """

    def __init__(self, around: Around) -> None:
        self._around = around
        me, store, clock = around.identity.id, around.store, around.wall_clock
        database = store.database
        circle = Circle(FriendStore(database), around.writers, clock)  # asked before there are Friends
        lock = BodyLock(around.identity.seed, secrets.token_bytes)
        self._mail = MailStore(database, lock)
        self._secret = lru_cache(maxsize=4096)(lambda peer: friend_secret(around.identity, peer))
        self._told: dict[PeerId, int] = {}
        self._tasks = Tasks("mail")
        self.inboxes = Inboxes(
            me,
            self._mail,
            sources=around.places.sources,
            ask_peer=lambda peer: ask_inbox(around.network, peer),
            wall_clock=clock,
        )
        self.ways = NodeWays(
            network=around.network,
            guests=around.guests,
            records=around.records,
            inboxes=self.inboxes,
            right=self._right,
            documents=self._documents,
            wall_clock=clock,
        )
        self.post = Post(
            around.identity,
            database,
            self._mail,
            ways=self.ways,
            is_known=lambda peer: circle.is_known(peer) or around.listed(peer.key),
            learn=self._learn,
            wall_clock=clock,
            random=secrets.token_bytes,
        )
        self.own_inbox = OwnInbox(
            around.identity,
            self.post.keys,
            mailboxes=lambda: self.mailboxes.current(),
            look_up=lambda: around.places.ask_dht(Purpose.INBOX_RECORD, me),
            publish=around.places.publish,
            last_sequence=store.sequence(Purpose.INBOX_RECORD),
            keep_sequence=lambda sequence: store.remember_sequence(Purpose.INBOX_RECORD, sequence),
            wall_clock=clock,
        )
        self.mailboxes = OwnMailboxes(
            around.identity,
            self._mail,
            around.connect,
            held=around.held,
            tags=self._tags,
            new_prekeys=self.post.keys.batch,
            take=lambda sealed, scope: self.take(sealed, scope, collected=True),
            on_change=self.own_inbox.publish_now,
            avoid=lambda peer: self.friends.is_friend(peer.key),
            wall_clock=clock,
        )
        self.company = Company(
            lambda: self.friends.friends(),
            is_connected=lambda peer: around.network.peer(peer) is not None,
            dial=around.dial,
        )
        self.addresses = Addresses(
            me, database, wall_clock=clock, random=secrets.token_bytes, on_event=self._friend_event
        )
        self._profiles = ProfileStore(database)
        self.profiles = Profiles(me, store, self.post, name=around.name, on_event=self._friend_event)
        self.friends = Friends(
            me,
            store,
            self.post,
            addresses=self.addresses,
            profiles=self.profiles,
            wall_clock=clock,
            random=secrets.token_bytes,
            on_event=self._friend_event,
            writers=around.writers,
        )
        self.invitations = Invitations(
            me,
            database,
            self.post,
            lock=lock,
            is_friend=lambda key: self.friends.is_friend(key) or around.listed(key),
            wall_clock=clock,
        )
        self.sessions = Sessions(around.network, self.invitations, random=secrets.token_bytes)
        self.post.handlers.admit = self._admit
        self.presences = Presences(
            self._profiles, self.post, is_friend=self.friends.is_friend, on_event=self._friend_event
        )
        self._messages = MessageStore(database, lock, locking=around.locked)
        self.history = History(
            me,
            database,
            self._messages,
            self.post,
            contacts=self.friends,
            wall_clock=clock,
            random=secrets.token_bytes,
            on_event=self._message_event,
        )
        self.post.handlers.remember(self.history.known)

    async def open(self, stack: AsyncExitStack) -> None:
        """Put the components on the network, which has not started, and begin; `stack` ends it."""
        network = self._around.network
        await network.add(self.presences)
        letterbox = Letterbox(take=self.take, own_inbox=lambda: self.own_inbox.document, connected=self.post.notice)
        await add_letterbox(network, letterbox)
        await stack.enter_async_context(self.invitations)
        await stack.enter_async_context(self.sessions)

    async def start(self, stack: AsyncExitStack) -> None:
        """Begin to carry letters: once introducers are looked for. A copy first says again what it is not sure of."""
        take_up(self._around.store.database, self.friends, self.history)
        await stack.enter_async_context(self.post)
        self._tasks = Tasks("mail")
        stack.push_async_callback(self._tasks.close)
        self.company.poke()
        self._tasks.start(self.own_inbox.run(), "own inbox record")
        self._tasks.start(self.mailboxes.run(), "own mailboxes")
        self._tasks.start(self.company.run(), "company")
        self._tasks.start(self._tidy(), "tidying")

    async def _tidy(self) -> None:
        """Have everything rest as it is to, a batch at a time: bodies locked or open, words of deleted messages gone.

        Now, and then again: there may be more, or room on a disk that was full.
        """
        while True:
            try:
                self._messages.sweep(self._around.wall_clock())
                for work in (self._messages.settle_locks(), self._messages.settle_words()):
                    for _ in work:
                        await asyncio.sleep(0)
            except WherryError as error:
                log.warning("what rests is not tidied: %s", error)
            await asyncio.sleep(TIDY_S)

    # -- from the node ------------------------------------------------------------------------------------------------

    def take(self, sealed: bytes, scope: Scope, *, collected: bool = False) -> bool:
        """Take a sealed envelope that came over a connection or out of a mailbox; False if it must stay there."""
        try:
            envelope = open_sealed(sealed, recipient=self._around.identity)
        except RemoteError as error:
            log.debug("something that is no letter: %s", error.code)
            return True
        return self.post.deliver(sealed, envelope, scope, collected=collected)

    def introducers_changed(self) -> None:
        """There are others: one of them may keep our mail, and take our record."""
        self.mailboxes.poke()
        self.own_inbox.poke()

    def network_changed(self) -> None:
        """Whoever was not to be reached may be now."""
        self.post.notice_all()
        self.company.poke()
        self.introducers_changed()

    # -- between the pieces ---------------------------------------------------------------------------------------

    def _admit(self, peer: PeerId, item: Item) -> None:
        """The gate of friends; whoever the configuration lists may write as well. Invitations have one of their own."""
        if item.kind in (Kind.INVITE, Kind.INVITE_REPLY) and not self.friends.is_blocked(peer.key):
            self.invitations.admit(peer, item)
        elif not (self._around.listed(peer.key) and item.kind in MESSAGES and not self.friends.is_blocked(peer.key)):
            self.friends.admit(peer, item)

    def _right(self, to: PeerId, mailbox: PeerId, week: int) -> Right:
        nospam = self.friends.asked_by(to)
        if nospam is not None:
            return Right(request_tag(nospam, to, mailbox, week), work=True)
        return Right(friend_tag(self._secret(to), to, mailbox, week))

    def _tags(self, mailbox: PeerId, week: int) -> Tags:
        me = self._around.identity.id
        return Tags(
            tuple(friend_tag(self._secret(peer), me, mailbox, week) for peer in self.friends.tagged()),
            tuple(request_tag(nospam, me, mailbox, week) for nospam in sorted(self.addresses.nospams())),
        )

    def _documents(self, peer: PeerId) -> list[bytes]:
        """Our records; over a connection, only an inbox record that it may not have."""
        connected = self.ways.connected(peer)
        inbox, sequence = self.own_inbox.document, self.own_inbox.sequence
        documents = [] if connected else [self._around.own_record()]
        if not connected or self._told.get(peer) != sequence:
            documents.append(inbox)
        if connected:
            self._told[peer] = sequence
        return [document for document in documents if document]

    def _learn(self, peer: PeerId, document: bytes, scope: Scope) -> None:
        try:
            if isinstance(check_document(document, self._around.wall_clock()).record, InboxRecord):
                self.inboxes.learn(document, peer, scope)
            else:
                self._around.records.learn(document, of=peer, scope=scope)
        except RemoteError as error:
            log.debug("a record in a letter of %s: %s", peer.short, error.code)

    def _friend_event(self, event: FriendEvent) -> None:
        match event:
            case FriendChanged(peer=peer, state=state, before=before):
                if state is not before:
                    self.mailboxes.poke()
                if state is State.FRIENDS:
                    self.company.expect(peer)
                    self.presences.tell(peer)
                else:
                    self.presences.forget(peer)
            case AddressesChanged():
                self.mailboxes.poke()
            case ProfileChanged(peer=peer) if peer == self._around.identity.id:
                self._around.keep_name(self._profiles.name(peer))
            case PresenceChanged():
                self.company.look()
        tell(self._around.events, event)

    def _message_event(self, event: MessageEvent) -> None:
        tell(self._around.events, event)
