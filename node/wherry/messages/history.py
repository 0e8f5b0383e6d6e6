"""Messages, as people see them: written, received, their fate, what was read, and found again.

A message is kept and given to the post in one transaction, and its fate is written in the transaction that settles it:
so what is shown is always what became of it. What has come is kept in the transaction that acknowledges it, once, for
its id is known then, and for a month after it was deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from wherry_signaling.identity import PeerId

from ..errors import BadRequest, MessageTooLarge, PeerBlocked, UnknownMessage
from ..store.database import Database
from .events import ChatRead, MessageAdded, MessageChanged, MessageEvent, TypingChanged
from .fate import MessageState
from .handlers import After, Void
from .limits import MESSAGE_BYTES, STRANGER_UNREAD, STRANGERS_UNREAD
from .message_store import Chat, Message, MessageStore
from .packets import Item, Kind, Reason
from .seam import PostSeam
from .searching import fits, words
from .texts import (
    ID_BYTES,
    READ_IDS,
    Data,
    Read,
    Text,
    Typing,
    decode_content,
    decode_read,
    decode_typing,
    encode,
    size_of,
)

#: Messages that a search without an index looks through before it lets others run: a few milliseconds of work.
SEARCH_SLICE: Final = 200


class Contacts(Protocol):
    """What history asks about people; `Friends` has it."""

    def is_friend(self, key: bytes) -> bool:
        """Whether a 32-byte key is a friend's."""
        ...

    def is_blocked(self, key: bytes) -> bool:
        """Whether it is the key of somebody who is blocked."""
        ...

    def contact_of(self, peer: PeerId) -> PeerId:
        """The peer under which a contact's messages are kept."""
        ...


