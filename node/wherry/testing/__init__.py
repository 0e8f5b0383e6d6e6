"""Test your own code against Wherry: an in-memory network, a virtual clock, faults as context managers.

::

    def test_it() -> None:
        async def scenario() -> None:
            async with connected_pair() as pair:
                ...

        run_virtual(scenario())         # hours of timeouts in milliseconds, the same each time

`MemoryNetwork` carries datagrams (the DHT), `MemorySockets` signaling, and the engine in memory carries connections.
Endpoints that lie are in `wherry.testing.liars`, mailboxes that do in `wherry.testing.lying_mailboxes`, networks of DHT
nodes in `wherry.testing.dht`.
"""

from .clock import Stuck as Stuck, VirtualClockLoop as VirtualClockLoop, run_virtual as run_virtual
from .network import MemoryNetwork as MemoryNetwork
from .pairs import ConnectedPair as ConnectedPair, connected_pair as connected_pair
from .sockets import MemorySockets as MemorySockets
