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
#: Numbers ahead of the gap that a recipient keeps, and a sender therefore sends: memory and disk are bounded by it.
WINDOW: Final = 4096
#: Bytes that wait behind a gap, of one sender: three of the largest messages.
HELD_BACK_BYTES: Final = 16 * 1024 * 1024
#: Items that wait for one recipient: so many messages nobody writes by hand in two weeks.
WAITING_ITEMS: Final = 20_000
#: Bytes that wait for one recipient: the disk is ours, and so is the patience.
WAITING_BYTES: Final = 64 * 1024 * 1024
