"""A profile out of its home into a file, and into a new home: `wherry export` and `wherry import`.

Both read and write files and may take seconds: in a running node they belong into a thread. An export has a connection
of its own to the database and sees one moment of it, while the node goes on.

The copy has the same identity. Where the original still runs, the one that was started later publishes, and the other
one stops doing so and says IDENTITY_ELSEWHERE (both would be told apart by nobody else): a copy is for moving, and for
the day when the original is gone.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from wherry_signaling import keyfile
from wherry_signaling.errors import HomeUnusable, InvalidPeerId, WherryError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.keyfile import Cost

from .errors import BadRequest, CopyUnusable, DiskFull, ExportCorrupt, HomeTaken
from .friends.address_store import AddressStore, Nospam
from .friends.bodies import Profile
from .friends.friend_store import FriendRow, FriendStore
from .friends.profile_store import ProfileStore
from .friends.states import Friendship, Said, State, Word
from .home import Home, Remembered
from .messages.fate import MessageState
from .messages.message_store import DELETED, LOCKED, MessageStore
from .messages.packets import Kind
from .profile_file import (
    AddressEntry,
    AnyEntry,
    ChoiceEntry,
    FriendEntry,
    MessageEntry,
    Owner,
    PeerEntry,
    ProfileEntry,
    read,
    write,
)
from .store import Database, Store
from .store.locks import BodyLock

#: The choice that says: this is a copy that has not been started yet.
RESTORED: Final = "restored"
#: Choices that belong to a file rather than to a person.
_OWN_CHOICES: Final = frozenset((RESTORED, LOCKED, DELETED))
#: Messages that are read, or written, at a time.
PAGE: Final = 500


class TakesUp(Protocol):
    """Whatever has something to say again in a copy: `Friends`, `History`."""

    def take_up(self) -> None:
        """Say again what the copy does not know to be settled."""
        ...


# -- out --------------------------------------------------------------------------------------------------------------


def export_profile(
    identity: Identity,
    name: str,
    database: Path,
    path: Path,
    passphrase: str,
    *,
    wall_clock: Callable[[], float],
    cost: Cost | None = None,
) -> int:
    """Write a profile to a new file, whole or not at all; returns its bytes.

    :param database: the path of ``wherry.db``, which may be in use.
    :raises BadRequest: if the passphrase is empty: whoever has the file could be this person.
    :raises CopyUnusable: if there is such a file, or it cannot be written.
    :raises DiskFull, DatabaseCorrupt, HomeUnusable: as it may be.
    """
    if not passphrase:
        raise BadRequest("an export needs a passphrase", hint="Choose one that nobody guesses.")
    check_place(path)
    with Store(database) as store, store.database.snapshot():
        entries = _entries(identity, name, store, wall_clock())
        return _write_file(path, write(entries, passphrase, random=secrets.token_bytes, cost=cost))


def check_place(path: Path) -> None:
    """Whether a copy can be written there, as far as that can be told before.

    :raises CopyUnusable: if not.
    """
    if path.exists():
        raise CopyUnusable(f"{path} exists")
    if not path.parent.is_dir():
        raise CopyUnusable(f"there is no folder {path.parent}")


def _entries(identity: Identity, name: str, store: Store, now: float) -> Iterator[AnyEntry]:
    yield Owner(identity.seed, name, now)
    for address in AddressStore(store.database).all():
        yield AddressEntry(address.label, address.nospam, address.since)
    for peer in store.peers():
        yield PeerEntry(peer.peer.key, peer.claimed, peer.label, peer.seen)
    friends = FriendStore(store.database)
    for row in friends.all():
        yield _friend_entry(row, [one.key for one in friends.peers_of(row.peer) if one != row.peer])
    profiles = ProfileStore(store.database)
    for one in profiles.all():
        said = profiles.profile(one)
        yield ProfileEntry(one.key, said.name, said.description, said.avatar, said.avatar_type)
    for choice, value in profiles.choices().items():
        if choice not in _OWN_CHOICES:
            yield ChoiceEntry(choice, value)
    yield from _message_entries(MessageStore(store.database, BodyLock(identity.seed, secrets.token_bytes)))


def _friend_entry(row: FriendRow, further: list[bytes]) -> FriendEntry:
    now = row.friendship
    return FriendEntry(
        key=row.peer.key,
        further=further,
        state=now.state.value,
        since=row.since,
        ours=(now.ours.id, now.ours.answers) if now.ours else None,
        theirs=(now.theirs.id, now.theirs.answers) if now.theirs else None,
        said=(now.said.id, int(now.said.kind), now.said.about) if now.said else None,
        hello=row.hello,
        nospam=row.nospam,
        reason=now.reason,
        answer=row.answer,
        compared=row.compared,
    )


def _message_entries(messages: MessageStore) -> Iterator[MessageEntry]:
    last = 0
    while page := messages.page(after=last, limit=PAGE):
        for one in page:
            yield MessageEntry(
                key=one.peer.key,
                id=one.id,
                ours=one.ours,
                text=one.content if isinstance(one.content, str) else None,
                data=one.content if isinstance(one.content, bytes) else None,
                state=int(one.state),
                reason=one.reason,
                sent=one.sent,
                kept=one.kept,
                reply_to=one.reply_to,
            )
        last = page[-1].number


def _write_file(path: Path, pieces: Iterator[bytes]) -> int:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    size = 0
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb") as file:
                for piece in pieces:
                    size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        found = _unusable(path, error)
        raise (found if isinstance(found, DiskFull) else CopyUnusable(found.detail)) from error
    return size


# -- in ---------------------------------------------------------------------------------------------------------------


def import_profile(
    home: Home, path: Path, passphrase: str, *, key_passphrase: str | None = None, cost: Cost | None = None
) -> PeerId:
    """Make a home of an exported profile; returns who lives there now. Nobody may live in it before.

    Nothing is there until all of the file was read and found whole, and nothing is left where something fails then.

    :param key_passphrase: to put the identity under in its new home; None: it lies open, for its owner alone.
    :raises HomeTaken: if the home has an identity, or a database.
    :raises ExportCorrupt, ExportLocked, VersionMismatch: if the file cannot be read.
    :raises AlreadyRunning, HomeUnusable, DiskFull: as it may be.
    """
    with home.locked():
        for taken in (home.identity_file, home.database):
            if taken.exists():
                raise HomeTaken(str(taken))
        drafts = home.path / ".import.key", home.path / ".import.db"
        _remove(*drafts)
        try:
            key, database = drafts
            owner = _fill(database, path, passphrase)
            keyfile.create(key, owner.seed, passphrase=key_passphrase, cost=cost)  # seconds; what follows, none
            database.rename(home.database)
            key.rename(home.identity_file)
            keyfile.sync_folder(home.path)
            home.remember(Remembered(name=owner.name))
        except OSError as error:
            _remove(home.identity_file, home.database)
            raise _unusable(path, error) from error
        except BaseException:
            _remove(home.identity_file, home.database)
            raise
        finally:
            _remove(*drafts)
        return Identity(owner.seed).id


def take_up(database: Database, *speakers: TakesUp) -> bool:
    """Let a copy that is started for the first time say again what it does not know to be settled; whether it was one.

    To be called once everything is there that can speak, and before anything new is said.
    """
    profiles = ProfileStore(database)
    if not profiles.choice(RESTORED):
        return False
    with database.write():
        for speaker in speakers:
            speaker.take_up()
        profiles.choose(RESTORED, "")
    return True


def _fill(draft: Path, path: Path, passphrase: str) -> Owner:
    with path.open("rb") as file, Store(draft) as store:
        try:
            entries = read(file.read, passphrase)
            owner = next(entries)
            assert isinstance(owner, Owner)  # `read` sees to that
            into = _Into(store)
            while into.take_some(entries):
                pass
            ProfileStore(store.database).choose(RESTORED, "yes")
        except InvalidPeerId as error:
            raise ExportCorrupt("what is in it makes no sense") from error
        except WherryError:
            raise
        except (ValueError, KeyError) as error:
            raise ExportCorrupt("what is in it makes no sense") from error
    return owner


class _Into:
    """Puts entries where they belong."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._addresses, self._friends = AddressStore(store.database), FriendStore(store.database)
        self._profiles, self._messages = ProfileStore(store.database), MessageStore(store.database)

    def take_some(self, entries: Iterator[AnyEntry]) -> bool:
        """Some more, in one transaction; whether there were any."""
        with self._store.database.write():
            for number, entry in enumerate(entries):
                self._take(entry)
                if number == PAGE:
                    return True
        return False

    def _take(self, entry: AnyEntry) -> None:
        match entry:
            case AddressEntry():
                self._addresses.put(Nospam(label=entry.label, nospam=entry.nospam, since=entry.since))
            case PeerEntry():
                self._store.remember_peer(PeerId(entry.key), claimed=entry.claimed, seen=entry.seen)
                if entry.label:
                    self._store.label(PeerId(entry.key), entry.label)
            case FriendEntry():
                self._friends.put(_row(entry))
                for key in entry.further:
                    self._friends.add_peer(PeerId(entry.key), PeerId(key))
            case ProfileEntry():
                profile = Profile(entry.name, entry.description, entry.avatar, entry.avatar_type)
                self._profiles.keep(PeerId(entry.key), profile)
            case ChoiceEntry():
                self._profiles.choose(entry.name, entry.value)
            case MessageEntry():
                self._take_message(entry)

    def _take_message(self, entry: MessageEntry) -> None:
        state = MessageState(entry.state)
        self._messages.add(
            PeerId(entry.key),
            entry.id,
            entry.text if entry.text is not None else entry.data or b"",
            ours=entry.ours,
            state=MessageState.QUEUED if state is MessageState.HELD else state,  # the copy asks no mailbox about it
            sent=entry.sent,
            kept=entry.kept,
            reply_to=entry.reply_to,
            reason=entry.reason,
        )


def _row(entry: FriendEntry) -> FriendRow:
    return FriendRow(
        peer=PeerId(entry.key),
        friendship=Friendship(
            state=State(entry.state),
            ours=Word(*entry.ours) if entry.ours else None,
            theirs=Word(*entry.theirs) if entry.theirs else None,
            said=Said(Kind(entry.said[1]), entry.said[0], entry.said[2]) if entry.said else None,
            reason=entry.reason,
        ),
        since=entry.since,
        hello=entry.hello,
        nospam=entry.nospam,
        answer=entry.answer,
        compared=entry.compared,
    )


def _remove(*files: Path) -> None:
    for file in files:
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                file.with_name(file.name + end).unlink()


def _unusable(path: Path, error: OSError) -> WherryError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{path} cannot be written")
    return HomeUnusable(f"{path}: {error.strerror}")
