"""The one connection of a pair of peers: lanes, streams, datagrams, heartbeat, over one WebRTC link after another."""

from __future__ import annotations

from wherry.connection.connection import (
    Connection as Connection,
    DatagramHandler as DatagramHandler,
    Handler as Handler,
)
from wherry.connection.core import State as State
from wherry.connection.datagrams import Datagrams as Datagrams
from wherry.connection.events import (
    Closed as Closed,
    Event as Event,
    Interrupted as Interrupted,
    LinkActive as LinkActive,
    StreamOpened as StreamOpened,
    SuspectLink as SuspectLink,
)
from wherry.connection.flow import Flow as Flow
from wherry.connection.link import (
    Engine as Engine,
    Greeting as Greeting,
    IceServer as IceServer,
    Link as Link,
    LinkStats as LinkStats,
)
from wherry.connection.policy import Ban as Ban, Policy as Policy, Rule as Rule
from wherry.connection.stream import Stream as Stream
