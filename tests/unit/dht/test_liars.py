"""A suite of liars: who forges, replays, garbles, floods or leads astray gets nothing, and nobody else notices."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from wherry.dht import Dht, DhtConfig, DhtKey, Endpoint, events
from wherry.dht.frames import (
    _HEADER,
    ANYBODY,
    Body,
    Dial,
    DialBack,
    Find,
    Found,
    Frame,
    Kind,
    Knock,
    Ping,
    Pong,
    Prove,
    Store,
    Stored,
    _domain,
    make_frame,
    open_frame,
    pack_contacts,
    read_header,
)
from wherry.dht.key import proof_bits
from wherry.dht.limits import REQUESTS_PER_S, STORES_PER_S, UNPROVED_BYTES
from wherry.errors import DatabaseCorrupt
from wherry.testing.clock import run_virtual
from wherry.testing.dht import DhtNetwork, RawNode, document, key_of
from wherry.testing.network import MemoryNetwork
from wherry_signaling.errors import Closed

LIAR = Endpoint("11.200.0.1", 4770)
NODES = 8
TOKEN = b"t" * 16


def liar_key(seed: int = 7) -> DhtKey:
    return DhtKey(bytes([seed]) * 32)


def meshed(
    scenario: Callable[[DhtNetwork, RawNode, list[events.DhtEvent]], Awaitable[None]],
    answer: Callable[[RawNode, Frame, Endpoint], Iterable[bytes]] = lambda *_: (),
    **settings: Any,
) -> None:
    """A mesh of honest nodes that all have the liar in their tables, and a record of alice's among them."""

    async def run() -> None:
        network = MemoryNetwork(seed=5, delay_ms=(20, 150))
        seen: list[events.DhtEvent] = []
        async with DhtNetwork(network, nodes=0, config=DhtConfig(serve="always", maintenance_s=0, **settings)) as mesh:
            for number in range(NODES):
                await mesh.add(number, on_event=seen.append)
            liar = RawNode(liar_key())
            liar.answer = lambda frame, source: answer(liar, frame, source)
            await liar.open(network, LIAR)
            mesh.fill()
            await mesh.nodes[0].publish(document(b"alice", sequence=2))
            await network.quiet()
            for node in mesh.nodes:
                node._protocol.welcome_if_new(node._protocol.company.contact(liar.key.id, LIAR))
            await scenario(mesh, liar, seen)

    run_virtual(run())


def reply(liar: RawNode, frame: Frame, body: Body) -> bytes:
    return liar.frame(body, to=frame.sender, nonce=frame.header.nonce)


def found(document: bytes = b"", sequence: int = 0, contacts: bytes = b"") -> Found:
    return Found(TOKEN, LIAR.pack(), contacts, b"", sequence, document)


async def everybody_finds_the_newest(mesh: DhtNetwork) -> None:
    for node in mesh.nodes:
        assert (await node.look_up(key_of(b"alice"))).sequence == 2


FORGED = document(b"alice", sequence=9)[:-1] + b"\0"


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (found(FORGED, 9), "BAD_SIGNATURE"),
        (found(b"garbage", 9), "MALFORMED"),
        (found(document(b"bob", sequence=9), 9), "MALFORMED"),
        (found(contacts=bytes(25)), "MALFORMED"),
        (found(contacts=bytes(26)), "MALFORMED"),
    ],
    ids=["forged", "garbage", "of somebody else", "half a contact", "a contact nowhere"],
)
def test_who_forges_is_banned_by_all_who_see_it(lie: Found, code: str) -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        await everybody_finds_the_newest(mesh)
        bans = [event for event in seen if isinstance(event, events.LiarBanned)]
        assert {event.code for event in bans} == {code}
        assert {event.node_id for event in bans} == {liar.key.id}
        asked = len(liar.received)
        await everybody_finds_the_newest(mesh)
        assert len(liar.received) == asked, "nobody asks it again"

    meshed(scenario, lambda liar, frame, source: [reply(liar, frame, lie)] if isinstance(frame.body, Find) else [])


def test_an_old_record_is_an_old_record() -> None:
    old = document(b"alice", sequence=1)

    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        await everybody_finds_the_newest(mesh)
        await mesh.network.quiet()
        stores = [open_frame(data, read_header(data), own_id=liar.key.id) for data, _ in liar.received]
        assert any(frame.body == Store(TOKEN, document(b"alice", sequence=2)) for frame in stores), "it is corrected"

    meshed(scenario, lambda liar, frame, source: [reply(liar, frame, found(old, 1))])


def test_a_stale_holder_is_corrected_after_a_look_up() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        stale = mesh.nodes[3]
        stale._store._delete("1=1", ())
        assert len(stale.held()) == 0
        await mesh.nodes[5].look_up(key_of(b"alice"))
        await mesh.network.quiet()
        assert [held.sequence for held in stale.held()] == [2]

    meshed(scenario)


