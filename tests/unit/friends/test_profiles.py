"""Profiles and presence: to friends only, the last one wins, and what was said is kept."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest
from hypothesis import given, strategies as st
from memory_post import Party, befriend, calm, deliver, whisper

from wherry.errors import AvatarRefused, BadRequest
from wherry.friends.bodies import Presence, Profile, decode_presence, decode_profile, encode
from wherry.friends.events import PresenceChanged, ProfileChanged
from wherry.friends.images import image_type
from wherry.friends.limits import AVATAR_BYTES, DESCRIPTION_CHARACTERS
from wherry.friends.presence import Chosen
from wherry.messages.packets import Kind, Reason
from wherry_signaling.errors import Malformed
from wherry_signaling.identity import PeerId


def png(width: int = 64, height: int = 64, size: int = 100) -> bytes:
    return (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)).ljust(size, b"\0")


def jpeg(width: int, height: int) -> bytes:
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + bytes(14)
    frame = b"\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + bytes(10)
    return b"\xff\xd8" + app0 + b"\xff" + frame


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF" + bytes(4) + b"WEBP" + kind + bytes(4) + body


PICTURES = {
    "png": (png(1024, 1), "image/png"),
    "jpeg": (jpeg(640, 480), "image/jpeg"),
    "webp, extended": (webp(b"VP8X", bytes(4) + (99).to_bytes(3, "little") + (49).to_bytes(3, "little")), "image/webp"),
    "webp, lossless": (webp(b"VP8L", b"\x2f" + (99 | 49 << 14).to_bytes(4, "little")), "image/webp"),
    "webp, lossy": (webp(b"VP8 ", b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", 100, 50)), "image/webp"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_told_by_their_bytes(name: str) -> None:
    data, kind = PICTURES[name]
    assert image_type(data) == kind


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "neither PNG nor JPEG nor WebP"),
        (b"GIF89a" + bytes(20), "neither"),
        (png(1025, 10), "1025 × 10 pixels"),
        (png(0, 10), "pixels"),
        (jpeg(65535, 65535), "pixels"),
        (png(size=AVATAR_BYTES + 1), "is the most"),
        (png()[:20], "damaged"),
        (jpeg(10, 10)[:25], "damaged"),
        (webp(b"VP8X", bytes(8)), "damaged"),
        (webp(b"ALPH", bytes(20)), "damaged"),
        (b"\xff\xd8\xff\xd9" + b"\0" * 10, "damaged"),
    ],
)
def test_what_is_no_picture(data: bytes, why: str) -> None:
    with pytest.raises(AvatarRefused, match=why):
        image_type(data)


@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]), st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_refused(head: bytes, tail: bytes) -> None:
    # Invariant: whatever the bytes, a type or AvatarRefused, and it ends.
    try:
        assert image_type(head + tail).startswith("image/")
    except AvatarRefused as error:
        assert error.detail  # noqa: PT017


@given(st.builds(Profile, st.text(max_size=80), st.text(max_size=400), st.binary(max_size=50), st.text(max_size=40)))
def test_a_profile_of_anybody_can_be_shown(profile: Profile) -> None:
    # Invariant: names are one line that can be shown; only pictures have a type.
    read = decode_profile(encode(profile))
    assert read.name == "" or read.name.isprintable()
    assert all(c.isprintable() or c in "\n\u200c\u200d" for c in read.description)
    assert bool(read.avatar) == bool(read.avatar_type)
    assert decode_profile(encode(read)) == read


def test_a_picture_that_is_none_costs_only_itself() -> None:
    read = decode_profile(encode(Profile("Ada", "hi", b"<svg/>", "image/png")))
    assert read == Profile("Ada", "hi", b"", "")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_presence_or_malformed(data: bytes) -> None:
    # Invariant: a presence, or Malformed.
    try:
        assert decode_presence(data) in set(Presence)
    except Malformed as error:
        assert error.code == "MALFORMED"  # noqa: PT017


def test_friends_learn_a_profile_and_strangers_do_not(ada: Party, bela: Party, cy: Party) -> None:
    befriend(ada, bela)
    cy.friends.add(ada.addresses.get())
    deliver(cy, ada)
    ada.profiles.set(name="Ada L.", description="I write\nprograms", avatar=png())
    calm(ada, bela)
    assert bela.profiles.of(ada.id) == Profile("Ada L.", "I write\nprograms", png(), "image/png")
    assert ProfileChanged(peer=ada.id) in bela.seen
    assert bela.friends.get(ada.id).name == "Ada L."
    assert deliver(ada, cy) == []
    assert cy.profiles.of(ada.id).description == ""


def test_one_who_is_away_gets_the_last_profile_only(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    for number in range(5):
        ada.profiles.set(description=f"version {number}")
    assert len(ada.post.out) == 1
    assert deliver(ada, bela) == [None]
    assert bela.profiles.of(ada.id).description == "version 0"
    assert deliver(ada, bela) == [None]
    assert bela.profiles.of(ada.id).description == "version 4"
    assert not ada.post.out


def test_a_profile_that_expired_is_said_again(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.profiles.set(description="news")
    peer, item = ada.post.out.popleft()
    ada.post.settle(peer, item, Reason.EXPIRED)
    calm(ada, bela)
    assert bela.profiles.of(ada.id).description == "news"


def test_what_a_stranger_was_is_forgotten(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.friends.remove(bela.id)
    calm(ada, bela)
    assert ada.profiles.of(bela.id) == Profile()
    assert bela.profiles.of(ada.id) == Profile()
    befriend(ada, bela)
    assert bela.profiles.of(ada.id).name == "Ada"


def test_another_name_at_the_next_start_is_told(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.close()
    ada.name = "Ada the Second"
    ada.open()
    calm(ada, bela)
    assert bela.profiles.of(ada.id).name == "Ada the Second"


def test_profiles_that_nobody_could_show(ada: Party) -> None:
    before = ada.profiles.own()
    for wrong in ({"name": " \n"}, {"name": "x" * 81}, {"description": "x" * (DESCRIPTION_CHARACTERS + 1)}):
        with pytest.raises(BadRequest):
            ada.profiles.set(**wrong)
    with pytest.raises(AvatarRefused):
        ada.profiles.set(avatar=b"<svg/>")
    assert ada.profiles.own() == before
    ada.profiles.set(avatar=png())
    assert ada.profiles.set(avatar=b"").avatar_type == ""


@dataclass
class Connected:
    """What a component is given of a peer."""

    id: PeerId


async def connect(one: Party, other: Party) -> None:
    for here, there in ((one, other), (other, one)):
        await here.presences.peer_connect(Connected(there.id))  # type: ignore[arg-type]
    for here, there in ((one, other), (other, one)):
        whisper(here, there)


async def test_presence_is_told_to_friends_who_connect(ada: Party, bela: Party, cy: Party) -> None:
    befriend(ada, bela)
    await connect(ada, bela)
    await connect(ada, cy)
    assert ada.presences.of(bela.id) is bela.presences.of(ada.id) is Presence.ONLINE
    assert cy.presences.of(ada.id) is Presence.OFFLINE
    ada.presences.choose(Chosen.BUSY)
    whisper(ada, bela)
    assert bela.presences.of(ada.id) is Presence.BUSY
    assert not [one for one in ada.post.whispered if one[0] == cy.id]
    await bela.presences.peer_disconnect(Connected(ada.id))  # type: ignore[arg-type]
    assert bela.presences.of(ada.id) is Presence.OFFLINE
    said = [event.presence for event in bela.seen if isinstance(event, PresenceChanged)]
    assert said == [Presence.ONLINE, Presence.BUSY, Presence.OFFLINE]


async def test_who_is_invisible_looks_away(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    await connect(ada, bela)
    ada.presences.choose(Chosen.INVISIBLE)
    whisper(ada, bela)
    assert bela.presences.of(ada.id) is Presence.OFFLINE
    await connect(ada, bela)
    assert not ada.post.whispered
    assert bela.presences.of(ada.id) is Presence.OFFLINE
    ada.close()
    ada.open()
    assert ada.presences.chosen is Chosen.INVISIBLE


async def test_a_presence_of_one_who_is_gone_is_not_believed(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    await connect(ada, bela)
    await ada.presences.peer_disconnect(Connected(bela.id))  # type: ignore[arg-type]
    bela.presences.choose(Chosen.AWAY)
    [(_, item)] = bela.post.whispered
    assert item.kind == Kind.PRESENCE
    whisper(bela, ada)
    assert ada.presences.of(bela.id) is Presence.OFFLINE
