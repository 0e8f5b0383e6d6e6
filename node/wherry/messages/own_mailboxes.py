"""Our own mailboxes: k nodes that keep what is written to us, visited to leave tags and prekeys and to take the mail.

A lease is asked of the introducers that we hold anyway. It outlives our process, the socket and the reservation; one
that our inbox record names no more is visited until it ends, since somebody may still write there. Make before break:
the record that names a new mailbox is published before an old one is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from wherry_signaling.client.introducers import Held
from wherry_signaling.client.opening import open_client
from wherry_signaling.client.session import Client
from wherry_signaling.endpoints import EndpointAddress, parse_any
from wherry_signaling.errors import RemoteError, WherryError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import Introducer
from wherry_signaling.scope import Scope
from wherry_signaling.sockets import Connect
from wherry_signaling.tags import envelope_name, week_of
from wherry_signaling.wire import Role

from .limits import (
    COLLECT_S,
    LEASE_S,
    MAILBOX_GONE_S,
    MAILBOXES,
    PREKEYS_LOW,
    TAG_WEEKS,
    TAGS_PAGE,
    VISIT_S,
)
from .mail_store import Lease, MailStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tags:
    """Who may leave something for us: the tags at one mailbox in one week."""

    friends: tuple[bytes, ...]
    requests: tuple[bytes, ...]


@dataclass(slots=True)
class _Visited:
    """What we know of one mailbox while we run.

    :ivar took: whether the last visit brought anything.
    :ivar left: names of envelopes that were not taken: they are passed over until all are looked at again.
    """

    told: dict[int, Tags] = field(default_factory=dict)
    answered: float = 0.0
    took: bool = False
    left: set[bytes] = field(default_factory=set)
    all_looked_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class OwnMailboxes:
    """Keeps leases; `run` is its one task.

    :param held: the introducers that hold a reservation for us now.
    :param tags: the tags to list at a mailbox for a week.
    :param new_prekeys: a fresh batch of one-time prekeys for a mailbox, whose private halves are kept already.
    :param take: takes a sealed envelope that came from so near; False if it must stay where it is for now.
    :param on_change: told that our inbox record should name other mailboxes; returns once that is published.
    :param avoid: whom to take only if there is nobody else: friends, who write to us and then go to bed as well.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        identity: Identity,
        mail: MailStore,
        connect: Connect,
        *,
        held: Callable[[], Sequence[Held]],
        tags: Callable[[PeerId, int], Tags],
        new_prekeys: Callable[[PeerId], list[tuple[int, bytes]]],
        take: Callable[[bytes, Scope], bool],
        on_change: Callable[[], Awaitable[None]],
        avoid: Callable[[PeerId], bool],
        wall_clock: Callable[[], float],
        wanted: int = MAILBOXES,
    ) -> None:
        self._identity, self._mail, self._connect = identity, mail, connect
        self._held, self._tags, self._new_prekeys = held, tags, new_prekeys
        self._take, self._on_change, self._avoid = take, on_change, avoid
        self._wall_clock, self._wanted = wall_clock, wanted
        self._visited: dict[PeerId, _Visited] = {}
        self._poked = asyncio.Event()

    def current(self) -> list[Introducer]:
        """What our inbox record should name."""
        return [Introducer(one.mailbox, tuple(_endpoints(one))) for one in self._mail.leases() if one.current]

    def poke(self) -> None:
        """Something has changed: introducers, or who may write to us. Everything is looked at soon."""
        self._poked.set()

    async def run(self) -> None:
        """Look after the leases until cancelled."""
        self._visited.clear()  # who was not visited while we were suspended is not gone
        while True:
            self._poked.clear()
            try:
                await self._look_after()
            except WherryError as error:  # such as a full disk: the next look may find room
                log.warning("our mailboxes cannot be looked after: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(COLLECT_S):
                    await self._poked.wait()

    async def _look_after(self) -> None:
        now = self._wall_clock()
        for lease in self._mail.leases():
            if lease.expires < now:
                self._mail.forget_lease(lease.mailbox)
        changed = await self._choose()
        visits = [self._visit(lease) for lease in self._mail.leases()]
        await asyncio.gather(*visits)
        if changed:
            try:
                await self._on_change()
            except WherryError as error:
                log.debug("inbox record not published: %s", error.code)

    # -- which --------------------------------------------------------------------------------------------------------

    async def _choose(self) -> bool:
        """Have as many mailboxes as are wanted; whether our record has to say something else now.

        Those that we have stay, as long as they answer; one that is to be avoided makes place for another.
        """
        leases = {one.mailbox: one for one in self._mail.leases()}
        before = {peer for peer, one in leases.items() if one.current}
        held = {one.peer: one for one in self._held() if one.peer != self._identity.id}
        good = [peer for peer in before if not self._is_gone(peer)]
        chosen: list[PeerId] = []
        for avoided in (False, True):
            kept = [peer for peer in good if self._avoid(peer) is avoided]
            chosen += kept[: max(self._wanted - len(chosen), 0)]
            for peer, one in held.items():
                if len(chosen) >= self._wanted:
                    break
                if peer not in chosen and self._avoid(peer) is avoided and await self._lease(one):
                    chosen.append(peer)
        if len(chosen) < min(self._wanted, len(before)):
            return False  # better one that is silent now than one less
        for peer in before - set(chosen):
            self._mail.keep_lease(replace(leases[peer], current=False))
        return set(chosen) != before

    def _is_gone(self, mailbox: PeerId) -> bool:
        visited = self._visited.get(mailbox)
        return visited is not None and self._loop_time() - visited.answered > MAILBOX_GONE_S

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()

    async def _lease(self, held: Held) -> bool:
        try:
            granted = await held.client.lease(LEASE_S)
        except RemoteError as error:
            log.debug("%s keeps no mail for us: %s", held.peer.short, error.code)
            return False
        lease = Lease(
            mailbox=held.peer,
            endpoints=tuple(str(one.without_peer()) for one in held.addresses),
            expires=self._wall_clock() + granted.seconds,
            current=True,
        )
        self._mail.keep_lease(lease)
        return True

    # -- visits -------------------------------------------------------------------------------------------------------

    async def _visit(self, lease: Lease) -> None:
        visited = self._visited.setdefault(lease.mailbox, _Visited(answered=self._loop_time()))
        async with visited.lock:
            try:
                async with asyncio.timeout(VISIT_S), self._client(lease) as client:
                    await self._attend(lease, client, visited)
            except TimeoutError:
                log.debug("a visit at mailbox %s takes too long", lease.mailbox.short)
                if visited.took:
                    self.poke()  # there is more
            except WherryError as error:
                visited.told.clear()
                log.debug("mailbox %s: %s", lease.mailbox.short, error.code)
            else:
                visited.answered = self._loop_time()

    async def _attend(self, lease: Lease, client: Client, visited: _Visited) -> None:
        client.on_waiting = self.poke
        granted = await client.lease(LEASE_S)
        expires = self._wall_clock() + granted.seconds
        if abs(expires - lease.expires) > COLLECT_S:  # visits may be many, and each write is one to the disk
            self._mail.keep_lease(replace(lease, expires=expires))
        if lease.current:
            await self._leave_tags(lease.mailbox, client, visited)
        await self._collect(client, visited)
        if lease.current and granted.prekeys <= PREKEYS_LOW:  # what was sealed with the old batch has been opened now
            await client.prekeys(self._new_prekeys(lease.mailbox))

    async def _leave_tags(self, mailbox: PeerId, client: Client, visited: _Visited) -> None:
        this = week_of(self._wall_clock())
        for week in range(this, this + TAG_WEEKS):
            tags = self._tags(mailbox, week)
            if visited.told.get(week) == tags:
                continue
            for kind, listed in enumerate((tags.friends, tags.requests)):
                for at in range(0, max(len(listed), 1), TAGS_PAGE):
                    await client.tags(week, kind, listed[at : at + TAGS_PAGE], first=at == 0)
            visited.told[week] = tags
        visited.told = {week: tags for week, tags in visited.told.items() if week >= this}

    async def _collect(self, client: Client, visited: _Visited) -> None:
        visited.took = False
        if self._loop_time() - visited.all_looked_at >= COLLECT_S:
            visited.left.clear()
            visited.all_looked_at = self._loop_time()
        async for page in client.pages():
            names = []
            for _, sealed in page.envelopes:
                name = envelope_name(sealed)
                if name in visited.left:
                    continue
                if self._take(sealed, client.scope):
                    names.append(name)
                else:
                    visited.left.add(name)
                await asyncio.sleep(0)  # each costs a few milliseconds, and whoever is connected waits for an answer
            if names:
                await client.acknowledge(names)
                visited.took = True

    @asynccontextmanager
    async def _client(self, lease: Lease) -> AsyncIterator[Client]:
        """A socket as ourselves: the introducer's, if the mailbox is one of ours; else one for this visit."""
        for held in self._held():
            if held.peer == lease.mailbox:
                yield held.client
                return
        client = await self._open(lease)
        try:
            yield client
        finally:
            await client.close()

    async def _open(self, lease: Lease) -> Client:
        error: RemoteError | None = None
        for address in _endpoints(lease):
            try:
                return await open_client(self._connect, address, self._identity, Role.ME)
            except RemoteError as one:
                error = one
        raise error or RemoteError("the lease names no address")


def _endpoints(lease: Lease) -> list[EndpointAddress]:
    parsed = (parse_any(text) for text in lease.endpoints)
    return [replace(one, peer=lease.mailbox) for one in parsed if isinstance(one, EndpointAddress)]
