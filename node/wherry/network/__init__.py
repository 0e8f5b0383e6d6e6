"""The switchboard: who is connected, typed messages, and the components that make a node's features."""

from .component import Component as Component, Context as Context
from .network import Network as Network
from .opcodes import Opcodes as Opcodes
from .peer import Peer as Peer
from .serializers import JSON as JSON, MSGPACK as MSGPACK, RAW as RAW, Serializer as Serializer
