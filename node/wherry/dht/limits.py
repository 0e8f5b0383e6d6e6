"""Every limit of the DHT: name, unit, reason."""

from __future__ import annotations

from typing import Final

# -- the overlay ------------------------------------------------------------------------------------------------------

#: Contacts in a bucket, holders of a document, contacts in a reply: Kademlia's k.
K: Final = 20
#: Disjoint paths of a look-up and of a publish: S/Kademlia's d. With 20 % colluders four find nearly everything.
PATHS: Final = 4
#: Requests under way on each path, Kademlia's alpha: one dead contact does not stop its path.
PARALLEL: Final = 3
#: Contacts nearest to ourselves that are kept whatever their bucket says: S/Kademlia's sibling list.
SIBLINGS: Final = 2 * K
#: Contacts of one public network (/24, /56) in one bucket: one landlord does not own a key's region.
CONTACTS_PER_NETWORK_AND_BUCKET: Final = 2
#: Contacts of one public network in the table: siblings count too.
CONTACTS_PER_NETWORK: Final = 10
#: Contacts of one private host in the table: several nodes on one machine are common, hundreds are not.
CONTACTS_PER_PRIVATE_HOST: Final = 64
#: Requests one path may make: a liar who names ever nearer contacts wins no more than these. Honest paths need a dozen.
ASKS_PER_PATH: Final = 48
#: Contacts one path remembers.
CANDIDATES_PER_PATH: Final = 160
#: Endpoints tried for one node id on one path: a liar may name a true id at a false place first.
ENDPOINTS_PER_ID: Final = 2
#: Contacts a node named that failed, none having answered, after which its other contacts are dropped.
DEAD_ENDS: Final = 4

# -- time -------------------------------------------------------------------------------------------------------------

#: Seconds until a request has failed.
REQUEST_S: Final = 1.0
#: Seconds, smallest and largest, after which a request is slow: it goes on, but no longer holds its path up.
SLOW_S: Final = (0.1, 0.5)
#: Seconds a look-up or publish may take.
LOOK_UP_S: Final = 5.0
#: Seconds for resolving a bootstrap name.
RESOLVE_S: Final = 3.0
#: Failures in a row after which a contact leaves the table: one lost datagram is no death.
FAILURES: Final = 2
#: Seconds without a word from the contact at the head of a full bucket after which it is tried, for a newcomer's sake.
STALE_S: Final = 900.0
#: Seconds without a look-up in a bucket after which it is refreshed (Kademlia, section 2.3).
REFRESH_S: Final = 3600.0
#: Seconds between rounds of maintenance; each is begun at random within it, so that nodes do not march in step.
MAINTENANCE_S: Final = 60.0
#: Seconds after which a holder re-publishes a document that nobody stored again (Kademlia, section 2.5).
REPUBLISH_S: Final = 3600.0
#: Documents re-published in one round of maintenance: the cost is spread.
REPUBLISHES_PER_ROUND: Final = 8
#: Documents handed over to one newcomer.
HAND_OVER: Final = 64
#: Newcomers who wait for that; the earliest are forgotten, and get theirs when it is re-published.
NEWCOMERS: Final = 64
#: Seconds between newcomers: going through the store for each costs some milliseconds.
NEWCOMER_S: Final = 1.0
#: Silent contacts that are tried in one round of maintenance.
PINGS_PER_ROUND: Final = 8

# -- frames -----------------------------------------------------------------------------------------------------------

#: Bytes of a datagram: IPv6's smallest MTU, 1280, less its header and UDP's.
DATAGRAM_BYTES: Final = 1232
#: Bytes a request from an unproved address is padded to, as QUIC's first packet is (RFC 9000, section 14.1).
UNPROVED_BYTES: Final = 1200

# -- what others may cost us ------------------------------------------------------------------------------------------

#: Requests per second, and burst, of one source: /24 or /56 of public addresses, a private host, a loopback port.
#: A look-up asks a node once or twice; a network address translator may hide hundreds of nodes.
REQUESTS_PER_S: Final = (100.0, 400)
#: Requests per second, and burst, from all unproved addresses together: what a flood of forged addresses may cost.
UNPROVED_PER_S: Final = (1000.0, 4000)
#: Stores per second, and burst, of one source: a node publishes two documents and corrects a few.
STORES_PER_S: Final = (10.0, 200)
#: Dial-backs per second, and burst, of one source: one datagram to a third party each.
DIAL_BACKS_PER_S: Final = (0.2, 5)
#: Sources whose rates are remembered; the least recently seen are forgotten first.
SOURCES: Final = 4096
#: Seconds after which the secret of address proofs is replaced; the one before is still good.
TOKEN_S: Final = 300.0
#: Contacts outside the table whose tokens are remembered.
ACQUAINTANCES: Final = 2048
#: Look-ups and publishes of our own at one time; more wait for their turn.
LOOK_UPS: Final = 64
#: Requests of our own under way: what so many look-ups have open, the slow ones with them.
OUTSTANDING: Final = LOOK_UPS * 64
#: Seconds a node that sent a forgery is not asked or kept.
BAN_S: Final = 600.0
#: Nodes banned at one time.
BANS: Final = 1024
#: Tasks in the background: corrections, hand-overs, pings.
BACKGROUND: Final = 64

# -- what we keep for others ------------------------------------------------------------------------------------------

#: Documents, and their bytes, kept in all: 20,000 publishers' worth, about 20 MB of disk.
DOCUMENTS: Final = 20_000
DOCUMENTS_TOTAL_BYTES: Final = 16 * 1024 * 1024
#: Documents kept for one source: a carrier's address translator has hundreds of nodes behind it.
DOCUMENTS_PER_SOURCE: Final = 1000
#: Publishers of one key, newest first.
PUBLISHERS_PER_KEY: Final = 16
#: Seconds a document is kept at most, whatever it says itself: the inbox record's 30 days and the grace of an hour.
KEEP_S: Final = 30 * 24 * 3600 + 3600

# -- reachability -----------------------------------------------------------------------------------------------------

#: Seconds for which an address we sent to counts as having a way in: NATs keep a mapping a few minutes.
SOLICITED_S: Final = 600.0
#: Addresses we sent to that are remembered; while more were met, nothing counts as unsolicited.
SOLICITED: Final = 8192
#: Seconds between the first requests for a dial-back: in a young network whoever could knock joins after us.
PROVE_S: Final = (1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 16.0, 16.0)
#: Seconds a dial-back may take: three hops.
KNOCK_S: Final = 5.0
#: Seconds after which being reachable is to be seen again.
REACHABLE_S: Final = 1800.0
#: Networks whose word on our own address counts, newest first.
WITNESSES: Final = 16

# -- memory -----------------------------------------------------------------------------------------------------------

#: Contacts that are remembered for the next start.
REMEMBERED: Final = 64
#: Bytes of the file of remembered contacts that are read.
REMEMBERED_BYTES: Final = 64 * 1024
#: Bootstrap endpoints tried at one time.
BOOTSTRAPS: Final = 64

# -- the local network ------------------------------------------------------------------------------------------------

#: Nodes found on the local network that are remembered, so as not to name them twice.
NEIGHBOURS: Final = 256
#: Announcements looked into at one time.
ASKING: Final = 16
#: Seconds until whoever announced itself has to say where it listens.
ASKING_S: Final = 3.0
#: Addresses of one announcement that are tried: IPv4 and IPv6 of a few interfaces.
ADDRESSES: Final = 8
