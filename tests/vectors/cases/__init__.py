"""What each file of vectors holds: good values, and what must be refused."""

from collections.abc import Callable

from .address import addresses, links
from .domains import domain_table
from .endpoints import endpoints
from .envelope import envelopes
from .handshake import handshakes
from .identity import identity
from .invitations import invitations
from .letters import letters
from .people import Case
from .profiles import profiles
from .ratchet import ratchet
from .record import documents
from .sessions import sessions
from .signals import signals
from .strict import strict
from .tags import tags
from .wire import wire
from .x3dh import x3dh

FILES: dict[str, Callable[[], list[Case]]] = {
    "identity": identity,
    "strict": strict,
    "address": addresses,
    "links": links,
    "endpoints": endpoints,
    "domains": domain_table,
    "envelope": envelopes,
    "record": documents,
    "signals": signals,
    "wire": wire,
    "tags": tags,
    "handshake": handshakes,
    "letters": letters,
    "x3dh": x3dh,
    "ratchet": ratchet,
    "invitations": invitations,
    "sessions": sessions,
    "export": profiles,
}