GARBAGE = [None, True, 7, -1, 2**64 - 1, 1.5, "text", b"", [], {}, [[]], [None] * 6, {"token": b""}, [b"x" * 99] * 9]


def test_garbage_types_are_no_reply() -> None:
    given = itertools.cycle(GARBAGE)

    def answer(liar: RawNode, frame: Frame, source: Endpoint) -> Iterable[bytes]:
        payload = msgspec.msgpack.encode(next(given))
        kind = Kind(frame.header.kind | 0x80)
        head = _HEADER.pack(0x0D, kind, 1, frame.header.nonce, liar.key.public, frame.sender, len(payload)) + payload
        yield head + liar.key.sign(_domain(kind), frame.sender, head)

    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        await everybody_finds_the_newest(mesh)
        for _ in GARBAGE:
            assert await mesh.nodes[1]._protocol.call_ping(LIAR) is None
        refused = [event.code for event in seen if isinstance(event, events.FrameRefused)]
        assert set(refused) == {"MALFORMED"}
        assert len(refused) >= len(GARBAGE)

    meshed(scenario, answer)


def test_a_reply_of_another_kind_is_none() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        await everybody_finds_the_newest(mesh)
        assert {event.code for event in seen if isinstance(event, events.FrameRefused)} == {"MALFORMED"}

    meshed(scenario, lambda liar, frame, source: [reply(liar, frame, Pong(TOKEN, LIAR.pack()))])


def test_a_reply_signed_by_another_node_ends_the_request_at_once() -> None:
    other = liar_key(8)

    def answer(liar: RawNode, frame: Frame, source: Endpoint) -> Iterable[bytes]:
        yield make_frame(other, found(), nonce=frame.header.nonce, destination=frame.sender)

    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        await everybody_finds_the_newest(mesh)
        assert {event.code for event in seen if isinstance(event, events.FrameRefused)} == {"WRONG_PEER"}

    meshed(scenario, answer)


def test_asked_again_and_again_for_proof_we_prove_once() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        await everybody_finds_the_newest(mesh)
        per_nonce: defaultdict[bytes, int] = defaultdict(int)
        for data, _ in liar.received:
            per_nonce[read_header(data).nonce] += 1
        assert per_nonce
        assert max(per_nonce.values()) == 2

    meshed(scenario, lambda liar, frame, source: [reply(liar, frame, Prove(TOKEN))])


def test_endless_contacts_do_not_hold_a_look_up_up() -> None:
    """It names 20 ids beside the key each time, all at its own address: under another key than it can sign for."""

    def answer(liar: RawNode, frame: Frame, source: Endpoint) -> Iterable[bytes]:
        if isinstance(frame.body, Find):
            chance = random.Random(len(liar.received))
            near = [(frame.body.key[:10] + chance.randbytes(10), LIAR) for _ in range(20)]
            yield reply(liar, frame, found(contacts=pack_contacts(near)))

    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        for node in mesh.nodes[1:]:
            before = len(liar.received)
            looked = await node.look_up(key_of(b"alice"))
            assert looked.sequence == 2
            assert looked.ms < 3000
            assert len(liar.received) - before <= 10

    meshed(scenario, answer)


def test_private_contacts_from_the_public_are_not_asked() -> None:
    hosts = ("127.0.0.1", "10.0.0.1", "192.168.0.1")
    inside = [(bytes([number]) * 20, Endpoint(host, 53)) for number, host in enumerate(hosts)]

    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        reached: set[str] = set()

        def watch(source: tuple[str, int], to: tuple[str, int], data: bytes) -> bytes:
            reached.add(to[0])
            return data

        with mesh.network.tamper(watch):
            await everybody_finds_the_newest(mesh)
        assert LIAR.host in reached
        assert not reached & set(hosts)

    meshed(scenario, lambda liar, frame, source: [reply(liar, frame, found(contacts=pack_contacts(inside)))])


# -- what a stranger gets out of a node -------------------------------------------------------------------------------


def of_every_kind(liar: RawNode, node: Dht, size: int) -> list[bytes]:
    bodies: list[Body] = [
        Ping(),
        Ping(TOKEN),
        Find(b"", key_of(b"alice")),
        Find(TOKEN, key_of(b"alice")),
        Store(b"", document(b"bob")),
        DialBack(b"", bytes(8)),
        DialBack(TOKEN, bytes(8)),
        Knock(bytes(8)),
    ]
    frames = [liar.frame(body, to=node.key.id, pad_to=size) for body in bodies]
    return [*frames, *(liar.frame(body, to=ANYBODY, pad_to=size) for body in bodies[:4])]


