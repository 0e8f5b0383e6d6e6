"""Somebody who has a mailbox, and friends who write: tags, letters and inbox records for tests of mailboxes."""

from __future__ import annotations

from introducing import identity, sealed

from wherry_signaling.client import Client
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import Message, seal_letter
from wherry_signaling.record import InboxRecord, Introducer, sign_prekey
from wherry_signaling.tags import friend_secret, friend_tag, request_tag, week_of
from wherry_signaling.wire_mailbox import Sort

NOSPAM = bytes(range(8))


def tag_between(one: Identity, other: PeerId, recipient: PeerId, mailbox: PeerId, now: float) -> bytes:
    """The tag of two friends, this week."""
    return friend_tag(friend_secret(one, other), recipient, mailbox, week_of(now))


async def move_in(client: Client, owner: Identity, friends: list[Identity], now: float) -> None:
    """Take a lease at the endpoint of `client`, and list friends and requests for this week and the next."""
    await client.lease()
    for week in (week_of(now), week_of(now) + 1):
        tags = [friend_tag(friend_secret(owner, one.id), owner.id, client.peer, week) for one in friends]
        await client.tags(week, Sort.FRIENDS, tags)
        await client.tags(week, Sort.REQUESTS, [request_tag(NOSPAM, owner.id, client.peer, week)])


async def collect_all(client: Client) -> list[bytes]:
    """All that waits."""
    return [letter async for page in client.pages() for _, letter in page.envelopes]


def inbox_of(owner: Identity, now: float, mailboxes: tuple[Introducer, ...] = (), sequence: int = 1) -> bytes:
    """A signed inbox record."""
    return InboxRecord(
        peer=owner.id,
        sequence=sequence,
        issued=int(now),
        expires=int(now) + 30 * 24 * 3600,
        sealing_key=owner.sealing_public,
        prekey=sign_prekey(owner, 1, bytes([9]) * 32),
        mailboxes=mailboxes,
    ).sign(owner)


def letter_of(sender: Identity, recipient: Identity, box: bytes, ephemeral_secret: bytes) -> bytes:
    """A letter, whatever is in it."""
    message = Message(session=bytes(8), initial=None, header=bytes(80), box=box)
    return seal_letter(
        message,
        sender=sender,
        recipient=recipient.id,
        sealing_key=recipient.sealing_public,
        ephemeral_secret=ephemeral_secret,
    )


__all__ = ["collect_all", "identity", "inbox_of", "letter_of", "move_in", "sealed", "tag_between"]
