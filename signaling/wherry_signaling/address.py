"""What a person hands out: an address, and an invite link around it.

::

    address = base58btc( version 1 | public key 32 | nospam 8 | first 4 bytes of SHA-256 over what precedes )

Whoever knows the nospam may ask to be friends; changing it kills old addresses and keeps friends (toxcore's idea).

A **link** is an address and a way in. Both forms are parsed everywhere, with spaces, line breaks and percent signs in
them, as people paste them::

    http://HOST:PORT/#/add/ADDRESS                the page of the inviter's own endpoint: the way in is HOST:PORT
    wherry:ADDRESS?via=HOST:PORT&via=NAME         without an endpoint of one's own: introducers, three at most;
                                                  host:port is plain WebSocket, a bare name is TLS on 443
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote, urlsplit

import base58

from .endpoints import EndpointAddress, endpoint_of_authority
from .errors import InvalidAddress, InvalidLink, InvalidMultiaddr, InvalidPeerId, LocalError
from .identity import PeerId
from .scope import parse_ip

VERSION: Final = 1
NOSPAM_BYTES: Final = 8
_BYTES: Final = 1 + 32 + NOSPAM_BYTES + 4
#: Digits that 45 bytes have in base58 at most.
_CHARACTERS: Final = 62
#: Ways in that a link may name: more make it too long to hand out.
VIAS: Final = 3


@dataclass(frozen=True, slots=True)
class Address:
    """A peer, and the word that lets one ask to be its friend."""

    peer: PeerId
    nospam: bytes

    def __repr__(self) -> str:
        return f"<Address of {self.peer.short}>"  # whoever reads a log may not ask by it

    def __str__(self) -> str:
        body = bytes([VERSION]) + self.peer.key + self.nospam
        return base58.b58encode(body + hashlib.sha256(body).digest()[:4]).decode()

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address `text` says; white space and percent signs in it do no harm.

        :raises InvalidAddress: naming what is wrong with it.
        """
        text = _tidy(text)
        if len(text) > _CHARACTERS:  # before decoding, which takes the square of the length
            raise InvalidAddress("there are too many characters")
        try:
            raw = base58.b58decode(text)
        except ValueError as error:
            raise InvalidAddress("it has a character that no address has") from error
        if len(raw) != _BYTES:
            missing = len(raw) < _BYTES
            raise InvalidAddress("the last characters are missing" if missing else "there are too many characters")
        if hashlib.sha256(raw[:-4]).digest()[:4] != raw[-4:]:
            raise InvalidAddress("a character is wrong: the checksum does not fit")
        if raw[0] != VERSION:
            raise InvalidAddress(f"it is of version {raw[0]}, this is Wherry with version {VERSION}", hint="Update.")
        try:
            return cls(PeerId(raw[1:33]), raw[33:41])
        except InvalidPeerId as error:
            raise InvalidAddress(error.detail) from error


@dataclass(frozen=True, slots=True)
class InviteLink:
    """An address and the endpoints through which its owner, or somebody who knows the owner, is reached."""

    address: Address
    vias: tuple[EndpointAddress, ...] = ()

    def __str__(self) -> str:
        """The ``wherry:`` form."""
        query = "&".join(f"via={_via(via)}" for via in self.vias[:VIAS])
        return f"wherry:{self.address}" + (f"?{query}" if query else "")

    def http(self, own: EndpointAddress) -> str:
        """The form that opens the inviter's own page."""
        return f"{own.page}#/add/{self.address}"

    @classmethod
    def parse(cls, text: str) -> InviteLink:
        """The link `text` says, in either form.

        :raises InvalidLink: naming what is wrong with it.
        :raises InvalidAddress: if the address inside is damaged.
        """
        text = _tidy(text)
        if text.lower().startswith("wherry:"):
            body, _, query = text[len("wherry:") :].lstrip("/").partition("?")
            pairs = (pair.partition("=") for pair in query.split("&") if pair)
            vias = [value for name, _, value in pairs if name == "via"]
            return cls(Address.parse(body.rstrip("/")), tuple(_parse_via(via) for via in vias[:VIAS]))
        if re.match(r"https?://", text, re.IGNORECASE):
            return _parse_http(text)
        raise InvalidLink("it begins with neither http:// nor wherry:")


def parse_who(text: str) -> PeerId | Address | InviteLink:
    """Whatever people paste to say whom they mean: a peer id, an address or a link.

    :raises LocalError: InvalidLink, InvalidAddress or InvalidPeerId, whichever form it resembles.
    """
    tidy = _tidy(text)
    if ":" in tidy:
        return InviteLink.parse(tidy)
    if tidy.startswith("12D3KooW"):
        return PeerId.parse(tidy)
    return Address.parse(tidy)


def peer_of(who: PeerId | Address | InviteLink) -> PeerId:
    """Whom any of the three names."""
    if isinstance(who, InviteLink):
        return who.address.peer
    return who.peer if isinstance(who, Address) else who


def _parse_http(text: str) -> InviteLink:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidLink("its host and port do not make sense") from error
    tls = parts.scheme.lower() == "https"
    if port is None:
        port = 443 if tls else 80
    via = _parse_via(
        f"[{parts.hostname}]:{port}" if ":" in (parts.hostname or "") else f"{parts.hostname or ''}:{port}"
    )
    if parts.username is not None:
        raise InvalidLink("a name before its host does not make sense")
    if not parts.fragment.startswith("/add/"):
        raise InvalidLink("the part #/add/… is missing")
    inner = parts.fragment.removeprefix("/add/")
    if inner.lower().startswith("wherry:"):
        return InviteLink.parse(inner)
    return InviteLink(Address.parse(inner), (replace(via, tls=tls),))


def _parse_via(text: str) -> EndpointAddress:
    try:
        if text.startswith("/"):
            return EndpointAddress.parse(text).without_peer()
        return endpoint_of_authority(text)
    except InvalidMultiaddr as error:
        raise InvalidLink(f"the way in, {text!r}, is no host:port") from error


def _via(endpoint: EndpointAddress) -> str:
    if not endpoint.tls:
        return endpoint.authority
    named = endpoint.port == 443 and parse_ip(endpoint.host) is None
    return endpoint.host if named else str(endpoint.without_peer())


def _tidy(text: str) -> str:
    """Without what mail programs and people add: white space anywhere, percent signs, angle brackets."""
    return re.sub(r"\s+", "", unquote(text)).strip("<>\"'")


__all__ = ["Address", "InviteLink", "LocalError", "parse_who", "peer_of"]
