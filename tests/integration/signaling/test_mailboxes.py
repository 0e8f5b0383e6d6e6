"""Mailboxes over sockets: letters for somebody who is away, what others may learn, and what is counted."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from introducing import World, identity, sealed, wall_clock
from mailing import NOSPAM, collect_all, inbox_of, letter_of, move_in, tag_between

from wherry.testing.clock import run_virtual
from wherry_signaling.client import Client, Guests, WebSocketConnector, open_client
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import DeliveryFailed, NoReservation, Quota, RemoteError, StaleDocument
from wherry_signaling.identity import Identity
from wherry_signaling.limits import (
    DEPOSITS_PER_S,
    DEPOSITS_PER_TAG_S,
    INBOX_AGAIN_S,
    INBOX_LOOK_S,
    INBOX_REPUBLISH_S,
    LEASE_CHANGES_PER_S,
    MAILBOX_LEASE_S,
    NEW_LEASES_PER_S,
    PREKEYS_PER_TAG_S,
)
from wherry_signaling.record import Document
from wherry_signaling.server import Endpoint
from wherry_signaling.tags import envelope_name, find_work, request_tag, week_of
from wherry_signaling.wire import Role

ALICE, BOB, CAROL = identity(1), identity(2), identity(3)
Scenario = Callable[[World, Endpoint], Coroutine[Any, Any, None]]


def with_endpoint(scenario: Scenario) -> Callable[[], None]:
    """A test of one endpoint, number 0, on the virtual clock."""

    async def run() -> None:
        world = World(seed=1)
        async with world.endpoint(0) as endpoint:
            await scenario(world, endpoint)

    def test() -> None:
        run_virtual(run())

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return test


def tag_for(friend: Identity, endpoint: Endpoint) -> bytes:
    """By which a friend of Alice's leaves something for her."""
    return tag_between(friend, ALICE.id, ALICE.id, endpoint.identity.id, wall_clock())


class Coming:
    """Hears that something waits."""

    def __init__(self) -> None:
        self.count = 0
        self._came = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self._came.set()

    async def wait(self) -> None:
        """Until it has been told since the last time."""
        await self._came.wait()
        self._came.clear()


# -- letters ----------------------------------------------------------------------------------------------------------


@with_endpoint
async def test_a_letter_waits_for_who_is_away(world: World, endpoint: Endpoint) -> None:
    async with await world.client(1) as alice:
        await move_in(alice, ALICE, [BOB], wall_clock())
    async with await world.client(2, role=Role.GUEST) as guest:
        for number in range(300):
            await guest.deposit(ALICE.id, tag_for(BOB, endpoint), sealed(number))
    async with await world.client(1) as alice:
        leased = await alice.lease()
        assert (leased.seconds, leased.waiting, leased.prekeys) == (MAILBOX_LEASE_S, 300, 0)
        letters = await collect_all(alice)
        assert letters == [sealed(number) for number in range(300)]
        await alice.acknowledge([envelope_name(one) for one in letters[:299]])
        assert await collect_all(alice) == letters[299:]
        await alice.end_lease()
        with pytest.raises(NoReservation):
            await alice.collect()
    assert endpoint.mailboxes.hold().leases == 0


@with_endpoint
async def test_who_is_there_hears_that_something_waits(world: World, endpoint: Endpoint) -> None:
    tag = tag_for(BOB, endpoint)
    async with (
        await world.client(1) as alice,
        await world.client(2, role=Role.GUEST) as guest,
        await world.client(3) as carol,
    ):
        coming, nothing = Coming(), Coming()
        alice.on_waiting, carol.on_waiting = coming, nothing
        await move_in(alice, ALICE, [BOB], wall_clock())
        await move_in(carol, CAROL, [BOB], wall_clock())
        for number in range(20):
            await guest.deposit(ALICE.id, tag, sealed(number))
        await coming.wait()
        assert coming.count == 1, "one word is enough until it has looked"
        await collect_all(alice)
        await guest.deposit(ALICE.id, tag, sealed(5))
        await guest.deposit(ALICE.id, tag, sealed(100))
        await coming.wait()
        assert (coming.count, nothing.count) == (2, 0), "what is there already is nothing new"
        await alice.close()
        await guest.deposit(ALICE.id, tag, sealed(101))
        await carol.close()
        await asyncio.sleep(1)  # of virtual time
        assert len(endpoint.hub.desk._watchers) == 0


