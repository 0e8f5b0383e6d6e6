"""The introducer alone, in processes of its own: what it imports, that it keeps its key, and kill -9."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from introducing import SEALED, Taking, identity, sealed
from mailing import collect_all, move_in, tag_between

from wherry_signaling.client import Guests, Held, Introducers, WebSocketConnector, open_client
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import IdentityCorrupt, RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.server.alone import run_introducer
from wherry_signaling.wire import Role

#: Runs an introducer that cannot import what it must not, and prints its address.
PROGRAM = """
import asyncio, sys
from pathlib import Path

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"aiortc", "aioice", "av", "kademlia", "rpcudp", "wherry", "click", "rich"}:
            raise ImportError(f"the introducer alone must not import {name}")

sys.meta_path.insert(0, Forbidden())
from wherry_signaling.server.alone import run_introducer

asyncio.run(
    run_introducer(
        ("127.0.0.1", 0), Path(sys.argv[1]), ready=lambda endpoint: print(endpoint.addresses[0], flush=True)
    )
)
"""


@asynccontextmanager
async def introducer(home: Path) -> AsyncIterator[tuple[EndpointAddress, asyncio.subprocess.Process]]:
    """A process, and where it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(home), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = await process.stdout.readline()
        assert line, (await process.stderr.read()).decode()
        yield EndpointAddress.parse(line.decode().strip()), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_it_introduces_without_webrtc_and_dht(tmp_path: Path) -> None:
    take = Taking()
    async with (
        introducer(tmp_path / "home") as (address, _),
        WebSocketConnector() as connect,
        await open_client(connect, address, identity(1), Role.ME, on_deliver=take) as alice,
    ):
        registration = await alice.register()
        assert registration.ice_servers[0].urls == (f"stun:127.0.0.1:{address.port}",)
        async with Guests(connect) as guests:
            await guests.send_via(address, identity(1).id, b"", SEALED)
    assert take.envelopes == [SEALED]


async def test_its_key_stays_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    async with introducer(tmp_path) as (first, _):
        pass
    async with introducer(tmp_path) as (second, _):
        assert second.peer == first.peer
    assert (tmp_path / "identity.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "identity.key").write_bytes(b"damaged")
    with pytest.raises(IdentityCorrupt):
        await run_introducer(("127.0.0.1", 0), tmp_path)
    assert (tmp_path / "identity.key").read_bytes() == b"damaged"


async def test_kill_9_and_the_new_record_within_five_seconds(tmp_path: Path) -> None:
    # Somebody else reaches us every 100 ms along the record stored last, and once it is stored, never fails.
    stored: list[tuple[PeerId, tuple[EndpointAddress, ...]]] = []
    changed = asyncio.Event()

    async def store(held: list[Held]) -> None:
        stored[:] = [(one.peer, one.addresses) for one in held]
        changed.set()

    async with AsyncExitStack() as stack:
        running = [await stack.enter_async_context(introducer(tmp_path / str(n))) for n in range(5)]
        processes = {address.peer: process for address, process in running}
        connect = await stack.enter_async_context(WebSocketConnector())

        async def candidates() -> list[EndpointAddress]:
            return [address.without_peer() for address, _ in running]

        await stack.enter_async_context(
            Introducers(
                connect,
                identity(500),
                candidates=candidates,
                on_deliver=lambda client, tag, envelope, back: True,
                on_change=store,
            )
        )
        guests = await stack.enter_async_context(Guests(connect))

        async def reach() -> bool:
            """Along all ways of the record at once: whether any delivers."""
            fates = await asyncio.gather(
                *(guests.send_via(ways, identity(500).id, b"", SEALED) for _, ways in stored), return_exceptions=True
            )
            assert all(isinstance(fate, (EndpointAddress, RemoteError)) for fate in fates)
            return any(isinstance(fate, EndpointAddress) for fate in fates)

        for victims in (1, 2):
            while len(stored) < 3:
                changed.clear()
                await changed.wait()
            assert await reach()
            lost = {peer for peer, _ in stored[:victims]}
            begun = asyncio.get_running_loop().time()
            for peer in lost:
                processes[peer].send_signal(signal.SIGKILL)
            while lost & {peer for peer, _ in stored} or len(stored) < (3 if victims == 1 else 2):
                assert await reach(), "one introducer is always left"
                changed.clear()
                async with asyncio.timeout(5):
                    await changed.wait()
            assert asyncio.get_running_loop().time() - begun < 5
            assert await reach()


async def test_kill_9_loses_no_lease_and_no_letter(tmp_path: Path) -> None:
    now = time.time()
    kept: list[bytes] = []
    async with WebSocketConnector() as connect:
        async with introducer(tmp_path) as (address, process):
            assert address.peer is not None
            tag = tag_between(identity(2), identity(1).id, identity(1).id, address.peer, now)
            async with await open_client(connect, address, identity(1), Role.ME) as alice:
                await move_in(alice, identity(1), [identity(2)], now)

            async def write(number: int) -> None:
                await guests.deposit_via(address, identity(1).id, tag, b"", sealed(number, 4096))
                kept.append(sealed(number, 4096))
                if len(kept) == 50:
                    process.send_signal(signal.SIGKILL)

            async with Guests(connect) as guests:
                fates = await asyncio.gather(*(write(number) for number in range(300)), return_exceptions=True)
            assert all(fate is None or isinstance(fate, RemoteError) for fate in fates)
            await process.wait()
        async with (
            introducer(tmp_path) as (address, _),
            await open_client(connect, address, identity(1), Role.ME) as alice,
        ):
            collected = await collect_all(alice)
            assert set(kept) <= set(collected), "whatever was called kept"
            assert len(collected) == len(set(collected))
            assert (await alice.lease()).waiting == len(collected)
