"""Every limit of friends: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Requests of others that wait for an answer: more nobody reads, and strangers must not fill the disk.
PENDING: Final = 64
#: Bytes of the hello in a request: a few sentences.
HELLO_BYTES: Final = 1024
#: Characters of the reason in a decline: a sentence.
REASON_CHARACTERS: Final = 200
#: Characters of a name or label: one line of a list.
NAME_CHARACTERS: Final = 80
#: Characters of a profile's description: a few lines.
DESCRIPTION_CHARACTERS: Final = 400
#: Bytes of an avatar: a good small picture; it goes to every friend.
AVATAR_BYTES: Final = 64 * 1024
#: Pixels of an avatar's side: 64 KiB can unpack to gigabytes, and whoever shows it must not have to.
AVATAR_SIDE: Final = 1024
#: Labelled addresses: each is a tag more at each mailbox, for each week.
ADDRESSES: Final = 16
#: Seconds that an answer, a withdrawal or a removal is kept for one who is away. Ten years: it never expires, as both
#: sides must come to the same some day. A request lives as long as a message: later, it is asked anew.
WORD_LIFETIME_S: Final = 10 * 365 * 24 * 3600

#: Seconds that one who is no friend any more may leave an answer in our mailboxes: as long as a letter may lie there,
#: and as long again. Longer would be a right for ever.
OWED_S: Final = 28 * 24 * 3600
#: Seconds until a friend who is not there is dialled again: the first time, and at most.
COMPANY_AGAIN_S: Final = (20.0, 900.0)
#: Friends that are dialled at the same time.
COMPANY_DIALS: Final = 4
