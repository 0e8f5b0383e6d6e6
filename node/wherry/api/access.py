"""Who may use the API on TCP, in the loop's time: what the listener asks, and what the owner's commands change."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from wherry_signaling.rates import Bucket

from ..errors import NoSession, TooManyTries
from .limits import ONE_TIME_S, ONE_TIMES, TICKET_S, TICKETS, WRONG_TOKENS
from .programs import Programs
from .tokens import Caller, Sessions, Spendables


class Access:
    """Tokens, and the callers that they stand for.

    :param programs: where the tokens of programs rest; None: nowhere.
    :raises HomeUnusable: if that file is damaged.
    """

    def __init__(self, programs: Path | None = None) -> None:
        self._now = asyncio.get_running_loop().time
        self.programs = Programs(programs)
        self._sessions = Sessions(secrets.token_bytes)
        self._one_times: Spendables[bool] = Spendables(secrets.token_bytes, seconds=ONE_TIME_S, most=ONE_TIMES)
        self._tickets: Spendables[tuple[Caller, str]] = Spendables(secrets.token_bytes, seconds=TICKET_S, most=TICKETS)
        self._wrong = Bucket.full(WRONG_TOKENS, self._now())

    def new_one_time(self) -> str:
        """A token that opens one session."""
        return self._one_times.issue(True, self._now())

    def open_session(self, one_time: str) -> tuple[str, Caller]:
        """A session for a token that opens one: its own token, and itself.

        :raises NoSession: if the token is wrong, was used, or is too old.
        :raises TooManyTries: if that happens often.
        """
        if not self._one_times.spend(one_time, self._now()):
            raise self._refused(f"the link was used already, or is older than {ONE_TIME_S:.0f} s")
        return self._sessions.begin(self._now())

    def close_session(self, session: Caller) -> None:
        """End a session, and what it has under way."""
        self._sessions.end(session)

    def close_sessions(self) -> int:
        """End all sessions, and the links that would open more; returns how many sessions there were."""
        self._one_times.clear()
        return self._sessions.end_all()

    def caller(self, token: str) -> Caller:
        """Whose token it is.

        :raises NoSession: if it is nobody's, or not any more.
        :raises TooManyTries: if that happens often.
        """
        found = self._sessions.find(token, self._now()) or self.programs.find(token)
        if found is not None:
            return found
        if not token:  # nobody guesses by saying nothing
            raise NoSession("the request carries no token")
        raise self._refused("the session has ended, or the program's token was revoked")

    def new_ticket(self, caller: Caller, path: str) -> str:
        """A token that answers one GET of `path` (with its query) in the caller's name."""
        return self._tickets.issue((caller, path), self._now())

    def spend_ticket(self, ticket: str) -> tuple[Caller, str]:
        """Who wanted what.

        :raises NoSession: if the ticket is wrong, was used, or is too old, or whoever asked for it has ended.
        :raises TooManyTries: if that happens often.
        """
        found = self._tickets.spend(ticket, self._now())
        if found is None or found[0].ended:
            raise self._refused(f"the download was fetched already, or is older than {TICKET_S:.0f} s")
        return found

    def _refused(self, why: str) -> NoSession | TooManyTries:
        """Wrong tokens are counted for all callers together: on loopback nobody can be told from others."""
        return NoSession(why) if self._wrong.take(self._now()) else TooManyTries()

    @asynccontextmanager
    async def holding(self, caller: Caller | None) -> AsyncIterator[None]:
        """While a caller is answered: the block ends when the caller does. None is the owner, who does not end.

        :raises NoSession: if it was ended so.
        """
        if caller is None:
            yield
            return
        try:
            async with asyncio.timeout_at(None if math.isinf(caller.ends) else caller.ends) as scope:

                def end() -> None:
                    scope.reschedule(self._now())

                caller.on_end.add(end)
                try:
                    yield
                finally:
                    caller.on_end.discard(end)
                    caller.used = max(caller.used, self._now())
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise NoSession("the session was ended") from error
