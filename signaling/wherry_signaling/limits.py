"""Every limit of identities, documents and signaling: name, unit, reason."""

from __future__ import annotations

from typing import Final

# -- errors -----------------------------------------------------------------------------------------------------------

#: Characters of an error's detail: three lines of a terminal, whatever a hostile peer put into it.
DETAIL_CHARACTERS: Final = 300

# -- documents --------------------------------------------------------------------------------------------------------

#: Bytes of a signed document in all: a DHT reply with its own frame stays below the smallest MTU of IPv6, 1280.
DOCUMENT_BYTES: Final = 1000
#: Seconds a peer record lives at most: a node that left without a word is forgotten within a day.
PEER_RECORD_S: Final = 24 * 3600
#: Seconds an inbox record lives at most: as long as a mailbox lease.
INBOX_RECORD_S: Final = 30 * 24 * 3600
#: Seconds of grace for dates in documents, both ways: the clocks of people's machines are off by a zone now and then.
CLOCK_GRACE_S: Final = 3600
#: Introducers named in a record: N (3), and one more while one is replaced.
RECORD_INTRODUCERS: Final = 4
#: Endpoint multiaddrs named for each introducer: IPv4, IPv6, and a name.
INTRODUCER_ENDPOINTS: Final = 3
#: Direct endpoints of the peer itself, and DHT endpoints: IPv4 and IPv6, public and on the local network.
DIRECT_ENDPOINTS: Final = 4
#: Bytes of one binary multiaddr: a DNS name has at most 253.
MULTIADDR_BYTES: Final = 300

# -- sealed envelopes -------------------------------------------------------------------------------------------------

#: Bytes that sealed envelopes come in: who watches sees one of five sizes, and no more.
SIZE_CLASSES: Final = (256, 1024, 4096, 16384, 65536)
#: Characters of an SDP, all ASCII: an aiortc offer with 16 candidates has about 3,000.
SDP_BYTES: Final = 12_000
#: ICE candidates in an offer or answer: more make a port scanner.
CANDIDATES: Final = 16
#: Characters of one candidate line, all ASCII.
CANDIDATE_BYTES: Final = 512
#: Characters of a reason in a refusal: a sentence.
REASON_BYTES: Final = 200

# -- frames and sockets -----------------------------------------------------------------------------------------------

#: Bytes of one frame on a socket: the largest sealed envelope, with room for what stands around it.
FRAME_BYTES: Final = 65536 + 2048
#: Seconds for the whole handshake: two round trips at 2 s each, and slow machines.
HANDSHAKE_S: Final = 5.0
#: Seconds the recipient may take to accept or decline what is delivered.
DELIVER_S: Final = 1.0
#: Seconds a client waits for an answer: the delivery's second, and a slow way there and back.
REQUEST_S: Final = 4.0
#: Seconds a client waits for what costs the endpoint a walk through the DHT.
LOOK_UP_S: Final = 10.0
#: Seconds a client waits for what costs the endpoint a socket to another one, and that one a delivery.
PASS_ON_S: Final = 13.0
#: Seconds between keepalive pings on a socket; NATs forget TCP mappings after minutes.
SOCKET_PING_S: Final = 20.0
#: Seconds without any frame after which a socket is taken for dead: two pings and a bit.
SOCKET_DEAD_S: Final = 45.0

# -- reservations -----------------------------------------------------------------------------------------------------

#: Seconds a reservation lives at most.
RESERVATION_S: Final = 3600
#: Reservations of one endpoint: about 40 kB each with its socket.
RESERVATIONS: Final = 20_000
#: Reservations from one public network (/24, /56), and sockets of every kind.
RESERVATIONS_PER_NETWORK: Final = 256
SOCKETS_PER_NETWORK: Final = 512
#: Sockets in all.
SOCKETS: Final = 30_000
#: Private and loopback addresses count per host: a demo, a LAN and a compose mesh live behind one.
SOCKETS_PER_PRIVATE_HOST: Final = 20_000
#: Sockets of one address that have not ended their handshake.
HANDSHAKES_PER_ADDRESS: Final = 64

# -- rates (per second, with a burst) ---------------------------------------------------------------------------------

#: Frames of one socket: trickled candidates and races of three ways are bursts of a few tens.
FRAMES_PER_S: Final = (100.0, 400)
#: Bytes of one socket.
BYTES_PER_S: Final = (512 * 1024.0, 4 * 1024 * 1024)
#: Envelopes that one public address may send to one recipient: a dial is at most ten.
ENVELOPES_PER_RECIPIENT_S: Final = (20.0, 100)
#: Envelopes that one recipient gets from strangers in all, whoever sends them.
ENVELOPES_FOR_RECIPIENT_S: Final = (100.0, 1000)
#: Envelopes under way to one recipient, waiting for its accept.
ENVELOPES_WAITING: Final = 128
#: Look-ups and publishes of one socket: each costs the DHT tens of packets.
LOOK_UPS_PER_S: Final = (5.0, 50)
#: Envelopes one client has passed on by us: each may cost a socket.
PASSES_PER_S: Final = (2.0, 20)
#: STUN answers to one address: gathering asks a handful.
STUN_PER_S: Final = (20.0, 60)
#: Addresses whose rates are remembered: the least recently seen are forgotten first.
REMEMBERED_ADDRESSES: Final = 20_000
#: Other endpoints that are told to a client in one answer.
NEIGHBOURS: Final = 8

