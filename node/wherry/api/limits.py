"""Every limit of the local API: name, unit, reason."""

from __future__ import annotations

from typing import Final

#: Bytes of one request's body, where its route does not say otherwise: the largest is a peer's name, or a link.
REQUEST_BYTES: Final = 64 * 1024
#: Bytes of a request's line: what a GET says there, a POST may say in its body; 12 bytes a character at most.
LINE_BYTES: Final = 64 * 1024
#: Characters of what names a peer: more than the longest link, with three ways in, has.
PEER_CHARACTERS: Final = 2_000
#: Pings asked for in one request.
PINGS: Final = 1_000
#: Seconds between two pings at least: ten a second is what the other side answers.
PING_INTERVAL_S: Final = 0.1
#: Seconds that anything may be waited for in one request.
WAIT_S: Final = 3_600
#: Bytes of one echo: a thousand round trips of them stay within the other side's limit for a minute.
ECHO_BYTES: Final = 1024 * 1024
#: Seconds that requests under way have to end when the node stops; event streams are cut after it.
SHUTDOWN_S: Final = 0.5
#: Bytes that the client takes from a stream at once.
READ_BYTES: Final = 64 * 1024
#: Seconds the client waits for a node that runs to take its connection and begin an answer to a quick question.
ANSWER_S: Final = 10.0
#: Seconds the client grants beyond what it asked the node to wait for.
GRACE_S: Final = 10.0
#: Characters of a label, as the store keeps it.
LABEL_CHARACTERS: Final = 80
#: Characters of a hello, or of the reason of a refusal; what has too many is refused by the room itself.
HELLO_CHARACTERS: Final = 16_384
#: Characters of a description; what is longer than a profile may be is refused by the room itself.
PROFILE_CHARACTERS: Final = 2_000
#: Characters of an avatar in base64: 64 KiB of a picture.
AVATAR_CHARACTERS: Final = 88_000
#: Messages of one page.
PAGE_MESSAGES: Final = 500
#: Characters of one message: what has more than 5 MiB in UTF-8 is refused by the room itself, in its words.
TEXT_CHARACTERS: Final = 16 * 1024 * 1024
#: Bytes of the body of a request that carries a message or a picture, with base64 and JSON around it.
LARGE_REQUEST_BYTES: Final = 24 * 1024 * 1024

# -- the listener on TCP ----------------------------------------------------------------------------------------------

#: Ports that are tried from the wanted one on, before the system is asked for any.
PORT_TRIES: Final = 20
#: Bytes of each header: nobody's browser sends us a cookie that is longer.
HEADER_BYTES: Final = 8 * 1024
#: Seconds that a connection may idle between requests, or take for the head of one.
IDLE_S: Final = 75.0
#: Random bytes of every token: 256 bits, which nobody guesses.
TOKEN_BYTES: Final = 32
#: Characters of what is looked at as a token; ours have 50 at most.
TOKEN_CHARACTERS: Final = 128
#: Seconds that the link of `wherry dashboard` opens a session: a person clicks on it, or copies it into a browser.
ONE_TIME_S: Final = 120.0
#: Links that wait to be opened; the oldest is forgotten for a new one.
ONE_TIMES: Final = 16
#: Seconds that a session lives without being used: a night and a morning.
SESSION_IDLE_S: Final = 12 * 3_600.0
#: Seconds that a session lives at most: a week.
SESSION_S: Final = 7 * 86_400.0
#: Sessions at once; the one that was used least lately ends for a new one.
SESSIONS: Final = 32
#: Seconds that a download's address is good for: the page opens it at once.
TICKET_S: Final = 60.0
#: Downloads that were asked for and not yet begun; the oldest is forgotten for a new one.
TICKETS: Final = 64
#: Characters of a ticketed path with its query: a route's name and a peer's.
TICKET_PATH_CHARACTERS: Final = 4_096
#: Tokens of programs; each has a name that its owner reads in a list.
PROGRAMS: Final = 64
#: Characters of a program's name.
PROGRAM_CHARACTERS: Final = 40
#: Wrong tokens a second, and at once: a page with an old session asks a few times before it notices.
WRONG_TOKENS: Final = (1.0, 20)
#: Seconds that a WebSocket has for its first message, the token.
FIRST_MESSAGE_S: Final = 5.0
#: Bytes of any message from a WebSocket's client: it has a token to send, and nothing else.
MESSAGE_BYTES: Final = 1_024
#: Seconds between two heartbeats of a WebSocket: one that is gone is noticed within two.
HEARTBEAT_S: Final = 20.0
