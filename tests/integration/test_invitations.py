"""Invitations and sessions between real nodes on loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from company import befriend, company

from wherry.errors import MessageExpired, RefusedByPeer, RequestDeclined
from wherry.invitations import Invitation, Reply
from wherry.sessions import SessionRequest, StreamSpec


@pytest.mark.timeout(60)
async def test_friends_ask_and_strangers_are_refused(tmp_path: Path) -> None:
    async with asyncio.timeout(50), company(tmp_path, 3) as (ada, bob, eve):
        await befriend(ada, bob)

        @bob.invitations.handle("upper/1")
        async def upper(invitation: Invitation) -> Reply:
            return Reply(data=invitation.data.upper())

        @bob.invitations.handle("open/1", allow="anyone")
        async def open_(invitation: Invitation) -> Reply:
            return Reply(data=str(invitation.peer).encode())

        assert await ada.invitations.invite(bob.id, "upper/1", b"quiet") == Reply(data=b"QUIET")
        # By introducers, with no connection.
        assert eve.connection(bob.id) is None
        assert (await eve.invitations.invite(bob.id, "open/1")).data == str(eve.id).encode()
        with pytest.raises(RefusedByPeer):
            await eve.invitations.invite(bob.id, "upper/1")
        bob.friends.block(eve.id)
        with pytest.raises((RefusedByPeer, MessageExpired)):
            await eve.invitations.invite(bob.id, "open/1", timeout_s=3)


@pytest.mark.timeout(60)
async def test_a_session_has_its_streams_at_both_ends(tmp_path: Path) -> None:
    async with asyncio.timeout(50), company(tmp_path, 2) as (ada, bob):
        await befriend(ada, bob)
        answers = iter([True, False])
        ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        @bob.sessions.handle("call/1")
        async def answer(request: SessionRequest) -> None:
            if not next(answers):
                request.decline("asleep")
                return
            async with await request.accept(b"hello") as session:
                async for data in session.stream("control"):
                    await session.stream("control").write(data[::-1])
                session.datagrams("audio").send(b"bye")
                await session.ended()  # what is sent at the very end may be overtaken by it, as datagrams are
            ended.set_result(session.error)

        streams = [StreamSpec("audio", datagrams=True), StreamSpec("control")]
        async with await ada.sessions.request(bob.id, "call/1", streams, b"ring") as session:
            assert session.data == b"hello"
            await session.stream("control").write(b"abc")
            assert await session.stream("control").read_exactly(3) == b"cba"
            await session.stream("control").finish()
            assert await session.datagrams("audio").receive() == b"bye"
        assert await ended is None
        assert session.error is None
        with pytest.raises(RequestDeclined, match="asleep"):
            await ada.sessions.request(bob.id, "call/1", streams)
        assert not ada.sessions.open
        assert not bob.sessions.open
