"""The SDP of a connection that carries data channels only (RFC 8839, 8841, 8842), written and read by us.

It is made whole and never changed afterwards: which candidates go into it was decided before they were gathered. What
is read comes from a peer: it is bounded, and anything unexpected is a `NegotiationFailed`.

::

    v=0
    o=- <random> 1 IN IP4 0.0.0.0
    s=-
    t=0 0
    a=group:BUNDLE 0
    m=application 9 UDP/DTLS/SCTP webrtc-datachannel
    c=IN IP4 0.0.0.0
    a=mid:0
    a=sctp-port:5000
    a=max-message-size:16384
    a=candidate:…
    a=end-of-candidates
    a=ice-ufrag:…
    a=ice-pwd:…
    a=fingerprint:sha-256 …
    a=setup:actpass | active | passive
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aioice import Candidate

from wherry.connection.limits import MAX_CANDIDATES, MAX_FRAME_BYTES, MAX_SDP_BYTES
from wherry.errors import NegotiationFailed

#: What a peer can take that says nothing of it (RFC 8841 section 6).
DEFAULT_MESSAGE_BYTES: Final = 65536
_UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MID: Final = re.compile(r"[!-~]{1,64}")
_FINGERPRINT: Final = re.compile(r"([A-Za-z0-9-]{1,20}) ((?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2})")
_LOCAL_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}\.local")
_SETUPS: Final = {"actpass", "active", "passive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One side's half of the agreement.

    :param fingerprints: (algorithm, `AA:BB:…`) of the certificate.
    :param setup: `actpass` in an offer; `active` is the DTLS client.
    :param complete: no more candidates will come.
    """

    ufrag: str
    password: str = field(repr=False)
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    candidates: tuple[Candidate, ...]
    complete: bool
    sctp_port: int = 5000
    max_message_bytes: int = MAX_FRAME_BYTES
    mid: str = "0"
    ice_lite: bool = False

    def write(self, session: int) -> str:
        """As SDP.

        :param session: random, names the session and nothing else.
        """
        lines = [
            "v=0",
            f"o=- {session} 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {self.mid}",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{self.mid}",
            f"a=sctp-port:{self.sctp_port}",
            f"a=max-message-size:{self.max_message_bytes}",
            *(f"a=candidate:{candidate.to_sdp()}" for candidate in self.candidates),
            *(["a=end-of-candidates"] if self.complete else []),
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.password}",
            *(f"a=fingerprint:{algorithm} {value}" for algorithm, value in self.fingerprints),
            f"a=setup:{self.setup}",
        ]
        return "\r\n".join(lines) + "\r\n"


def read(text: str, *, allowed: Callable[[str], bool]) -> Description:
    """Read a peer's SDP.

    :param allowed: whether an address of the peer's may be tried; others are left out.
    :raises NegotiationFailed: it is no SDP that leads to data channels.
    """
    if len(text) > MAX_SDP_BYTES:
        raise NegotiationFailed(f"an SDP of {len(text)} characters")
    attributes: dict[str, str] = {}
    fingerprints: list[tuple[str, str]] = []
    candidates: list[Candidate] = []
    sections = 0
    for line in text.splitlines():
        if line.startswith("m="):
            sections += 1
            if sections > 1 or not re.fullmatch(r"m=application \d{1,5} UDP/DTLS/SCTP webrtc-datachannel", line):
                raise NegotiationFailed("an SDP for something else than data channels")
        if not line.startswith("a="):
            continue
        name, _, value = line[2:].partition(":")
        if name == "candidate":
            candidate = read_candidate(value)
            if candidate is not None and allowed(candidate.host):
                candidates.append(candidate)
        elif name == "fingerprint":
            fingerprints.append(_fingerprint(value))
        else:
            attributes[name] = value
    if sections != 1:
        raise NegotiationFailed("an SDP without data channels")
    if len(candidates) > MAX_CANDIDATES or not 1 <= len(fingerprints) <= 4:
        raise NegotiationFailed(f"an SDP with {len(candidates)} candidates and {len(fingerprints)} fingerprints")
    most = _number(attributes.get("max-message-size", str(DEFAULT_MESSAGE_BYTES)), "max-message-size", 1 << 53)
    if 0 < most < MAX_FRAME_BYTES:  # 0 is any size
        raise NegotiationFailed(f"a peer that takes messages of {most} bytes at most")
    return Description(
        ufrag=_match(_UFRAG, attributes.get("ice-ufrag", ""), "ice-ufrag"),
        password=_match(_PASSWORD, attributes.get("ice-pwd", ""), "ice-pwd"),
        fingerprints=tuple(fingerprints),
        setup=_setup(attributes.get("setup", "")),
        candidates=tuple(candidates),
        complete="end-of-candidates" in attributes,
        sctp_port=_number(attributes.get("sctp-port", "5000"), "sctp-port", 65535),
        max_message_bytes=most,
        mid=_match(_MID, attributes.get("mid", "0"), "mid"),
        ice_lite="ice-lite" in attributes,
    )


def read_candidate(value: str) -> Candidate | None:
    """Read what follows `candidate:`; None for one that is of no use here (TCP, another component).

    :raises NegotiationFailed: it is malformed.
    """
    try:
        candidate = Candidate.from_sdp(value)
    except ValueError as error:
        raise NegotiationFailed("a malformed candidate") from error
    if candidate.component != 1 or candidate.transport.lower() != "udp":
        return None
    if candidate.type not in ("host", "srflx", "relay") or not 0 < candidate.port < 65536:
        return None
    if not 0 <= candidate.priority < 1 << 32:
        raise NegotiationFailed("a candidate with an impossible priority")
    if _LOCAL_NAME.fullmatch(candidate.host):
        return candidate
    try:
        ipaddress.ip_address(candidate.host)
    except ValueError as error:
        raise NegotiationFailed("a candidate without an IP address") from error
    return candidate


def _match(pattern: re.Pattern[str], value: str, name: str) -> str:
    if not pattern.fullmatch(value):
        raise NegotiationFailed(f"an SDP with an impossible {name}")
    return value


def _fingerprint(value: str) -> tuple[str, str]:
    match = _FINGERPRINT.fullmatch(value)
    if match is None:
        raise NegotiationFailed("an SDP with an impossible fingerprint")
    return match[1].lower(), match[2].upper()


def _setup(value: str) -> str:
    if value not in _SETUPS:
        raise NegotiationFailed("an SDP with an impossible setup")
    return value


def _number(value: str, name: str, most: int) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 16 or int(value) > most:
        raise NegotiationFailed(f"an SDP with an impossible {name}")
    return int(value)
