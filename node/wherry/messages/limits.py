"""Every limit of messages: name, unit, reason."""

from __future__ import annotations

from typing import Final

# -- packets ----------------------------------------------------------------------------------------------------------

#: Bytes of a packet: with ratchet, signature and seal around it, it fits the largest sealed envelope (64 KiB).
PACKET_BYTES: Final = 60_000
#: Bytes of an item's body: one fragment with its own head, and room for the ack and the documents beside it.
ITEM_BYTES: Final = 52_000
#: Bytes of one piece of what is larger than an item.
PIECE_BYTES: Final = 48 * 1024
#: Bytes of a packet beside its items and documents: the largest ack, and the numbers.
PACKET_OVERHEAD: Final = 8_000
#: Items of one packet: of the smallest ones, as many as its bytes hold.
ITEMS: Final = 1024
#: Numbers beyond the gap that one ack names; what is not named is sent again, which does no harm.
ACKED_BEYOND: Final = 512
#: Void numbers that one ack names; the sender's floor makes room for the next.
VOIDED: Final = 256
#: Documents of one packet: the peer record and the inbox record.
DOCUMENTS: Final = 2

# -- what is kept -----------------------------------------------------------------------------------------------------

#: Bytes of one message: beyond that it is a file.
MESSAGE_BYTES: Final = 5 * 1024 * 1024
#: Seconds that a message is kept for somebody who is away: two weeks of holidays.
LIFETIME_S: Final = 14 * 24 * 3600
#: Numbers ahead of the gap that a recipient keeps, and a sender sends: as many as a mailbox keeps of a friend,
#: so that what is written to somebody who is away waits there, not with its writer. `HELD_BACK_BYTES` bounds memory.
WINDOW: Final = 16_384
#: Numbers whose ids are remembered, to know one that is given twice: more than anybody writes before the other answers.
RECENT_IDS: Final = 256
#: Bytes that wait behind a gap, of one sender: three of the largest messages.
HELD_BACK_BYTES: Final = 16 * 1024 * 1024
#: Numbers ahead of the gap, and bytes, that are kept of a stranger: a request comes alone, what else it writes comes
#: again in its turn, and a thousand of them may not cost more than one friend.
STRANGER_WINDOW: Final = 32
STRANGER_HELD_BYTES: Final = 8 * 1024
#: Bytes of pieces whose rest has not come, of one sender: a dozen of the largest messages at once.
PIECES_BYTES: Final = 64 * 1024 * 1024
#: Seconds that an epoch, which is a time, may lie ahead of ours: clocks may be wrong by years, but numbers end at 2^53.
EPOCH_AHEAD_S: Final = 100 * 365 * 24 * 3600.0
#: Items that wait for one recipient: so many messages nobody writes by hand in two weeks.
WAITING_ITEMS: Final = 20_000
#: Bytes that wait for one recipient: the disk is ours, and so is the patience.
WAITING_BYTES: Final = 64 * 1024 * 1024

# -- rounds -----------------------------------------------------------------------------------------------------------

#: Seconds that the acknowledgement of what a peer has taken is waited for; then the next way is tried as well.
ACK_S: Final = 3.0
#: Seconds in which somebody who was not to be found is not looked for again: what is new goes to the mailboxes at once.
ABSENT_S: Final = 20.0
#: Seconds until everything is tried again that is not acknowledged: the first time, and at most.
AGAIN_S: Final = (5.0, 900.0)
#: Seconds between two letters that ask one peer for a fresh start, and between two fresh starts that it asks of us.
RETRY_S: Final = 60.0
#: Seconds in which a one-time prekey that went out in a retry can be used: a letter is on its way for two weeks.
RETRY_KEYS_S: Final = 15 * 24 * 3600
#: Seconds in which the name of an opened letter is remembered: longer than the prekey lives by which it may have begun.
OPENED_S: Final = 31 * 24 * 3600
#: Seconds after which the oldest item that waits in mailboxes is left there again: had it been collected, the word of
#: that was lost, and the second copy asks for it. Once a day, so that the mailboxes are not filled with copies.
LEFT_AGAIN_S: Final = 24 * 3600.0
#: Seconds in which a peer's inbox record is taken for the newest: its mailboxes seldom change.
INBOX_FRESH_S: Final = 60.0
#: Whispers of one packet that are heard: nobody types twice at once.
WHISPERS: Final = 8
#: Seconds in which a whisper (typing, presence) is worth something.
WHISPER_S: Final = 60
#: Seconds that a letter may take to be written to an open connection: a peer that does not read is as good as away.
OVER_CONNECTION_S: Final = 20.0
#: Seconds that a mailbox has to hand out a one-time prekey: without one, a session begins all the same.
PREKEY_S: Final = 1.5
#: Seconds that a connected peer has to say what its inbox record is.
INBOX_REPLY_S: Final = 2.0
#: Letters whose names are remembered, to know a refusal of one.
LETTERS_REMEMBERED: Final = 2_000
#: Refusals a second to one peer, with a burst: one tells it all.
REFUSALS_S: Final = (0.1, 2)
#: Seconds in which a peer's word that it can keep nothing is believed.
TROUBLE_S: Final = 600.0
#: Pairs with strangers that are kept: what they wrote to us is in the history, what we wrote waits in the outbox.
STRANGERS: Final = 1_000
#: New pairs with strangers between two looks at how many there are.
STRANGERS_STEP: Final = 64
#: Rounds in which a stranger is told what we have of it; then it may ask again.
STRANGER_ROUNDS: Final = 4
#: Letters opened between two times that names of old ones, and pieces whose rest never came, are forgotten.
SWEEP_STEP: Final = 4096
#: Names of opened letters that are remembered; a friend's letter that comes once more later begins a session anew.
OPENED: Final = 200_000
#: Mailboxes in which a letter is left.
MAILBOXES: Final = 2
#: Pairs that rest in memory; the least recently used is read again when it is needed.
PAIRS: Final = 1000
#: Messages of all who are no friends that nobody has read yet, and of one of them; none is larger than one item. So a
#: node that takes messages of anyone keeps 12 MiB of theirs beside what its person has looked at.
STRANGERS_UNREAD: Final = 256
STRANGER_UNREAD: Final = 64
#: Letters a second from everybody who is no friend, with a burst: each costs some ten milliseconds, and friends wait.
LETTERS_FROM_STRANGERS_S: Final = (2.0, 20)
#: Letters a second from one peer, with a burst.
LETTERS_FROM_PEER_S: Final = (100.0, 1000)

# -- our own mailboxes ------------------------------------------------------------------------------------------------

#: Seconds that a lease is asked for: a month, renewed at each visit.
LEASE_S: Final = 30 * 24 * 3600
#: Seconds between two visits; between them a mailbox that we hold a socket to says when there is something.
COLLECT_S: Final = 60.0
#: Seconds of one visit: what is left then is collected by the next one, so that a mailbox that answers slowly without
#: end keeps nobody from the others.
VISIT_S: Final = 30.0
#: Seconds that a mailbox may be silent before another one takes its place.
MAILBOX_GONE_S: Final = 300.0
#: One-time prekeys that are left when a new batch is made.
PREKEYS_LOW: Final = 10
#: Weeks for which tags are listed: this one and five to come, which is longer than a lease.
TAG_WEEKS: Final = 6
#: Tags in one frame.
TAGS_PAGE: Final = 2048
#: Seconds between two times that the inbox record is published, and until it is tried again.
INBOX_AGAIN_S: Final = 12 * 3600.0
INBOX_RETRY_S: Final = 15.0