# -- the endpoint's shell and its clients -----------------------------------------------------------------------------

#: Bytes that may wait for one slow socket before it is refused more: an offer's race of envelopes, many times over.
OUTBOX_BYTES: Final = 512 * 1024
#: Seconds that the last words on a socket may take before it is closed.
FLUSH_S: Final = 0.5
#: Requests of one socket that are under way at once; more are answered by a quota.
REQUESTS_WAITING: Final = 256
#: Seconds between two rounds of the endpoint's broom: dead sockets, reservations that ran out.
SWEEP_S: Final = 5.0
#: Seconds an HTTP connection may idle, or take for its request, before it is closed: who trickles headers is gone.
HTTP_IDLE_S: Final = 15.0
#: Bytes of one HTTP request line or header: nothing that we serve needs a long one.
HTTP_LINE_BYTES: Final = 8190
#: Seconds a socket to another endpoint may take to open, resolution and TLS included.
CONNECT_S: Final = 4.0
#: Documents that an introducer without a DHT keeps: each of its reservations', of both sorts.
LOCAL_DOCUMENTS: Final = 40_000
#: Envelopes that a client takes from one endpoint before it reads slower: more than an honest endpoint passes on.
DELIVERIES_PER_S: Final = (150.0, 1500)
#: Guest sockets that one process keeps: a dial needs about four, and a process has about a thousand in all.
GUEST_SOCKETS: Final = 256
#: Seconds a guest socket is kept after its last request: an attempt lasts 15 s, and its answer may come back this way.
GUEST_IDLE_S: Final = 20.0
#: Ways back that a recipient can use: those of the latest envelopes it was given.
WAYS_BACK: Final = 1024
#: Seconds until the next address of an endpoint is tried beside the first (RFC 8305 says 250 ms).
STAGGER_S: Final = 0.25
#: Seconds by which endpoints may correct our clock: a computer set to another time zone; further is a lie.
CLOCK_OFFSET_S: Final = 14 * 3600
#: Endpoints that must have spoken before our clock is corrected, so that one liar is outvoted.
CLOCK_SAMPLES: Final = 3
#: Endpoints whose word about our clock is remembered: our introducers, now and lately.
CLOCK_REMEMBERED: Final = 9

# -- introducers ------------------------------------------------------------------------------------------------------

#: Introducers that a node keeps: two may vanish in one moment.
INTRODUCERS: Final = 3
#: Candidates that are remembered; those that failed most are forgotten first.
INTRODUCER_CANDIDATES: Final = 64
#: Seconds for a candidate to take us: socket, handshake, reservation.
INTRODUCER_DIAL_S: Final = 5.0
#: Seconds after which a candidate that still does not answer is joined by another.
INTRODUCER_SLOW_S: Final = 0.7
#: Candidates that are dialled at once.
INTRODUCER_DIALS: Final = 8
#: Seconds between looks at an introducer. A cut cable is noticed sooner, by the kernel; this is for hung processes.
INTRODUCER_PING_S: Final = 5.0
#: Seconds an introducer may take to answer a look.
INTRODUCER_PONG_S: Final = 2.0
#: Seconds until a candidate that failed is tried again: the first time, and at most.
INTRODUCER_RETRY_S: Final = (0.5, 60.0)
#: Seconds until more candidates are asked for while there are too few: the first time, and at most.
INTRODUCER_ASK_S: Final = (0.5, 30.0)
#: Seconds between tries of whether somebody nearer or in another network would do: the first time, and at most.
INTRODUCER_PROBE_S: Final = (60.0, 3600.0)
#: Seconds a change waits for others before it is announced: three introducers that open are one new record.
ANNOUNCE_S: Final = 0.1
#: Seconds a loss waits for its replacement before it is announced.
ANNOUNCE_LOSS_S: Final = 1.0
#: Seconds that storing a record may take before it counts as failed.
ANNOUNCE_MOST_S: Final = 30.0
#: Seconds until it is announced that there is no introducer at all.
ANNOUNCE_NONE_S: Final = 10.0

# -- the endpoint's TCP port ------------------------------------------------------------------------------------------

#: TCP connections of one public network that are open, page and sockets together: twice the sockets.
CONNECTIONS_PER_NETWORK: Final = 1024
#: The same of one private host.
CONNECTIONS_PER_PRIVATE_HOST: Final = 24_000
#: File descriptors that are kept back for everything but clients: the DHT, files, other endpoints.
DESCRIPTORS_KEPT: Final = 128
#: File descriptors that an introducer alone asks the system for.
DESCRIPTORS_WANTED: Final = 65_536
#: Handshakes of one public network: each costs two signatures and a key exchange, about 0.3 ms.
HANDSHAKES_PER_S: Final = (20.0, 200)
#: The same of one private host: a mesh that starts at once.
HANDSHAKES_PER_PRIVATE_S: Final = (2000.0, 20_000)
#: Sockets of one private host that have not ended their handshake.
HANDSHAKES_PER_PRIVATE_HOST: Final = 2048

