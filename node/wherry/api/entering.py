"""The handlers of what lets somebody in: links, sessions, downloads, tokens of programs."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from ..errors import BadRequest, NoSession
from . import bodies
from .guard import TICKETS
from .handlers import Context
from .limits import ONE_TIME_S, SESSION_S, TICKET_S
from .tokens import Caller


async def new_link(context: Context, request: bodies.Nothing) -> bodies.DashboardView:
    """A link that opens the dashboard, once; its token stands in the fragment, which no browser sends anywhere.

    :raises BadRequest: if the API does not listen on TCP, or serves no page.
    """
    if not context.address or not context.node.config.dashboard:
        raise BadRequest("this node serves no dashboard", hint="Start it without --no-dashboard and --api off.")
    url = f"http://{context.address}/#token={context.access.new_one_time()}"
    return bodies.DashboardView(url=url, expires=_from_now(ONE_TIME_S))


async def open_session(context: Context, request: bodies.SessionRequest) -> bodies.SessionView:
    """Exchange the one-time token of a link for a session's."""
    token, _ = context.access.open_session(request.token)
    return bodies.SessionView(session=token, expires=_from_now(SESSION_S))


async def close_session(context: Context, request: bodies.Nothing) -> bodies.EndedView:
    """End the session that asks, and all that it has under way; a program's token is ended by its owner."""
    caller = _caller(context)
    if caller.name:
        raise BadRequest("this is the token of a program", hint="Its owner ends it: wherry token revoke NAME")
    context.access.close_session(caller)
    return bodies.EndedView(ended=1)


async def close_sessions(context: Context, request: bodies.Nothing) -> bodies.EndedView:
    """End all sessions of the page, and the links that were not opened yet."""
    return bodies.EndedView(ended=context.access.close_sessions())


async def new_ticket(context: Context, request: bodies.TicketRequest) -> bodies.TicketView:
    """An address that answers one GET of this API, once and without a token: for what a browser downloads."""
    ticket = context.access.new_ticket(_caller(context), request.path)
    return bodies.TicketView(path=TICKETS + quote(ticket), expires=_from_now(TICKET_S))


async def get_tokens(context: Context, request: bodies.Nothing) -> bodies.TokensView:
    """The programs that have a token."""
    listed = [bodies.ProgramView(name=name, created=created) for name, created in context.access.programs.all()]
    return bodies.TokensView(tokens=listed)


async def new_token(context: Context, request: bodies.ProgramRequest) -> bodies.NewTokenView:
    """A token for a program, which lives until it is revoked."""
    token = context.access.programs.new(request.name, random=secrets.token_bytes, created=_from_now(0))
    url = f"http://{context.address}" if context.address else ""
    return bodies.NewTokenView(name=request.name, token=token, url=url)


async def revoke_token(context: Context, request: bodies.ProgramRequest) -> bodies.EndedView:
    """End a program's token, and all that it has under way."""
    context.access.programs.revoke(request.name)
    return bodies.EndedView(ended=1)


def _caller(context: Context) -> Caller:
    if context.caller is None:
        raise NoSession
    return context.caller


def _from_now(seconds: float) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
