"""One node's folder: whose it is, what it remembers, and that only one process at a time has it.

::

    <home>/                    mode 0700
        identity.key           the key (wherry_signaling.keyfile), mode 0600
        config.toml            what its owner set, if anything
        remembered.json        what was chosen once and is kept: display name, ports
        wherry.db              the node's own database;  kept.db: what it keeps for others
        tokens.json            digests of the tokens of programs that may use the local API
        run/lock               held while a node runs; says its process id
        run/node.json          what commands need to know of the running node
        run/api.sock           the local API, mode 0600

Whatever is damaged is refused by name and left as it is, apart from `run/`, which is made anew at each start.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from wherry_signaling import keyfile
from wherry_signaling.errors import HomeUnusable, WherryError
from wherry_signaling.identity import Identity

from .errors import AlreadyRunning, DiskFull
from .names import friendly_name

#: Bytes of a UNIX socket's path: macOS takes 103 and Linux 107; longer ones move to the runtime folder.
SOCKET_PATH_BYTES: Final = 100
#: Bytes of the small JSON files here: more is none of ours.
JSON_BYTES: Final = 64 * 1024


class Remembered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was chosen once and is kept; None where nothing was."""

    name: str | None = None
    port: int | None = None


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What a running node writes to ``run/node.json``.

    :param since: RFC 3339, UTC.
    :param multiaddrs: of the endpoint, with its port.
    :param socket: where the local API listens.
    :param api: where it listens on TCP, as ``127.0.0.1:4771``; nothing where it does not.
    """

    v: int = 1
    pid: int
    id: str
    name: str
    version: str
    since: str
    multiaddrs: list[str]
    socket: str
    page: str
    api: str = ""


class Home:
    """A node's folder; nothing is read or written before it is asked for.

    :param path: absolute.
    :param ask_passphrase: gives the passphrase of a locked identity, by a prompt; None where nobody can be asked.
    """

    def __init__(self, path: Path, *, ask_passphrase: Callable[[], str] | None = None) -> None:
        self.path = path
        self._ask = ask_passphrase
        #: What was found amiss and mended; for the log and `status`.
        self.notices: list[str] = []
        self._held = False
        self._identity: Identity | None = None

    def __repr__(self) -> str:
        return f"<Home {self.path}>"

    @property
    def identity_file(self) -> Path:
        """The key."""
        return self.path / "identity.key"

    @property
    def database(self) -> Path:
        """The node's own database."""
        return self.path / "wherry.db"

    @property
    def kept_database(self) -> Path:
        """The database of what is kept for others; it may be deleted while no node runs."""
        return self.path / "kept.db"

    @property
    def tokens_file(self) -> Path:
        """The digests of programs' tokens."""
        return self.path / "tokens.json"

    @property
    def run(self) -> Path:
        """What concerns the running node alone."""
        return self.path / "run"

    @property
    def socket(self) -> Path:
        """Where the local API listens; in the runtime folder if the home's own path is too long for a socket."""
        near = self.run / "api.sock"
        if len(os.fsencode(near)) <= SOCKET_PATH_BYTES:
            return near
        digest = hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:16]
        return Path(platformdirs.user_runtime_dir("wherry", appauthor=False)) / f"{digest}.sock"

    # -- folders and the lock -----------------------------------------------------------------------------------------

    def make(self) -> None:
        """Make the folders that are missing, for their owner alone.

        :raises HomeUnusable: if they cannot be made, or the socket's folder is somebody else's.
        """
        for folder in (self.path, self.run, self.socket.parent):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                about = folder.stat()
            except OSError as error:
                raise _unusable(folder, error) from error
            if about.st_uid != os.getuid() and folder != self.path:
                raise HomeUnusable(f"{folder} belongs to somebody else")
            if folder != self.path and stat.S_IMODE(about.st_mode) & 0o077:
                folder.chmod(0o700)
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise HomeUnusable(f"{self.path} cannot be written to")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Have the home to oneself. The system lets go of the lock when the process ends, however it ends.

        Inside a block of the same `Home` another one does nothing: a program may hold it around its node.

        :raises AlreadyRunning: naming the process that has it.
        :raises HomeUnusable: if there can be no lock.
        """
        if self._held:
            yield
            return
        self.make()
        path = self.run / "lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unusable(path, error) from error
        with open(descriptor, "r+b", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise _unusable(path, error) from error
                holder = (file.read(32) or b"").decode("ascii", "replace").strip() or "unknown"
                raise AlreadyRunning(f"process {holder} has {self.path}") from None
            try:
                file.truncate()
                file.write(str(os.getpid()).encode())
            except OSError as error:
                raise _unusable(path, error) from error
            self._held = True
            try:
                yield
            finally:
                self._held = False
                self._tidy()
                file.truncate(0)

    def _tidy(self) -> None:
        for path in (self.run / "node.json", self.socket):
            with suppress(FileNotFoundError):
                path.unlink()

    # -- the running node ---------------------------------------------------------------------------------------------

    def write_running(self, running: Running) -> None:
        """Say what commands need to know.

        :raises DiskFull, HomeUnusable: if it cannot be written.
        """
        write_atomically(self.run / "node.json", _json(running))

    def read_running(self) -> Running | None:
        """What the running node wrote, or one that was killed; None where nothing that makes sense is."""
        try:
            return msgspec.json.decode(_read(self.run / "node.json"), type=Running)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    # -- what is kept -------------------------------------------------------------------------------------------------

    def identity(self, *, choose_passphrase: Callable[[], str] | None = None) -> Identity:
        """Who lives here; made at the first start, and read (and a passphrase asked for) once.

        :param choose_passphrase: gives the passphrase to put a new key under; without it the key lies open.
        :raises IdentityCorrupt, IdentityLocked, HomeUnusable: and nothing is changed then.
        """
        if self._identity is None:
            self._identity = Identity(self._seed(choose_passphrase))
            notice = keyfile.make_private(self.identity_file)
            if notice is not None:
                self.notices.append(notice)
        return self._identity

    @property
    def is_locked(self) -> bool:
        """Whether the identity rests under a passphrase.

        :raises HomeUnusable: if it cannot be read.
        """
        try:
            return keyfile.is_locked(_read(self.identity_file))
        except OSError as error:
            raise HomeUnusable(f"{self.identity_file}: {error.strerror}") from error

    def _seed(self, choose_passphrase: Callable[[], str] | None) -> bytes:
        try:
            return keyfile.load(self.identity_file, ask=self._ask)
        except FileNotFoundError:
            seed = secrets.token_bytes(keyfile.SEED_BYTES)
            self.make()
            passphrase = choose_passphrase() if choose_passphrase is not None else None
            keyfile.create(self.identity_file, seed, passphrase=passphrase)
            return seed

    def remembered(self) -> Remembered:
        """What was chosen before.

        :raises HomeUnusable: if the file is damaged.
        """
        path = self.path / "remembered.json"
        try:
            return msgspec.json.decode(_read(path), type=Remembered)
        except FileNotFoundError:
            return Remembered()
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            hint = "Move it away: only this node's name and ports are in it."
            raise HomeUnusable(f"{path} is damaged: {error}", hint=hint) from error
        except OSError as error:
            raise _unusable(path, error) from error

    def remember(self, choice: Remembered) -> None:
        """Keep what is not None in `choice`, beside what was chosen before.

        :raises HomeUnusable, DiskFull: if it cannot be written.
        """
        before = self.remembered()
        given = {name: value for name, value in msgspec.structs.asdict(choice).items() if value is not None}
        after = msgspec.structs.replace(before, **given)
        if after != before:
            write_atomically(self.path / "remembered.json", _json(after))

    def name(self, chosen: str | None = None) -> str:
        """The display name: `chosen`, else the one chosen before, else a friendly one; kept from then on.

        :raises HomeUnusable, DiskFull: see `remember`.
        """
        name = chosen or self.remembered().name or friendly_name(secrets.token_bytes)
        self.remember(Remembered(name=name))
        return name


def write_atomically(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace the file by one with `data`: whoever reads sees the old one or the new one, whole.

    :raises DiskFull: if there is no room; the old one stays.
    :raises HomeUnusable: if it cannot be written for another reason.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> WherryError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{path} cannot be written")
    return HomeUnusable(f"{path}: {error.strerror}")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(JSON_BYTES)


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