class History:
    """See the module.

    :param receipts: whether friends are told what was read.
    :param wall_clock: seconds since 1970 by network time.
    :param random: so many random bytes.
    :param on_event: told of each change, once it is kept.
    """

    def __init__(
        self,
        me: PeerId,
        database: Database,
        store: MessageStore,
        post: PostSeam,
        *,
        contacts: Contacts,
        wall_clock: Callable[[], float],
        random: Callable[[int], bytes],
        on_event: Callable[[MessageEvent], None],
        receipts: bool = True,
    ) -> None:
        self._me, self._database, self._store, self._post, self._contacts = me, database, store, post, contacts
        self._wall_clock, self._random, self._on_event, self._receipts = wall_clock, random, on_event, receipts
        for kind in (Kind.TEXT, Kind.BYTES):
            post.serve(kind, self._take, settled=self._settled, held=self._held)
        post.serve(Kind.READ, self._take_read)
        post.serve(Kind.TYPING, self._take_typing)

    # -- written ------------------------------------------------------------------------------------------------------

    def send(self, peer: PeerId, content: str | bytes, *, reply_to: bytes | None = None) -> Message:
        """Write to a peer, whether it is there or not; text, or an application's bytes.

        One who is no friend may refuse it: the message is failed then.

        :param reply_to: the id of the message that it answers.
        :raises BadRequest: if nothing is in it, or what is no text, or it is to this node itself.
        :raises MessageTooLarge: if it has more than 5 MiB.
        :raises PeerBlocked: if our person has blocked the peer.
        :raises OutboxFull, DiskFull: if it cannot be kept.
        """
        if peer == self._me:
            raise BadRequest("that is this node's own id", hint="Give another peer's.", peer=str(peer))
        if not content:
            raise BadRequest("the message is empty", hint="Write something.")
        try:
            size = size_of(content)
        except UnicodeEncodeError as error:
            raise BadRequest("there are lone surrogates in it, which are no text", hint="Send it as bytes.") from error
        if size > MESSAGE_BYTES:
            raise MessageTooLarge(f"{size} bytes, {MESSAGE_BYTES} is the most")
        if reply_to is not None and len(reply_to) != ID_BYTES:
            raise BadRequest("it answers no message's id", hint=f"An id has {ID_BYTES} bytes.")
        if self._contacts.is_blocked(peer.key):
            raise PeerBlocked(peer=str(peer))
        contact = self._contacts.contact_of(peer)
        now, item = int(self._wall_clock() * 1000), self._random(ID_BYTES)
        with self._database.write():
            message = self._store.add(
                contact, item, content, ours=True, state=MessageState.QUEUED, sent=now, kept=now, reply_to=reply_to
            )
            assert message is not None  # its id was drawn just now
            self._send(message)
            self._say(MessageAdded(peer=contact, id=item, ours=True))
        return message

    def retry(self, peer: PeerId, message: bytes) -> Message:
        """Write a failed message once more, in the place of the old one.

        :raises UnknownMessage: if there is none of ours with that id.
        :raises BadRequest: if it has not failed.
        """
        old = self._find(peer, message, ours=True)
        if old.state is not MessageState.FAILED:
            raise BadRequest(f"it is {old.state.word}", hint="Only what has failed is sent again.")
        with self._database.write():
            self.delete(peer, message)
            return self.send(peer, old.content, reply_to=old.reply_to)

    def type(self, peer: PeerId, typing: bool) -> None:
        """Tell a friend who is connected that our person is writing, or has stopped."""
        if self._contacts.is_friend(peer.key):
            self._post.whisper(peer, Kind.TYPING, encode(Typing(typing)))

    # -- read ---------------------------------------------------------------------------------------------------------

    def get(self, peer: PeerId, message: bytes) -> Message:
        """One message.

        :raises UnknownMessage: if there is none.
        """
        return self._find(peer, message)

    def page(
        self, peer: PeerId | None = None, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        """Messages in their order; see `MessageStore.page`."""
        contact = None if peer is None else self._contacts.contact_of(peer)
        return self._store.page(contact, before=before, after=after, limit=limit)

    def chats(self) -> list[Chat]:
        """With whom there are messages, the newest first, and how many are unread."""
        return self._store.chats()

    def mark_read(self, peer: PeerId, through: int | None = None) -> int:
        """Our person has read what a contact wrote, all or up to a message's number; returns how many that were.

        Friends are told, where `receipts` are on.
        """
        contact = self._contacts.contact_of(peer)
        with self._database.write():
            ids = self._store.mark_read(contact, through)
            if ids:
                self._say(ChatRead(peer=contact))
            if self._receipts and self._contacts.is_friend(peer.key):
                for at in range(0, len(ids), READ_IDS):
                    self._post.send(peer, Kind.READ, encode(Read(ids[at : at + READ_IDS])))
        return len(ids)

    async def search(
        self, text: str, peer: PeerId | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[Message]:
        """Messages with all these words, the newest first; the last word may be a beginning.

        Where bodies rest locked there is no index: they are opened one after the other, and others run meanwhile.
        """
        contact = None if peer is None else self._contacts.contact_of(peer)
        if not self._store.locking:
            return self._store.search(text, contact, before=before, limit=limit)
        wanted = words(text)
        found: list[Message] = []
        while wanted and len(found) < limit:
            page = self._store.page(contact, before=before, limit=SEARCH_SLICE)
            if not page:
                break
            found += [one for one in reversed(page) if isinstance(one.content, str) and fits(one.content, wanted)]
            before = page[0].number
            await asyncio.sleep(0)
        return found[:limit]

    # -- put away -----------------------------------------------------------------------------------------------------

    def delete(self, peer: PeerId, message: bytes) -> None:
        """Keep a message no longer. One of ours that is not settled is taken back as well, as far as that goes.

        :raises UnknownMessage: if there is none.
        """
        found = self._find(peer, message)
        with self._database.write():
            if found.ours and not found.state.settled:
                self._post.withdraw(peer, message)
            self._store.delete(found.peer, message, now=self._wall_clock())
            self._say(MessageChanged(peer=found.peer, id=message, ours=found.ours))

    def delete_chat(self, peer: PeerId) -> None:
        """Keep none of a contact's messages."""
        contact = self._contacts.contact_of(peer)
        with self._database.write():
            for one in self._store.open():
                if one.peer == contact:
                    self._post.withdraw(peer, one.id)
            self._store.delete_chat(contact, now=self._wall_clock())
            self._say(ChatRead(peer=contact))

    def take_up(self) -> None:
        """After a restore from a copy: send again what the copy does not know to be settled, under its old id.

        Whoever has it already knows the id, keeps it once, and says that it is delivered.
        """
        with self._database.write():
            for one in self._store.open():
                self._send(one)

    def known(self, peer: PeerId, message: bytes) -> bool:
        """Whether a message of a peer's came before; it may be deleted since."""
        contact = self._contacts.contact_of(peer)
        return self._store.was_deleted(contact, message) or (self._store.get(contact, message, ours=False) is not None)

    # -- from the post ------------------------------------------------------------------------------------------------

    def _take(self, peer: PeerId, item: Item) -> None:
        body = decode_content(item.kind, item.body)
        contact = self._contacts.contact_of(peer)
        if self._store.was_deleted(contact, item.id):
            return  # said again by somebody whose memory is an old copy: it was delivered, and it stays deleted
        if not self._contacts.is_friend(peer.key) and self._store.get(contact, item.id, ours=False) is None:
            self._check_strangers(contact)
        added = self._store.add(
            contact,
            item.id,
            body.content,
            ours=False,
            state=MessageState.DELIVERED,
            sent=body.sent,
            kept=int(self._wall_clock() * 1000),
            reply_to=body.reply_to or None,
        )
        if added is not None:
            self._say(MessageAdded(peer=contact, id=item.id, ours=False))

    def _check_strangers(self, contact: PeerId) -> None:
        """Whether there is room for one more of somebody who is no friend."""
        unread = self._store.unread()
        strangers = sum(count for peer, count in unread.items() if not self._contacts.is_friend(peer.key))
        if strangers >= STRANGERS_UNREAD or unread.get(contact, 0) >= STRANGER_UNREAD:
            raise Void(Reason.FULL)

    def _settled(self, peer: PeerId, item: bytes, reason: int | None) -> None:
        state = MessageState.DELIVERED if reason is None else MessageState.FAILED
        self._changed(peer, item, self._store.set_state(self._contacts.contact_of(peer), item, state, reason))

    def _held(self, peer: PeerId, item: bytes, mailboxes: int) -> None:
        self._changed(peer, item, self._store.set_held(self._contacts.contact_of(peer), item, mailboxes))

    def _take_read(self, peer: PeerId, item: Item) -> None:
        contact = self._contacts.contact_of(peer)
        for one in decode_read(item.body):
            self._changed(peer, one, self._store.set_state(contact, one, MessageState.READ))

    def _take_typing(self, peer: PeerId, item: Item) -> After:
        event = TypingChanged(peer=self._contacts.contact_of(peer), typing=decode_typing(item.body))
        return partial(self._on_event, event)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        reply_to = message.reply_to or b""
        if isinstance(message.content, str):
            body = encode(Text(message.sent, reply_to, message.content))
        else:
            body = encode(Data(message.sent, reply_to, message.content))
        self._post.send(message.peer, message.kind, body, item=message.id)

    def _find(self, peer: PeerId, message: bytes, *, ours: bool | None = None) -> Message:
        found = self._store.get(self._contacts.contact_of(peer), message, ours=ours)
        if found is None:
            raise UnknownMessage(message.hex(), peer=str(peer))
        return found

    def _changed(self, peer: PeerId, item: bytes, changed: bool) -> None:
        if changed:
            self._say(MessageChanged(peer=self._contacts.contact_of(peer), id=item, ours=True))

    def _say(self, event: MessageEvent) -> None:
        self._database.after_commit(partial(self._on_event, event))
