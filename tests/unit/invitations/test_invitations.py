"""Invitations between two parties whose posts are lists; time is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from memory_post import Party, deliver

from wherry.connection.policy import Allow
from wherry.errors import (
    BadRequest,
    Closed,
    Malformed,
    MessageExpired,
    ReceiveTimeout,
    RefusedByPeer,
    RequestDeclined,
    Unsupported,
)
from wherry.invitations import Invitation, Invitations, Reply, Status
from wherry.invitations.limits import DATA_BYTES, PER_PEER, SETTLING_S
from wherry.invitations.replies import Invite, decode_invite, decode_reply, encode_invite, encode_reply
from wherry.messages.handlers import Void
from wherry.messages.packets import Item, Kind, Reason
from wherry.store.locks import BodyLock
from wherry.testing.clock import run_virtual
from wherry_signaling.identity import Identity


class Side(Party):
    """A party with invitations, and friends as the test says."""

    def prepare(self, *friends: Party) -> Invitations:
        keys = {friend.id.key for friend in friends}
        self.invitations = Invitations(
            self.id,
            self.store.database,
            self.post,
            lock=BodyLock(self.identity.seed, self.random),
            is_friend=keys.__contains__,
            wall_clock=lambda: self.now + asyncio.get_running_loop().time(),
        )
        self.post.handlers.admit = self.invitations.admit
        return self.invitations


@asynccontextmanager
async def pair(path: Path, *, friends: bool = True) -> AsyncIterator[tuple[Side, Side]]:
    ada = Side(Identity(b"\1" * 32), path / "ada.db", "Ada")
    bob = Side(Identity(b"\2" * 32), path / "bob.db", "Bob")
    ada.prepare(*([bob] if friends else []))
    bob.prepare(*([ada] if friends else []))
    async with ada.invitations, bob.invitations:
        yield ada, bob
    ada.close()
    bob.close()


async def carry(ada: Side, bob: Side) -> None:
    """The post, until it is cancelled."""
    while True:
        deliver(ada, bob)
        deliver(bob, ada)
        await asyncio.sleep(0.01)


@asynccontextmanager
async def carried(ada: Side, bob: Side) -> AsyncIterator[None]:
    task = asyncio.create_task(carry(ada, bob))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def virtual(scenario: Callable[[Path], Awaitable[None]]) -> Callable[[Path], None]:
    def test(tmp_path: Path) -> None:
        async def run() -> None:
            await scenario(tmp_path)

        run_virtual(run())

    test.__name__ = scenario.__name__
    return test


@virtual
async def test_a_reply_comes_back(path: Path) -> None:
    async with pair(path) as (ada, bob), carried(ada, bob):
        seen: list[Invitation] = []

        @bob.invitations.handle("chess/1")
        async def play(invitation: Invitation) -> Reply:
            seen.append(invitation)
            return Reply(status=77, reason="why\nnot", data=invitation.data.upper())

        reply = await ada.invitations.invite(bob.id, "chess/1", b"white?")
        assert reply == Reply(status=77, reason="why not", data=b"WHITE?")
        assert not reply.ok
        [invitation] = seen
        assert (invitation.peer, invitation.name, len(invitation.id)) == (ada.id, "chess/1", 16)
        assert not list(bob.invitations._rows.waiting())


@virtual
async def test_what_a_handler_raises_is_an_answer(path: Path) -> None:
    async with pair(path) as (ada, bob), carried(ada, bob):

        @bob.invitations.handle("no")
        async def no(_: Invitation) -> Reply:
            raise RequestDeclined("not today")

        @bob.invitations.handle("bug")
        async def bug(_: Invitation) -> Reply:
            raise TimeoutError("a secret")

        @bob.invitations.handle("error")
        async def error(_: Invitation) -> Reply:
            raise Malformed("a secret")

        @bob.invitations.handle("too much")
        async def too_much(_: Invitation) -> Reply:
            return Reply(data=bytes(DATA_BYTES + 1))

        invite = ada.invitations.invite
        assert await invite(bob.id, "no") == Reply(status=Status.DECLINED, reason="not today")
        assert await invite(bob.id, "bug") == Reply(status=Status.FAILED)
        assert await invite(bob.id, "error") == Reply(status=Status.FAILED, reason=Malformed.text)
        assert await invite(bob.id, "too much") == Reply(status=Status.FAILED)


@virtual
async def test_a_name_that_nobody_serves_is_waited_for_at_the_start_alone(path: Path) -> None:
    async with pair(path) as (ada, bob), carried(ada, bob):
        early = asyncio.create_task(ada.invitations.invite(bob.id, "late/1"))
        await asyncio.sleep(SETTLING_S / 2)

        @bob.invitations.handle("late/1")
        async def late(_: Invitation) -> Reply:
            return Reply()

        assert (await early).ok
        await asyncio.sleep(SETTLING_S)
        start = asyncio.get_running_loop().time()
        reply = await ada.invitations.invite(bob.id, "other/1")
        assert reply.status == Status.UNSUPPORTED
        assert isinstance(reply.failure(bob.id), Unsupported)
        assert asyncio.get_running_loop().time() - start < 1


@pytest.mark.parametrize(
    ("friends", "allow", "answered"),
    [
        (True, "friends", True),
        (False, "friends", False),
        (False, "anyone", True),
        (False, "ada", True),
        (True, "nobody", False),
    ],
)
def test_who_may_ask_is_the_handlers_to_say(tmp_path: Path, friends: bool, allow: Allow, answered: bool) -> None:
    async def scenario() -> None:
        async with pair(tmp_path, friends=friends) as (ada, bob), carried(ada, bob):
            listed: dict[Any, Allow] = {"ada": frozenset([ada.id.key]), "nobody": frozenset()}

            @bob.invitations.handle("chess/1", allow=listed.get(allow, allow))
            async def play(_: Invitation) -> Reply:
                return Reply(data=b"yes")

            if answered:
                assert (await ada.invitations.invite(bob.id, "chess/1")).data == b"yes"
            else:
                with pytest.raises(RefusedByPeer):
                    await ada.invitations.invite(bob.id, "chess/1")

    run_virtual(scenario())


@virtual
async def test_one_that_does_not_arrive_expires_and_is_taken_back(path: Path) -> None:
    async with pair(path) as (ada, bob):
        with pytest.raises(MessageExpired):
            await ada.invitations.invite(bob.id, "chess/1", timeout_s=60)
        [(_, item)] = ada.post.out
        assert ada.post.withdrawn == [item.id]


@virtual
async def test_one_that_is_cancelled_is_taken_back(path: Path) -> None:
    async with pair(path) as (ada, bob):
        asking = asyncio.create_task(ada.invitations.invite(bob.id, "chess/1"))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.wait([asking])
        assert len(ada.post.withdrawn) == 1
        assert not ada.invitations._pending


@virtual
async def test_one_that_arrives_and_is_not_answered(path: Path) -> None:
    async with pair(path) as (ada, bob), carried(ada, bob):
        ended = asyncio.Event()

        @bob.invitations.handle("slow/1")
        async def slow(_: Invitation) -> Reply:
            try:
                await asyncio.sleep(3600)
            finally:
                ended.set()
            return Reply()

        with pytest.raises(ReceiveTimeout):
            await ada.invitations.invite(bob.id, "slow/1", timeout_s=5)
        assert not ada.post.withdrawn
        await ended.wait()
        assert asyncio.get_running_loop().time() < 20


@virtual
async def test_a_void_is_a_typed_error(path: Path) -> None:
    async with pair(path) as (ada, bob):
        for reason, error in ((Reason.EXPIRED, MessageExpired), (Reason.UNSUPPORTED, Unsupported)):
            asking = asyncio.create_task(ada.invitations.invite(bob.id, "chess/1"))
            await asyncio.sleep(0)
            _, item = ada.post.out.popleft()
            ada.post.settle(bob.id, item, reason)
            with pytest.raises(error):
                await asking
        assert not ada.post.withdrawn


@virtual
async def test_a_reply_twice_or_for_nothing_or_of_another_is_dropped(path: Path) -> None:
    async with pair(path) as (ada, bob):
        asking = asyncio.create_task(ada.invitations.invite(bob.id, "chess/1"))
        await asyncio.sleep(0)
        [(_, item)] = ada.post.out
        answer = encode_reply(item.id, Reply(data=b"1"))
        mallory = Identity(b"\3" * 32).id
        assert ada.post.take(mallory, Item(1, Kind.INVITE_REPLY, bytes(16), 2**40, answer)) is Reason.REFUSED
        assert ada.post.take(bob.id, Item(1, Kind.INVITE_REPLY, bytes(16), 2**40, answer)) is None
        again = encode_reply(item.id, Reply(data=b"2"))
        assert ada.post.take(bob.id, Item(2, Kind.INVITE_REPLY, bytes(16), 2**40, again)) is None
        assert (await asking).data == b"1"
        assert ada.post.take(bob.id, Item(3, Kind.INVITE_REPLY, bytes(16), 2**40, again)) is None
        with pytest.raises(Void):
            ada.invitations.admit(mallory, Item(4, Kind.INVITE_REPLY, bytes(16), 2**40, again))


@virtual
async def test_it_outlives_a_restart_at_the_recipient_and_is_handled_once_answered(path: Path) -> None:
    async with pair(path) as (ada, _):
        bob_, seen = Side(Identity(b"\4" * 32), path / "bob_.db", "Bob"), []
        bob_.prepare(ada)
        item = Item(1, Kind.INVITE, b"i" * 16, int(bob_.now) + 600, encode_invite("chess/1", b"?"))
        async with bob_.invitations:  # its process ends while the handler is at it
            started = asyncio.Event()

            @bob_.invitations.handle("chess/1")
            async def never(_: Invitation) -> Reply:
                started.set()
                await asyncio.Event().wait()
                return Reply()

            assert bob_.post.take(ada.id, item) is None
            await started.wait()
            assert b"chess" not in b"".join(row[0] for row in bob_.store.database.read("SELECT body FROM invitations"))
        bob_.close()
        bob_.open()
        bob_.prepare(ada)
        async with bob_.invitations:

            @bob_.invitations.handle("chess/1")
            async def play(invitation: Invitation) -> Reply:
                seen.append(invitation)
                return Reply(data=b"!")

            assert bob_.post.take(ada.id, item) is None  # a second copy says nothing new
            await asyncio.sleep(1)
            assert bob_.post.take(ada.id, item) is None
            await asyncio.sleep(1)
        assert [one.data for one in seen] == [b"?"]
        [(_, reply)] = bob_.post.out
        assert decode_reply(reply.body) == (b"i" * 16, Reply(data=b"!"))
        bob_.close()


@virtual
async def test_closing_ends_those_who_wait(path: Path) -> None:
    async with pair(path) as (ada, bob):
        async with ada.invitations:
            asking = asyncio.create_task(ada.invitations.invite(bob.id, "chess/1"))
            await asyncio.sleep(0)
        with pytest.raises(Closed):
            await asking
        assert len(ada.post.withdrawn) == 1
        with pytest.raises(Closed):
            await ada.invitations.invite(bob.id, "chess/1")


@virtual
async def test_one_peer_can_keep_so_many_waiting(path: Path) -> None:
    async with pair(path) as (ada, bob):
        body = encode_invite("chess/1", b"")
        items = [Item(n, Kind.INVITE, n.to_bytes(16, "big"), int(bob.now) + 60, body) for n in range(PER_PEER + 1)]
        verdicts = [bob.post.take(ada.id, item) for item in items]
        assert verdicts == [None] * PER_PEER + [Reason.FULL]


@virtual
async def test_what_cannot_be_asked(path: Path) -> None:
    async with pair(path) as (ada, bob):
        for peer, name, data in (
            (ada.id, "a", b""),
            (bob.id, "", b""),
            (bob.id, "a\n", b""),
            (bob.id, "a", bytes(9000)),
        ):
            with pytest.raises(BadRequest):
                await ada.invitations.invite(peer, name, data)
        assert not ada.post.out


@given(st.binary(max_size=400))
def test_whatever_comes_is_an_invitation_a_reply_or_malformed(data: bytes) -> None:
    # Invariant: bytes are what the decoder says, or Malformed, and nothing else.
    for decode in (decode_invite, decode_reply):
        try:
            decode(data)
        except Malformed:
            continue


@given(
    st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=80),
    st.binary(max_size=DATA_BYTES),
    st.integers(0, 255),
    st.text(max_size=300),
)
def test_what_is_said_is_heard(name: str, data: bytes, status: int, reason: str) -> None:
    # Invariant: name, status and data come out as they went in; a reason is one printable line.
    assert decode_invite(encode_invite(name, data)) == Invite(name, data)
    invitation, reply = decode_reply(encode_reply(b"i" * 16, Reply(status=status, reason=reason, data=data)))
    assert (invitation, reply.status, reply.data) == (b"i" * 16, status, data)
    assert reply.reason.isprintable()
    assert msgspec.msgpack.decode(encode_reply(b"i" * 16, reply))[1] == status
