"""Others' inbox records: the newest counts, and none leads nearer than it came from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_writer import identity

from wherry.messages.inboxes import Inboxes
from wherry.messages.mail_store import MailStore
from wherry.store.database import Database
from wherry.store.schema import APPLICATION, MIGRATIONS
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import PeerId
from wherry_signaling.record import InboxRecord, Introducer, sign_prekey
from wherry_signaling.scope import Scope

NOW = 1_800_000_000
PEER = identity("peer")
ME = identity("me").id
BOXES = [identity(f"box {number}").id for number in range(3)]
HOSTS = ["127.0.0.1", "192.168.1.7", "11.0.0.7"]


@pytest.fixture
def inboxes(tmp_path: Path) -> Iterator[Inboxes]:
    async def nobody(peer: PeerId) -> None:
        return None

    database = Database(tmp_path / "mail.db", application=APPLICATION, migrations=MIGRATIONS)
    yield Inboxes(ME, MailStore(database), sources=list, ask_peer=nobody, wall_clock=lambda: NOW)
    database.close()


def document(sequence: int, boxes: list[PeerId] = BOXES) -> bytes:
    """It names a mailbox on the machine that reads it, one in its network, and one in the world."""
    return InboxRecord(
        peer=PEER.id,
        sequence=sequence,
        issued=NOW,
        expires=NOW + 86400,
        sealing_key=PEER.sealing_public,
        prekey=sign_prekey(PEER, 7, bytes([9] * 32)),
        mailboxes=tuple(
            Introducer(box, (EndpointAddress(host, 4770),)) for box, host in zip(boxes, HOSTS, strict=False)
        ),
    ).sign(PEER)


def named(inboxes: Inboxes) -> list[PeerId]:
    record = inboxes.get(PEER.id)
    assert record is not None
    return [one.peer for one in record.mailboxes]


@pytest.mark.parametrize(
    ("scope", "found"), [(Scope.LOOPBACK, BOXES), (Scope.PRIVATE, BOXES[1:]), (Scope.GLOBAL, BOXES[2:])]
)
def test_mailboxes_nearer_than_where_the_record_came_from_are_left_out(
    inboxes: Inboxes, scope: Scope, found: list[PeerId]
) -> None:
    assert inboxes.learn(document(1), PEER.id, scope)
    assert named(inboxes) == found


def test_the_same_record_from_nearer_leads_there_and_another_does_not(inboxes: Inboxes) -> None:
    assert inboxes.learn(document(2), PEER.id, Scope.GLOBAL)
    assert inboxes.learn(document(2), PEER.id, Scope.PRIVATE)
    assert named(inboxes) == BOXES[1:]
    assert inboxes.learn(document(2), PEER.id, Scope.GLOBAL)
    assert named(inboxes) == BOXES[1:]
    assert not inboxes.learn(document(1), PEER.id, Scope.LOOPBACK)
    assert inboxes.learn(document(3), PEER.id, Scope.GLOBAL)
    assert named(inboxes) == BOXES[2:]


def test_what_we_keep_ourselves_is_kept_at_no_place(inboxes: Inboxes) -> None:
    assert inboxes.learn(document(1, [ME, BOXES[1]]), PEER.id, Scope.LOOPBACK)
    assert named(inboxes) == [BOXES[1]]