def test_no_reply_to_an_unproved_source_is_larger_than_what_it_sent() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node = mesh.nodes[0]
        worst = 0.0
        ports = itertools.count(5000)
        for size in (0, 160, 200, 400, 700, UNPROVED_BYTES, 1232):
            for data in of_every_kind(liar, node, size):
                stranger = await RawNode(liar.key).open(mesh.network, Endpoint("11.201.0.1", next(ports)))
                stranger.send(data, mesh.endpoint(0))
                await mesh.network.quiet()
                got = [answer for answer, _ in stranger.received]
                assert sum(map(len, got)) <= len(data)
                assert len(got) <= 1
                worst = max(worst, sum(map(len, got)) / len(data))
        assert 0.5 < worst <= 1
        assert [contact.endpoint for contact in node.contacts() if contact.id == liar.key.id] == [LIAR]

    meshed(scenario)


def test_a_flood_of_unproved_pings_bring_nobody_into_the_table() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node = mesh.nodes[0]
        before = {contact.id for contact in node.contacts()}
        for number in range(600):
            key = DhtKey(number.to_bytes(32, "big"))
            source = (f"11.{100 + number // 256}.{number % 256}.1", 4770)
            data = make_frame(key, Ping(), nonce=bytes(12), destination=node.key.id, serves=True, pad_to=1200)
            node._protocol.datagram_received(data, source)
        await mesh.network.quiet()
        assert {contact.id for contact in node.contacts()} == before

    meshed(scenario)


def test_a_proof_is_of_no_use_at_another_address_or_with_another_key() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node, at = mesh.nodes[0], mesh.endpoint(0)
        liar.send(liar.frame(Ping(), to=node.key.id, pad_to=UNPROVED_BYTES), at)
        await mesh.network.quiet()
        pong = open_frame(liar.received[-1][0], read_header(liar.received[-1][0]), own_id=liar.key.id)
        assert isinstance(pong.body, Pong)
        stolen = await RawNode(liar_key(9)).open(mesh.network, Endpoint("11.202.0.1", 1))
        moved = await RawNode(liar.key).open(mesh.network, Endpoint("11.203.0.1", 1))
        for thief in (stolen, moved):
            thief.send(thief.frame(Store(pong.body.token, document(b"bob")), to=node.key.id), at)
            await mesh.network.quiet()
            answer = open_frame(thief.received[-1][0], read_header(thief.received[-1][0]), own_id=thief.key.id)
            assert isinstance(answer.body, Prove)
        assert all(held.key != key_of(b"bob") for held in node.held())
        liar.send(liar.frame(Store(pong.body.token, document(b"bob")), to=node.key.id), at)
        await mesh.network.quiet()
        assert any(held.key == key_of(b"bob") for held in node.held())

    meshed(scenario)


def test_a_bad_document_is_not_kept_nor_too_many() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node, at = mesh.nodes[0], mesh.endpoint(0)
        liar.send(liar.frame(Ping(), to=node.key.id, pad_to=UNPROVED_BYTES), at)
        await mesh.network.quiet()
        token = open_frame(liar.received[-1][0], read_header(liar.received[-1][0]), own_id=liar.key.id).body.token
        held = len(node.held())
        bad = [FORGED, b"", b"garbage", document(b"late", issued=1_000), bytes(1000)]
        for data in bad:
            liar.send(liar.frame(Store(token, data), to=node.key.id), at)
        await mesh.network.quiet()
        assert len(node.held()) == held
        for number in range(2 * int(STORES_PER_S[1])):
            liar.send(liar.frame(Store(token, document(b"flood %d" % number)), to=node.key.id), at)
            if number % 100 == 0:
                await mesh.network.quiet()
        await mesh.network.quiet()
        assert len(node.held()) - held <= STORES_PER_S[1] + 50

    meshed(scenario)


def test_a_flood_from_one_network_leaves_others_alone() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node = mesh.nodes[0]
        flood = liar.frame(Ping(), to=node.key.id, pad_to=UNPROVED_BYTES)
        for number in range(int(3 * REQUESTS_PER_S[1])):
            node._protocol.datagram_received(flood, (f"11.200.0.{number % 250}", 1))
        codes = [event.code for event in seen if isinstance(event, events.FrameRefused)]
        assert codes.count("QUOTA") >= REQUESTS_PER_S[1]
        assert (await mesh.nodes[1].look_up(key_of(b"alice"))).sequence == 2
        looked = await mesh.nodes[1].look_up(key_of(b"alice"))
        assert node.key.id in {hop.contact.id for hop in looked.path if hop.outcome != "timeout"}

    meshed(scenario)


