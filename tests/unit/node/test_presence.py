"""The own record: sequences, retries, and the same identity elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from wherry.errors import IdentityElsewhere, LookUpFailed, PublishFailed
from wherry.presence import FIRST_S, REPUBLISH_S, Presence, Whereabouts
from wherry.testing.clock import EPOCH_S, run_virtual
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity
from wherry_signaling.record import Introducer, PeerRecord, check_peer_record

ADA = Identity(bytes([1] * 32))
BELA = Identity(bytes([2] * 32))
HERE = Whereabouts(direct=(EndpointAddress("192.0.2.1", 4770),))
THERE = Whereabouts(direct=(EndpointAddress("192.0.2.2", 4770),))


@dataclass
class Net:
    """The network: the newest document it has been given."""

    document: bytes | None = None
    failures: int = 0
    published: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)

    async def look_up(self) -> bytes | None:
        return self.document

    async def publish(self, document: bytes) -> int:
        if self.failures:
            self.failures -= 1
            raise PublishFailed()
        self.document = document
        self.published.append(check_peer_record(document, now())[0].sequence)
        return 3

    def presence(self, *, last: int = 0, instance: bytes = b"instance") -> Presence:
        return Presence(
            ADA,
            instance,
            look_up=self.look_up,
            publish=self.publish,
            last_sequence=last,
            keep_sequence=self.kept.append,
            wall_clock=now,
        )


def now() -> float:
    return EPOCH_S + asyncio.get_running_loop().time()


def record(sequence: int, instance: bytes) -> bytes:
    at = int(now())
    return PeerRecord(
        peer=ADA.id,
        sequence=sequence,
        instance=instance,
        issued=at,
        expires=at + 3600,
        sealing_key=ADA.sealing_public,
    ).sign(ADA)


def test_the_sequence_is_above_whatever_is_known() -> None:
    async def main() -> None:
        for last, known, expected in ((0, None, 1), (7, None, 8), (7, 20, 21), (30, 20, 31)):
            net = Net(None if known is None else record(known, b"another!"))
            published = await net.presence(last=last).publish_now()
            assert published.record.sequence == expected
            assert net.kept[-1] == expected

    run_virtual(main())


def test_it_is_published_on_change_again_in_time_and_until_somebody_takes_it() -> None:
    async def main() -> None:
        net = Net(failures=3)
        presence = net.presence()
        running = asyncio.create_task(presence.run())
        presence.update(HERE)
        await asyncio.sleep(FIRST_S + 10)
        assert len(net.published) == 1
        presence.update(HERE)
        await asyncio.sleep(10)
        assert len(net.published) == 1
        presence.update(THERE)
        await asyncio.sleep(10)
        assert len(net.published) == 2
        await asyncio.sleep(REPUBLISH_S + 1)
        assert len(net.published) == 3
        assert net.published == sorted(set(net.published))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(main())


def test_the_first_record_waits_a_moment_for_an_introducer() -> None:
    async def main() -> None:
        net = Net()
        presence = net.presence()
        running = asyncio.create_task(presence.run())
        presence.update(HERE)
        await asyncio.sleep(FIRST_S / 2)
        assert net.published == []
        presence.update(Whereabouts(introducers=(Introducer(BELA.id, HERE.direct),)))
        await asyncio.sleep(0.01)
        assert len(net.published) == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(main())


def test_the_older_instance_stops_publishing_and_says_so() -> None:
    async def main() -> None:
        net = Net()
        older = net.presence()
        running = asyncio.create_task(older.run())
        older.update(HERE)
        await asyncio.sleep(FIRST_S + 1)
        await net.presence(instance=b"newcomer").publish_now()
        await asyncio.sleep(REPUBLISH_S + 1)
        assert older.elsewhere is not None
        assert len(net.published) == 2
        with pytest.raises(IdentityElsewhere):
            await older.publish_now()
        await running

    run_virtual(main())


def test_the_older_instance_stops_as_soon_as_it_is_shown_the_newer_record() -> None:
    async def main() -> None:
        net = Net()
        older, newer = net.presence(), net.presence(instance=b"newcomer")
        await older.publish_now()
        await newer.publish_now()
        assert older.elsewhere is None
        older.met(net.document)
        with pytest.raises(IdentityElsewhere):
            await older.publish_now()
        newer.met(record(1, b"instance"))
        assert newer.elsewhere is None

    run_virtual(main())


def test_of_two_with_the_same_sequence_one_stops() -> None:
    async def main() -> None:
        net = Net()
        one, other = net.presence(instance=b"aaaaaaaa"), net.presence(instance=b"bbbbbbbb")
        nets = Net(), Net()
        one._publish, other._publish = nets[0].publish, nets[1].publish
        await one.publish_now()
        await other.publish_now()
        assert nets[0].published == nets[1].published
        for presence, shown in ((one, nets[1]), (other, nets[0])):
            presence.met(shown.document)
        assert (one.elsewhere is None) != (other.elsewhere is None)

    run_virtual(main())


def test_an_earlier_life_met_late_is_no_other_instance() -> None:
    async def main() -> None:
        net = Net()

        async def nobody() -> bytes | None:
            raise LookUpFailed("nobody is known yet")

        presence = net.presence()
        presence._look_up = nobody
        await presence.publish_now()
        presence._look_up = net.look_up
        net.document = record(50, b"earlier!")
        presence.met(net.document)
        assert (await presence.publish_now()).record.sequence == 51
        assert presence.elsewhere is None

    run_virtual(main())


def test_what_is_handed_out_is_never_the_same_sequence_twice_with_another_content() -> None:
    async def main() -> None:
        presence = Net().presence()
        presence.update(HERE)
        first = check_peer_record(presence.document, now())[0]
        assert presence.document == presence.document
        presence.update(THERE)
        second = check_peer_record(presence.document, now())[0]
        assert second.sequence > first.sequence
        assert second.direct != first.direct
        published = await presence.publish_now()
        assert published.record.sequence > second.sequence
        assert presence.document == published.document

    run_virtual(main())
