"""Suspending and resuming: real nodes on loopback, and a real `wherry up` under Ctrl-Z."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest
from company import ALONE, befriend, company, until
from processes import node_process

from wherry import Node
from wherry.connection import Stream
from wherry.errors import Closed, NotReady, PeerClosed
from wherry.invitations import Invitation, Reply


def delivered(node: Node, to: Node, message: bytes) -> bool:
    return node.messages.get(to.id, message).state.word == "delivered"


def sockets() -> int:
    """TCP and UDP sockets of this process."""
    return len(psutil.Process().net_connections("inet"))


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.mark.timeout(90)
async def test_what_comes_meanwhile_is_there_afterwards(tmp_path: Path) -> None:
    async with asyncio.timeout(80), company(tmp_path, 5) as (ada, bob, *_):
        await befriend(ada, bob)

        @bob.handle("/echo/1")
        async def echo(stream: Stream) -> None:
            await stream.write(await stream.read())

        @bob.invitations.handle("upper/1")
        async def upper(invitation: Invitation) -> Reply:
            return Reply(data=invitation.data.upper())

        first = ada.messages.send(bob.id, "before")
        await until(ada, lambda: delivered(ada, bob, first.id))
        await until(bob, lambda: len(bob.parts.mail.mailboxes.current()) > 0)
        port = bob.parts.endpoint.port
        peer = await ada.connect(bob.id)
        stream = await peer.open_stream("/echo/1")

        await bob.suspend()
        await bob.suspend()
        assert bob.suspended
        assert not bob.network.peers
        assert not await listens(port)
        with pytest.raises(NotReady):
            await bob.connect(ada.id)
        await until(ada, lambda: ada.connection(bob.id) is None)
        with pytest.raises(PeerClosed):
            await stream.read()
        # Written by it while it is off; written to it, and asked of it.
        theirs = bob.messages.send(ada.id, "from afar")
        ours = ada.messages.send(bob.id, "meanwhile")
        asking = asyncio.create_task(ada.invitations.invite(bob.id, "upper/1", b"still there?", timeout_s=60))
        await until(ada, lambda: ada.messages.get(bob.id, ours.id).state.word == "held")

        await bob.resume()
        await bob.resume()
        assert not bob.suspended
        assert bob.parts.endpoint.port == port
        await until(ada, lambda: delivered(ada, bob, ours.id))
        assert (await asking).data == b"STILL THERE?"
        await until(bob, lambda: delivered(bob, ada, theirs.id))
        assert [one.content for one in bob.messages.page(ada.id)] == ["before", "from afar", "meanwhile"]
        # What programs registered is still served; friends are connected again by themselves.
        await until(ada, lambda: ada.network.peer(bob.id) is not None)
        async with await (await ada.connect(bob.id)).open_stream("/echo/1") as stream:
            await stream.write(b"again")
            assert await stream.read() == b"again"
        await bob.suspend()
    with pytest.raises(Closed):
        await bob.resume()


@pytest.mark.timeout(60)
async def test_on_and_off_many_times_leaves_nothing(tmp_path: Path) -> None:
    before = sockets()
    async with asyncio.timeout(50), company(tmp_path, 2) as (ada, bob):
        for _ in range(3):
            await asyncio.gather(bob.suspend(), ada.suspend())
            assert sockets() == before
            assert len(asyncio.all_tasks()) == 1
            await asyncio.gather(ada.resume(), bob.resume(), bob.suspend(), bob.resume())
            await asyncio.gather(ada.wait_ready(20), bob.wait_ready(20))
            await ada.echo(bob.id, b"x")


def state(pid: int) -> str:
    """What a process does, as in `ps`: T is stopped."""
    return psutil.Process(pid).status()


@pytest.mark.timeout(90)
async def test_ctrl_z_takes_a_node_off_and_fg_brings_it_back(tmp_path: Path) -> None:
    options = ("--listen", "127.0.0.1:0", "--no-mdns", "--api", "off")
    async with asyncio.timeout(80), node_process(tmp_path / "up", *options) as up:
        await up.ask("ready", 30)
        address = (await up.id()).multiaddrs[0]
        port = int(address.split("/")[4])
        async with Node.at(tmp_path / "here", bootstrap=[(await up.id()).invite], **ALONE) as node:
            await node.wait_ready(20)
            peer = (await node.connect(str((await up.id()).id))).id
            for _ in range(2):
                up.process.send_signal(signal.SIGTSTP)
                await asyncio.to_thread(wait_stopped, up.process.pid)
                assert state(up.process.pid) == psutil.STATUS_STOPPED
                await until(node, lambda: node.connection(peer) is None)
                assert not await listens(port)
                up.process.send_signal(signal.SIGCONT)
                await up.ask("ready", 30)
                await node.echo(peer, b"back")
                assert (await up.id()).multiaddrs[0] == address
        await up.end()
        assert (tmp_path / "up" / "stderr").read_text().count("Traceback") == 0


def wait_stopped(pid: int) -> None:
    """Wait until a child is stopped; it is not reaped."""
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
