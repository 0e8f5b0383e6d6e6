"""Our own prekeys, kept: the signed one of our inbox record, batches for mailboxes, and those of fresh starts."""

from __future__ import annotations

from collections.abc import Callable

from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import Retry
from wherry_signaling.record import Prekey

from ..ratchet import current_of, new_batch, new_prekey, prekey_of
from ..ratchet.limits import PREKEY_KEPT_S
from ..store.database import Database
from .limits import RETRY_KEYS_S
from .mail_store import MailStore

#: The holder of one-time prekeys that went out in retries.
RETRIES = b"retry"
SIGNED = b""


class Keys:
    """Makes prekeys, and keeps their private halves before anybody hears of them.

    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        identity: Identity,
        database: Database,
        mail: MailStore,
        *,
        wall_clock: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        self._identity, self._database, self._mail = identity, database, mail
        self._wall_clock, self._random = wall_clock, random

    def signed(self) -> Prekey:
        """The signed prekey to name now; a new one each week. Old private halves are forgotten."""
        now = self._wall_clock()
        current = current_of(self._mail.prekeys(SIGNED), now)
        with self._database.write():
            self._mail.drop_prekeys(made_before=now - PREKEY_KEPT_S)
            if current is None:
                current = new_prekey(SIGNED, now, self._random)
                self._mail.keep_prekeys([current])
        return prekey_of(current, self._identity)

    def batch(self, mailbox: PeerId) -> list[tuple[int, bytes]]:
        """A new batch for a mailbox; the one before it dies."""
        now = self._wall_clock()
        made = new_batch(mailbox.key, now, self._random)
        with self._database.write():
            self._mail.drop_prekeys(made_before=now, holder=mailbox.key)
            self._mail.keep_prekeys(made)
        return [(one.number, one.public) for one in made]

    def retry(self, session: bytes, *, one_time: bool) -> Retry:
        """The word that letters of a session cannot be opened here, with keys for a fresh start.

        :param one_time: with a one-time prekey among them: for whom we deal with, since each is kept until it is used.
        """
        now = self._wall_clock()
        one = new_prekey(RETRIES, now, self._random) if one_time else None
        with self._database.write():
            self._mail.drop_prekeys(made_before=now - RETRY_KEYS_S, holder=RETRIES)
            if one is not None:
                self._mail.keep_prekeys([one])
        public = None if one is None else (one.number, one.public)
        return Retry(session=session, issued=int(now * 1000), prekey=self.signed(), one_time=public)