@with_endpoint
async def test_strangers_leave_requests_for_work(world: World, endpoint: Endpoint) -> None:
    tag = request_tag(NOSPAM, ALICE.id, endpoint.identity.id, week_of(wall_clock()))
    async with await world.client(1) as alice, await world.client(9, role=Role.GUEST) as guest:
        await move_in(alice, ALICE, [], wall_clock())
        with pytest.raises(NoReservation):
            await guest.deposit(ALICE.id, tag, sealed(1))
        await guest.deposit(ALICE.id, tag, sealed(1), work=find_work(tag, sealed(1)))
        assert await collect_all(alice) == [sealed(1)]


@with_endpoint
async def test_prekeys_are_handed_out_once_until_none_is_left(world: World, endpoint: Endpoint) -> None:
    tags = [tag_between(one, ALICE.id, ALICE.id, endpoint.identity.id, wall_clock()) for one in (BOB, CAROL)]
    batch = [(number, bytes([number]) * 32) for number in range(1, 7)]
    async with await world.client(1) as alice, await world.client(9, role=Role.GUEST) as guest:
        await move_in(alice, ALICE, [BOB, CAROL], wall_clock())
        await alice.prekeys(batch)
        assert (await alice.lease()).prekeys == 6
        taken = [await guest.take_prekey(ALICE.id, tag) for tag in tags * 4]
        assert sorted(one for one in taken if one) == batch
        assert taken[6:] == [None, None]
        assert (await alice.lease()).prekeys == 0
        await alice.prekeys([(7, bytes(32))])
        assert await guest.take_prekey(ALICE.id, tags[0]) == (7, bytes(32))


