"""The newest record wins, wherever it comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from wherry.connect.limits import RECORD_FRESH_S
from wherry.connect.records import Records, Source
from wherry.connect.trace import Trace
from wherry.errors import BadSignature, LookUpFailed, PeerNotFound
from wherry.testing.clock import EPOCH_S, run_virtual
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.record import Introducer, PeerRecord
from wherry_signaling.scope import Scope

BELA = Identity(bytes([2] * 32))
CY = Identity(bytes([3] * 32))


def document(sequence: int, who: Identity = BELA) -> bytes:
    return PeerRecord(
        peer=who.id,
        sequence=sequence,
        instance=bytes(8),
        issued=EPOCH_S,
        expires=EPOCH_S + 3600,
        sealing_key=who.sealing_public,
    ).sign(who)


def answering(after_s: float, answer: bytes | None) -> Callable[[Purpose, PeerId], Awaitable[bytes | None]]:
    async def ask(_: Purpose, __: PeerId) -> bytes | None:
        await asyncio.sleep(after_s)
        return answer

    return ask


async def failing(_: Purpose, __: PeerId) -> bytes | None:
    raise LookUpFailed("no contacts")


def records(*asks: Callable[[Purpose, PeerId], Awaitable[bytes | None]]) -> Records:
    sources = [Source(f"source {number}", ask) for number, ask in enumerate(asks)]
    return Records(lambda: sources, lambda: EPOCH_S + asyncio.get_running_loop().time())


async def find(book: Records, *, fresh: bool = False) -> tuple[int, Trace]:
    trace = Trace(BELA.id, asyncio.get_running_loop().time)
    return (await book.find(BELA.id, trace, fresh=fresh)).sequence, trace


def test_a_source_that_answers_a_little_later_may_have_the_newer() -> None:
    async def main() -> None:
        book = records(answering(0.01, document(1)), answering(0.04, document(2)), answering(9, document(3)))
        sequence, trace = await find(book)
        assert sequence == 2
        assert asyncio.get_running_loop().time() < 0.1
        assert trace.count("look_up", "answered") == 2

    run_virtual(main())


def test_liars_and_failures_harm_nobody() -> None:
    async def main() -> None:
        forged = document(9)[:-1] + bytes([document(9)[-1] ^ 1])
        book = records(answering(0, forged), answering(0, document(8, CY)), failing, answering(0.3, document(1)))
        sequence, trace = await find(book)
        assert sequence == 1
        assert trace.count("look_up", "failed") == 3

    run_virtual(main())


def test_an_older_record_never_replaces_a_newer() -> None:
    async def main() -> None:
        book = records()
        assert book.learn(document(5)).sequence == 5
        assert book.learn(document(4)).sequence == 5
        with pytest.raises(BadSignature):
            book.learn(document(6), of=CY.id)

    run_virtual(main())


def test_nobody_knows() -> None:
    async def main() -> None:
        with pytest.raises(PeerNotFound):
            await find(records(answering(0, None), failing, answering(60, document(1))))
        assert asyncio.get_running_loop().time() < 10

    run_virtual(main())


def test_what_is_fresh_is_not_asked_again_but_what_led_nowhere_is() -> None:
    async def main() -> None:
        asked = 0

        async def ask(_: Purpose, __: PeerId) -> bytes | None:
            nonlocal asked
            asked += 1
            return document(asked)

        book = records(ask)
        assert (await find(book))[0] == 1
        assert (await find(book))[0] == 1
        book.forget(BELA.id)
        assert (await find(book))[0] == 2
        await asyncio.sleep(RECORD_FRESH_S + 1)
        assert (await find(book))[0] == 3
        assert (await find(book, fresh=True))[0] == 4

    run_virtual(main())


def test_a_stranger_far_away_does_not_make_us_knock_inside_our_network() -> None:
    async def main() -> None:
        hosts = ("127.0.0.1", "192.168.1.1", "11.0.0.7", "example.org")
        endpoints = tuple(EndpointAddress(host, 80) for host in hosts)
        record = PeerRecord(
            peer=BELA.id,
            sequence=1,
            instance=bytes(8),
            issued=EPOCH_S,
            expires=EPOCH_S + 3600,
            sealing_key=BELA.sealing_public,
            direct=endpoints,
            introducers=(Introducer(CY.id, endpoints[:3]),),
        ).sign(BELA)
        for scope, reached in ((Scope.GLOBAL, hosts[2:]), (Scope.PRIVATE, hosts[1:]), (Scope.LOOPBACK, hosts)):
            found = records().learn(record, scope=scope)
            assert tuple(one.host for one in found.direct) == reached
            assert tuple(one.host for one in found.introducers[0].endpoints) == tuple(
                h for h in reached if h in hosts[:3]
            )
        book = records()
        book.learn(record, scope=Scope.GLOBAL)
        assert len(book.learn(record, scope=Scope.PRIVATE).direct) == 3  # a neighbour showed the same one
        assert len(book.learn(record, scope=Scope.GLOBAL).direct) == 3

    run_virtual(main())
