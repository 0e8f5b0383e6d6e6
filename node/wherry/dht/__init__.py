"""S/Kademlia on the `kademlia` package: records of peers, kept by strangers, found by key.

What is kademlia's (2.2) and rpcudp's, by inheritance: `Node`, buckets and their splitting (`KBucket`,
`RoutingTable`), the protocol's seams (`Server._create_protocol`, `listen`, `KademliaProtocol.rpc_*`,
`handle_call_response`, `welcome_if_new`, the table of outstanding requests), and `IStorage`.

What is ours, since theirs trusts whoever sends (docs/why): signed frames bound to their destination (`frames`), keys
with proof of work (`key`), address proofs (`tokens`), the k nearest of all, siblings and limits by
network (`table`), disjoint paths (`crawl`), the newest document (`look_up`), checked and bounded storage (`storage`),
and serving only who can be reached (`reachability`). kademlia's crawlers, its pickled state and calls by name from
the network are not used.

The papers: P. Maymounkov, D. Mazières, "Kademlia" (2002); I. Baumgart, S. Mies, "S/Kademlia" (2007).
"""

from .config import DhtConfig
from .contact import Contact
from .dht import Dht
from .document import CheckDocument, CheckedDocument, check_document
from .endpoint import Endpoint
from .key import DhtKey
from .look_up import Hop, LookUp
from .remember import load_contacts, save_contacts
from .server import OpenEndpoint, Publish
from .storage import DocumentStore, Held

__all__ = [
    "CheckDocument",
    "CheckedDocument",
    "Contact",
    "Dht",
    "DhtConfig",
    "DhtKey",
    "DocumentStore",
    "Endpoint",
    "Held",
    "Hop",
    "LookUp",
    "OpenEndpoint",
    "Publish",
    "check_document",
    "load_contacts",
    "save_contacts",
]
