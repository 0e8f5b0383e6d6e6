"""Which requests on TCP are looked at at all, and what headers go along with answers. A core: values in, a verdict out.

Any page in the owner's browser can send requests to 127.0.0.1, and any name can be made to lead there (DNS rebinding).
So before anybody is asked for a token:

- ``Host`` is one of our own names with our own port, or the answer is 421;
- ``Sec-Fetch-Site`` (Fetch Metadata, sent by browsers to loopback) is ``same-origin``; ``none``, which is a person who
  typed or clicked outside of any page, only opens the page itself or a download;
- ``Origin``, where there is one, is the very origin that was asked: another port is another page;
- there are no cookies: they ignore ports, so a page behind a forwarded port would be sent them, and could set them.

No answer carries a CORS header. Programs send neither ``Origin`` nor ``Sec-Fetch-Site``, and pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wherry_signaling.errors import WherryError

from ..errors import ForeignPage, WrongHost

#: Where the routes are, and the downloads among them, which are opened as addresses.
API: Final = "/api/"
TICKETS: Final = "/api/v1/tickets/"

_PAGE_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self' blob:",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types wherry",
)
_API_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_ALWAYS: Final = {
    "Cache-Control": "no-store",  # another program may have this port tomorrow
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the guard looks at: a header that came several times has several values."""

    method: str
    path: str
    host: Sequence[str]
    origin: Sequence[str] = ()
    site: Sequence[str] = ()
    mode: Sequence[str] = ()
    destination: Sequence[str] = ()


def hosts_of(port: int) -> frozenset[str]:
    """The names that a listener at `port` goes by."""
    names = ("127.0.0.1", "[::1]", "localhost")
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


def refusal(asked: Asked, hosts: frozenset[str]) -> WherryError | None:
    """Why the request is not looked at: WrongHost or ForeignPage; None where it is.

    :param hosts: as `hosts_of` gives them.
    """
    if len(asked.host) != 1 or asked.host[0].lower() not in hosts:
        return WrongHost()
    if len(asked.origin) > 1 or any(origin != f"http://{asked.host[0].lower()}" for origin in asked.origin):
        return ForeignPage("the request is from a page of another origin")
    if asked.site and tuple(asked.site) != ("same-origin",) and not _opens(asked):
        return ForeignPage("the request is from a page of another site or port")
    return None


def _opens(asked: Asked) -> bool:
    """Whether a person opens an address that may be opened: by typing it, or by a click outside of any page."""
    return (
        tuple(asked.site) == ("none",)
        and asked.method == "GET"
        and tuple(asked.mode) == ("navigate",)
        and tuple(asked.destination) == ("document",)
        and (not asked.path.startswith(API) or asked.path.startswith(TICKETS))
    )


def headers_for(path: str, host: str, hosts: frozenset[str]) -> dict[str, str]:
    """Headers of every answer, also to what was refused; `path` at `host` was asked.

    The page may connect to the listener that it is from, and nowhere else: the node does the rest.
    """
    if path.startswith(API) or host.lower() not in hosts:
        return {**_ALWAYS, "Content-Security-Policy": _API_POLICY}
    policy = "; ".join((*_PAGE_POLICY, f"connect-src 'self' ws://{host.lower()}"))
    return {**_ALWAYS, "Content-Security-Policy": policy}