def test_who_asks_us_to_knock_gets_one_small_datagram_out_of_us_and_not_inside() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        victim = await RawNode(liar_key(9)).open(mesh.network, Endpoint("11.204.0.1", 1))
        inside = await RawNode(liar_key(10)).open(mesh.network, Endpoint("10.0.0.1", 1))
        sent = 0
        for target in (Endpoint("11.204.0.1", 1), Endpoint("10.0.0.1", 1)) * 30:
            data = liar.frame(Dial(b"", bytes(8), target.pack()), to=mesh.nodes[0].key.id)
            liar.send(data, mesh.endpoint(0))
            sent += len(data)
        await mesh.network.quiet()
        assert inside.received == []
        assert 0 < len(victim.received) <= 6
        assert sum(len(data) for data, _ in victim.received) < sent

    meshed(scenario)


# -- what must hold whatever comes ------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    junk=st.lists(st.binary(max_size=200) | st.binary(max_size=200).map(lambda data: b"\x0d" + data), max_size=10),
    sources=st.lists(
        st.sampled_from([("11.7.0.1", 9), ("::ffff:11.7.0.2", 9, 0, 0), ("0.0.0.0", 0), ("224.0.0.1", 9), ("name", 9)]),
        min_size=1,
    ),
)
def test_nothing_that_comes_in_raises(junk: list[bytes], sources: list[Any]) -> None:
    # Invariant: datagram_received returns, whatever the bytes and the source; the node answers others as before.
    async def run() -> None:
        async with DhtNetwork(MemoryNetwork(seed=1), nodes=2) as mesh:
            for number, data in enumerate(junk):
                mesh.nodes[0]._protocol.datagram_received(data, sources[number % len(sources)])
            assert await mesh.nodes[1].bootstrap([mesh.endpoint(0)]) == 1

    run_virtual(run())


def test_a_cancelled_look_up_leaves_nothing() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node = mesh.nodes[4]
        for after in (0, 0.01, 0.1, 0.3):
            look_up = asyncio.create_task(node.look_up(key_of(b"alice")))
            publish = asyncio.create_task(node.publish(document(b"bob")))
            await asyncio.sleep(after)
            look_up.cancel()
            publish.cancel()
            for task in (look_up, publish):
                with pytest.raises(asyncio.CancelledError):
                    await task
        await asyncio.sleep(2.5)
        assert node._protocol._outstanding == {}
        assert node._tasks == set()

    meshed(scenario)


def test_closing_in_the_middle_of_it() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node = mesh.nodes[4]
        work = [
            asyncio.create_task(node.look_up(key_of(b"alice"))),
            asyncio.create_task(node.publish(document(b"bob"))),
            asyncio.create_task(node.bootstrap([mesh.endpoint(0)])),
        ]
        await asyncio.sleep(0.05)
        await node.close()
        told = await asyncio.gather(*work, return_exceptions=True)
        assert [type(one) for one in told[:2]] == [Closed, Closed]
        assert told[2] == 0
        with pytest.raises(Closed):
            await node.look_up(key_of(b"alice"))
        await node.close()

    meshed(scenario)


def test_a_deadline_ends_a_look_up_with_what_it_has() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        looked = await mesh.nodes[4].look_up(key_of(b"nobody"), deadline_s=0.2)
        assert looked.document is None
        assert looked.ms == pytest.approx(200, abs=2)

    meshed(scenario)


def test_work_is_asked_of_everybody() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        node = mesh.nodes[0]
        node._protocol.config = DhtConfig(serve="always", proof_bits=proof_bits(liar.key.public) + 1)
        liar.send(liar.frame(Ping(), to=node.key.id, pad_to=UNPROVED_BYTES), mesh.endpoint(0))
        await mesh.network.quiet()
        assert liar.received == []
        assert [event.code for event in seen if isinstance(event, events.FrameRefused)] == ["BAD_SIGNATURE"]

    meshed(scenario)


def test_a_store_refused_is_said_so() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        published = await mesh.nodes[2].publish(document(b"alice", sequence=1))
        assert published.stored_at == ()
        assert published.superseded_by == document(b"alice", sequence=2)

    meshed(scenario, lambda liar, frame, source: [reply(liar, frame, Stored(TOKEN, 0, 1))])


def test_a_store_that_fails_harms_nobody_else() -> None:
    async def scenario(mesh: DhtNetwork, liar: RawNode, seen: list[events.DhtEvent]) -> None:
        mesh.nodes[3]._store.close()
        for node in mesh.nodes[:3]:
            assert (await node.look_up(key_of(b"alice"))).sequence == 2
        assert "DATABASE_CORRUPT" in {event.code for event in seen if isinstance(event, events.FrameRefused)}
        with pytest.raises(DatabaseCorrupt):
            await mesh.nodes[3].look_up(key_of(b"alice"))

    meshed(scenario)