# -- mailboxes: frames -------------------------------------------------------------------------------------------------

#: Zero bits of work for a request that is left in a mailbox: a tenth of a second for a person, hours for a flood.
REQUEST_WORK_BITS: Final = 16
#: Tags of one frame: 32 KiB.
TAGS_AT_ONCE: Final = 2048
#: One-time prekeys of one batch: as many new friends write before their owner comes by again.
PREKEYS_AT_ONCE: Final = 100
#: Names that one frame acknowledges: two pages' worth of the smallest envelopes.
NAMES_AT_ONCE: Final = 512
#: Envelopes that one frame brings: of the smallest, as many as it holds.
COLLECTED_AT_ONCE: Final = 256

# -- mailboxes: what is kept ------------------------------------------------------------------------------------------

#: Seconds that a lease lives at most: a month's absence; it is renewed at each visit.
MAILBOX_LEASE_S: Final = 30 * 24 * 3600
#: Seconds that an envelope is kept: as long as what is inside it can be good for.
MAILBOX_KEEP_S: Final = 14 * 24 * 3600
#: Leases of one mailbox.
MAILBOX_LEASES: Final = 10_000
#: Bytes of all envelopes in one mailbox: no more than anybody's disk can spare.
MAILBOX_BYTES: Final = 1024 * 1024 * 1024
#: Bytes of the envelopes of one lease: a dozen of the largest messages, or tens of thousands of short ones.
MAILBOX_LEASE_BYTES: Final = 64 * 1024 * 1024
#: The share of the room that is left which one lease may take: a few greedy ones do not fill the mailbox.
MAILBOX_LEASE_SHARE: Final = 8
#: Envelopes of one lease.
MAILBOX_LEASE_ENVELOPES: Final = 65_536
#: Envelopes and bytes that wait under one friend's tag: three of the largest messages, or 16,384 short ones.
FRIEND_TAG_ENVELOPES: Final = 16_384
FRIEND_TAG_BYTES: Final = 24 * 1024 * 1024
#: Requests that wait under one address: more than a person answers in a week.
REQUEST_TAG_ENVELOPES: Final = 64
#: Bytes of one request: a hello, a name and two records.
REQUEST_BYTES: Final = 16 * 1024
#: Weeks for which tags are listed: this one and five to come, which is longer than a lease.
TAG_WEEKS: Final = 6
#: Seconds before and after its week in which a tag counts: clocks differ, and a deposit may be under way.
TAG_GRACE_S: Final = 3600
#: Tags of one lease for one week: friends, and requests (one for each address that was given out).
FRIEND_TAGS: Final = 4096
REQUEST_TAGS: Final = 64
#: Tags in one mailbox: 100 MB.
MAILBOX_TAGS: Final = 2_000_000
#: One-time prekeys that strangers leave to friends: who has but an address cannot take them all.
PREKEYS_FOR_FRIENDS: Final = 20

# -- mailboxes: rates (per second, with a burst) ----------------------------------------------------------------------

#: New leases for one public network; who has one is not counted.
NEW_LEASES_PER_S: Final = (0.05, 64)
#: The same for one private host: a mesh that starts at once.
NEW_LEASES_PER_PRIVATE_S: Final = (100.0, 10_000)
#: What one leaseholder may change (lease, tags, prekeys): 6,000 tags are a dozen frames, and each costs milliseconds.
LEASE_CHANGES_PER_S: Final = (5.0, 100)
#: Pages and acknowledgements of one leaseholder: 64 MiB in the largest letters are a thousand of each.
PAGES_PER_S: Final = (100.0, 2000)
#: Deposits of one public network, or one private host's socket.
DEPOSITS_PER_S: Final = (100.0, 1000)
#: Deposits under one tag, whoever makes them: a message of 5 MiB is a hundred.
DEPOSITS_PER_TAG_S: Final = (100.0, 1000)
#: One-time prekeys for one public network, or one private host's socket: one for each new session.
PREKEYS_PER_S: Final = (1.0, 50)
#: One-time prekeys under one tag: one for each new session of one friend.
PREKEYS_PER_TAG_S: Final = (0.02, 5)

# -- mailboxes: the shell ---------------------------------------------------------------------------------------------

#: Seconds until an inbox record is published again for its owner: the DHT forgets what nobody stores again.
INBOX_REPUBLISH_S: Final = 12 * 3600
#: The same where nobody but this endpoint has it: the DHT was not there.
INBOX_AGAIN_S: Final = 600
#: Seconds between two looks for inbox records whose time has come.
INBOX_LOOK_S: Final = 30.0
#: Envelopes that are deleted in one go when they have run out: all else waits while 16 MiB are overwritten.
MAILBOX_SWEEP_ROWS: Final = 250
#: Bytes that the database's log keeps on the disk between two bursts.
MAILBOX_LOG_BYTES: Final = 16 * 1024 * 1024