def test_a_mailbox_that_is_started_again_has_it_all(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(seed=1)
        async with world.endpoint(0, mailboxes=tmp_path / "kept.db") as endpoint:
            tag = tag_for(BOB, endpoint)
            async with await world.client(1) as alice, await world.client(9, role=Role.GUEST) as guest:
                await move_in(alice, ALICE, [BOB], wall_clock())
                await alice.prekeys([(1, bytes(32)), (2, bytes(32))])
                await guest.deposit(ALICE.id, tag, sealed(1))
                assert await guest.take_prekey(ALICE.id, tag) == (1, bytes(32))
        async with world.endpoint(0, mailboxes=tmp_path / "kept.db"):
            async with await world.client(9, role=Role.GUEST) as guest:
                await guest.deposit(ALICE.id, tag, sealed(2))
                assert await guest.take_prekey(ALICE.id, tag) == (2, bytes(32))
            async with await world.client(1) as alice:
                assert await collect_all(alice) == [sealed(1), sealed(2)]

    run_virtual(scenario())


async def test_letters_over_real_sockets(tmp_path: Path) -> None:
    now = asyncio.get_running_loop().time() + 1_800_000_000
    database = tmp_path / "kept.db"
    letters = [sealed(number, 65536 if number % 10 == 0 else 1024) for number in range(60)]
    async with WebSocketConnector() as connect, Guests(connect) as guests:
        for number in range(2):
            async with Endpoint(
                identity(1000), ("127.0.0.1", 0), mailboxes=database, wall_clock=lambda: now
            ) as endpoint:
                address = EndpointAddress("127.0.0.1", endpoint.port, peer=endpoint.identity.id)
                tag = tag_between(BOB, ALICE.id, ALICE.id, endpoint.identity.id, now)
                coming = Coming()
                async with await open_client(connect, address, ALICE, Role.ME) as alice:
                    alice.on_waiting = coming
                    if number == 0:
                        await move_in(alice, ALICE, [BOB], now)
                        await alice.prekeys([(1, bytes(32))])
                        await asyncio.gather(*(guests.deposit_via(address, ALICE.id, tag, b"", one) for one in letters))
                        await coming.wait()
                    else:
                        assert await guests.take_prekey_via(address, ALICE.id, tag) == (1, bytes(32))
                        assert await guests.take_prekey_via(address, ALICE.id, tag) is None
                    assert sorted(await collect_all(alice)) == sorted(letters)


# -- what is told, and what is known ----------------------------------------------------------------------------------


@with_endpoint
async def test_no_lease_and_no_right_look_alike(world: World, endpoint: Endpoint) -> None:
    tag, said = tag_for(BOB, endpoint), []
    async with (
        await world.client(1) as alice,
        await world.client(4) as dave,
        await world.client(9, role=Role.GUEST) as guest,
    ):
        await move_in(alice, ALICE, [BOB], wall_clock())
        await alice.prekeys([(1, bytes(32))])
        await move_in(dave, identity(4), [BOB], wall_clock())
        await dave.end_lease()
        next_week = tag_between(BOB, ALICE.id, ALICE.id, endpoint.identity.id, wall_clock() + 7 * 24 * 3600)
        for to, by in (
            (ALICE, bytes(16)),
            (ALICE, next_week),
            (identity(4), tag),
            (CAROL, tag),
            (endpoint.identity, tag),
        ):
            with pytest.raises(RemoteError) as raised:
                await guest.deposit(to.id, by, sealed(1))
            said.append((type(raised.value), str(raised.value)))
            assert await guest.take_prekey(to.id, by) is None
        assert set(said) == {(NoReservation, str(NoReservation()))}
        assert await collect_all(alice) == []


@with_endpoint
async def test_guests_keep_nothing_here(world: World, endpoint: Endpoint) -> None:
    async with await world.client(9, role=Role.GUEST) as guest:
        requests: list[Coroutine[Any, Any, Any]] = [
            guest.lease(),
            guest.tags(week_of(wall_clock()), 0, [bytes(16)]),
            guest.prekeys([(1, bytes(32))]),
            guest.collect(),
            guest.acknowledge([bytes(16)]),
            guest.end_lease(),
        ]
        for request in requests:
            with pytest.raises(DeliveryFailed):
                await request
        assert endpoint.mailboxes.hold().leases == 0
    async with await world.client(1) as alice:
        for request in (
            alice.collect(),
            alice.acknowledge([]),
            alice.prekeys([]),
            alice.tags(week_of(wall_clock()), 0, []),
        ):
            with pytest.raises(NoReservation):
                await request


def test_what_is_captured_says_nothing_of_who_writes_what(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def bytes_in(folder: Path) -> bytes:
        return b"".join(path.read_bytes() for path in folder.iterdir())

    async def scenario(sender: Identity, folder: Path) -> list[tuple[Any, ...]]:
        world = World(seed=1)
        async with world.endpoint(0, mailboxes=folder / "kept.db") as endpoint:
            async with await world.client(1) as alice:
                await move_in(alice, ALICE, [BOB, CAROL], wall_clock())
            secret = b"meet me at the old lighthouse"
            letter = letter_of(sender, ALICE, secret, world.random.randbytes(32))
            request = letter_of(sender, ALICE, secret + b", hello", world.random.randbytes(32))
            async with await world.client(50, role=Role.GUEST) as guest:
                await guest.deposit(ALICE.id, tag_for(sender, endpoint), letter)
                tag = request_tag(NOSPAM, ALICE.id, endpoint.identity.id, week_of(wall_clock()))
                await guest.deposit(ALICE.id, tag, request, work=find_work(tag, request))
            captured = bytes_in(folder)
            with sqlite3.connect(folder / "kept.db") as database:
                rows = database.execute("SELECT id, lease, number, size, deposited FROM mailbox_envelope").fetchall()
            database.close()
        captured += bytes_in(folder) + caplog.text.encode()
        assert letter in captured
        assert b"meet me" not in captured
        assert b"12.0." not in captured, "nobody's address"
        assert NOSPAM not in captured
        for one in (
            sender.id.key,
            sender.sealing_public,
            sender.seed,
            str(sender.id).encode(),
            sender.id.short.encode(),
        ):
            assert one not in captured
        return rows

    for name in ("bob", "carol"):
        (tmp_path / name).mkdir()
    first = run_virtual(scenario(BOB, tmp_path / "bob"))
    assert first == run_virtual(scenario(CAROL, tmp_path / "carol")), "another sender leaves the same trace"


# -- what is counted --------------------------------------------------------------------------------------------------


async def refusals(asked: Callable[[int], Coroutine[Any, Any, object]], count: int) -> int:
    """How many of `count` requests meet a quota."""
    refused = 0
    for number in range(count):
        try:
            await asked(number)
        except Quota:
            refused += 1
        except NoReservation:
            continue
    return refused


@with_endpoint
async def test_deposits_are_counted_by_tag(world: World, endpoint: Endpoint) -> None:
    tag, most = tag_for(BOB, endpoint), DEPOSITS_PER_TAG_S[1]
    async with await world.client(1) as alice:
        await move_in(alice, ALICE, [BOB, CAROL], wall_clock())
        guests = [await world.client(10 + number, role=Role.GUEST) for number in range(40)]
        answers = await asyncio.gather(
            *(guests[n % 40].deposit(ALICE.id, tag, sealed(n)) for n in range(most + 100)), return_exceptions=True
        )
        assert 0 < sum(isinstance(one, Quota) for one in answers) <= 100
        await guests[0].deposit(ALICE.id, tag_for(CAROL, endpoint), sealed(10**6))
        for guest in guests:
            await guest.close()


@with_endpoint
async def test_deposits_are_counted_by_network_whether_or_not_somebody_is_there(
    world: World, endpoint: Endpoint
) -> None:
    del endpoint
    guests = [await world.client(9, role=Role.GUEST) for _ in range(4)]
    most = DEPOSITS_PER_S[1]
    answers = await asyncio.gather(
        *(guests[n % 4].deposit(ALICE.id, n.to_bytes(16, "big"), sealed(n)) for n in range(most + 600)),
        return_exceptions=True,
    )
    assert 0 < sum(isinstance(one, Quota) for one in answers) <= 600
    assert sum(isinstance(one, NoReservation) for one in answers) >= most
    async with await world.client(10, role=Role.GUEST) as other:
        with pytest.raises(NoReservation):
            await other.deposit(ALICE.id, bytes(16), sealed(1))
    for guest in guests:
        await guest.close()


@with_endpoint
async def test_leases_prekeys_and_holders_are_counted(world: World, endpoint: Endpoint) -> None:
    refused = 0
    for number in range(NEW_LEASES_PER_S[1] + 10):
        newcomer = await open_client(
            world.sockets.connect_from("12.0.200.1"), world.address(0), identity(5000 + number), Role.ME
        )
        refused += await refusals(lambda _, client=newcomer: client.lease(), 1)  # type: ignore[misc]
        await newcomer.close()
    assert refused >= 5
    async with await world.client(1) as alice, await world.client(9, role=Role.GUEST) as guest:
        await move_in(alice, ALICE, [BOB], wall_clock())
        assert (
            await refusals(lambda _: guest.take_prekey(ALICE.id, tag_for(BOB, endpoint)), PREKEYS_PER_TAG_S[1] + 5) == 5
        )
        answers = await asyncio.gather(
            *(alice.lease() for _ in range(LEASE_CHANGES_PER_S[1] + 50)), return_exceptions=True
        )
        assert any(isinstance(one, Quota) for one in answers)


@with_endpoint
async def test_a_full_disk_is_a_quota_and_a_broken_one_no_end(world: World, endpoint: Endpoint) -> None:
    tag, database = tag_for(BOB, endpoint), endpoint.mailboxes._database
    async with await world.client(1) as alice, await world.client(9, role=Role.GUEST) as guest:
        await move_in(alice, ALICE, [BOB], wall_clock())
        await guest.deposit(ALICE.id, tag, sealed(1))
        [(pages,)] = database.rows("PRAGMA page_count")
        database.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Quota):
            await guest.deposit(ALICE.id, tag, sealed(2, 65536))
        assert await collect_all(alice) == [sealed(1)]
        database.close()
        with pytest.raises(Quota):
            await guest.deposit(ALICE.id, tag, sealed(3))
        with pytest.raises(DeliveryFailed):
            await alice.collect()
        endpoint.hub.sweep()
        await alice.ping()


# -- inbox records ----------------------------------------------------------------------------------------------------


class Noting:
    """A directory that notes what is published, and when; it claims that `holders` have it."""

    def __init__(self, holders: int = 20) -> None:
        self.holders = holders
        self.published: list[tuple[float, bytes]] = []
        self.error: RemoteError | None = None

    async def look_up(self, purpose: Purpose, peer: object) -> bytes | None:
        return None

    async def publish(self, document: Document) -> int:
        self.published.append((asyncio.get_running_loop().time(), document.data))
        if self.error is not None:
            raise self.error
        return self.holders


async def publish_inbox(client: Client, owner: Identity, sequence: int = 1) -> bytes:
    document = inbox_of(owner, wall_clock(), sequence=sequence)
    await client.publish(document)
    return document


def test_inbox_records_are_published_again_twice_a_day_and_after_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(seed=1)
        database = tmp_path / "kept.db"
        first, second = Noting(), Noting()
        async with world.endpoint(0, mailboxes=database, directory=first):
            async with await world.client(1) as alice, await world.client(2) as bob:
                await move_in(alice, ALICE, [], wall_clock())
                document = await publish_inbox(alice, ALICE)
                await publish_inbox(bob, BOB)
            await asyncio.sleep(25 * 3600)
            times = [at for at, data in first.published if data == document]
            assert len(times) == 3
            assert all(0 <= late - early - INBOX_REPUBLISH_S <= 3 * INBOX_LOOK_S for early, late in pairwise(times))
            assert len(first.published) == 4, "who has no lease here is not looked after"
        async with world.endpoint(0, mailboxes=database, directory=second):
            await asyncio.sleep(1)
            assert [data for _, data in second.published] == [document]
            async with await world.client(1) as alice:
                newer = await publish_inbox(alice, ALICE, sequence=2)
                await asyncio.sleep(13 * 3600)
                assert second.published[-1][1] == newer
                await alice.end_lease()
            count = len(second.published)
            await asyncio.sleep(25 * 3600)
            assert len(second.published) == count

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("holders", "error", "again_s"),
    [(1, None, INBOX_AGAIN_S), (20, StaleDocument(), INBOX_REPUBLISH_S)],
    ids=["nobody else has it", "a newer one is known"],
)
def test_when_a_record_is_published_next(
    tmp_path: Path, holders: int, error: RemoteError | None, again_s: float
) -> None:
    async def scenario() -> None:
        world = World(seed=1)
        first = world.endpoint(0, mailboxes=tmp_path / "kept.db", directory=Noting())
        async with first, await world.client(1) as alice:
            await move_in(alice, ALICE, [], wall_clock())
            await publish_inbox(alice, ALICE)
        directory = Noting(holders)
        directory.error = error
        async with world.endpoint(0, mailboxes=tmp_path / "kept.db", directory=directory):
            await asyncio.sleep(again_s + 2 * INBOX_LOOK_S)
            (once, _), (again, _) = directory.published
            assert again_s <= again - once <= again_s + INBOX_LOOK_S

    run_virtual(scenario())
