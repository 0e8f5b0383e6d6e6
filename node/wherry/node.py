"""A node: everything put together, and what programs and the local API ask of it.

::

    async with Node(Config(), Home(path)) as node:
        peer = await node.connect(PeerId.parse("12D3KooW…"))
        stream = await peer.open_stream("/chat/1")

What is started here is ended here, in the opposite order. The pieces know each other only through what is passed to
them below: that is the whole wiring of a node.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType

from wherry_signaling.address import Address, InviteLink
from wherry_signaling.client.guests import Guests
from wherry_signaling.client.introducers import Held, Introducers
from wherry_signaling.client.websocket import WebSocketConnector
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import PeerId
from wherry_signaling.record import Introducer, dht_key
from wherry_signaling.scope import Scope, scope_of
from wherry_signaling.server.endpoint import Endpoint
from wherry_signaling.server.udp import Kind
from wherry_signaling.tasks import Tasks

from .addresses import OwnAddresses, own_addresses
from .config import Config
from .connect.candidates import own_addresses as machine_addresses
from .connect.dialer import Around, Dialer
from .connect.ice import IceServers
from .connect.records import Records, Source
from .connect.ways import Arrival
from .connection import Connection, Policy
from .connection.engines import make_engine
from .connection.events import Event
from .dht import Dht, DhtConfig, DocumentStore, check_document
from .directory import NodeDirectory
from .home import Home, Remembered, Running
from .joining import Joining
from .listening import ports_to_try
from .network import Network
from .network.basics import ECHO_STREAM, Basics, add_basics
from .network.peer import Peer
from .policy import policy_of
from .presence import Presence, Whereabouts
from .resolving import resolve
from .showing import Showing
from .store import Store
from .version import VERSION
from .views import ConnectionView, ExplainView, IdView, PingReplyView, StatusView
