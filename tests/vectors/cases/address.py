"""address.json and links.json: what people hand out, as they paste it, and what must be refused."""

from __future__ import annotations

import crypto
from formats import address

from .people import ALICE, BOB, Case, bad, good

NOSPAM = bytes.fromhex("0011223344556677")


def addresses() -> list[Case]:
    raw = address(ALICE.key, NOSPAM)
    text = crypto.base58(raw)
    value = {"canonical": text, "public": ALICE.key, "nospam": NOSPAM, "peer_id": ALICE.id}
    found = [
        good(f"address: {name}", raw, text=pasted, **value)
        for name, pasted in (
            ("as it is", text),
            ("with spaces", f"  {text[:20]} {text[20:]} "),
            ("broken over lines, as mail programs do", f"{text[:30]}\r\n\t{text[30:]}\n"),
            ("with percent signs", text[:10] + "%20" + "".join(f"%{ord(c):02X}" for c in text[10:14]) + text[14:]),
            ("in angle brackets", f"<{text}>"),
            ("in quotes", f'"{text}"'),
        )
    ]
    zeros = address(BOB.key, bytes(8))
    found.append(
        good(
            "address: a nospam of zeros",
            zeros,
            text=crypto.base58(zeros),
            canonical=crypto.base58(zeros),
            public=BOB.key,
            nospam=bytes(8),
            peer_id=BOB.id,
        )
    )
    swapped = text[:8] + text[9] + text[8] + text[10:]
    for name, wrong in (
        ("empty", ""),
        ("a character is wrong", text[:20] + ("x" if text[20] != "x" else "y") + text[21:]),
        ("two characters changed places", swapped),
        ("the last character is missing", text[:-1]),
        ("a few too many", text + "abc"),
        ("very long", text * 40),
        ("a character that base58 does not have", text[:-1] + "l"),
        ("a peer id", ALICE.id),
        ("version 2", crypto.base58(address(ALICE.key, NOSPAM, 2))),
        ("version 0", crypto.base58(address(ALICE.key, NOSPAM, 0))),
        ("of a small-order key", crypto.base58(address(crypto.encode(crypto.torsion()), NOSPAM))),
        ("percent signs that mean nothing", text[:-3] + "%zz"),
    ):
        found.append(bad(f"address: {name}", wrong.encode(), "INVALID_ADDRESS", text=wrong))
    return found


def links() -> list[Case]:
    text = crypto.base58(address(ALICE.key, NOSPAM))
    found = []
    for name, link, vias, canonical in (
        (
            "the page of the inviter's own endpoint",
            f"http://192.0.2.7:4770/#/add/{text}",
            ["/ip4/192.0.2.7/tcp/4770/ws"],
            "?via=192.0.2.7:4770",
        ),
        (
            "on IPv6",
            f"http://[2001:db8::7]:4770/#/add/{text}",
            ["/ip6/2001:db8::7/tcp/4770/ws"],
            "?via=[2001:db8::7]:4770",
        ),
        (
            "behind TLS",
            f"https://node.example.org/#/add/{text}",
            ["/dns/node.example.org/tcp/443/tls/ws"],
            "?via=node.example.org",
        ),
        (
            "without a port",
            f"http://node.example.org/#/add/{text}",
            ["/dns/node.example.org/tcp/80/ws"],
            "?via=node.example.org:80",
        ),
        (
            "in capitals",
            f"HTTP://Node.Example.org:4770/#/add/{text}",
            ["/dns/node.example.org/tcp/4770/ws"],
            "?via=node.example.org:4770",
        ),
        (
            "broken over lines",
            f"http://192.0.2.7:4770/\n #/add/{text[:30]}\r\n{text[30:]}",
            ["/ip4/192.0.2.7/tcp/4770/ws"],
            "?via=192.0.2.7:4770",
        ),
        (
            "with percent signs",
            f"http%3A%2F%2F192.0.2.7%3A4770%2F%23%2Fadd%2F{text}",
            ["/ip4/192.0.2.7/tcp/4770/ws"],
            "?via=192.0.2.7:4770",
        ),
        ("no way in", f"wherry:{text}", [], ""),
        ("one introducer", f"wherry:{text}?via=192.0.2.7:4770", ["/ip4/192.0.2.7/tcp/4770/ws"], "?via=192.0.2.7:4770"),
        (
            "three of them",
            f"wherry:{text}?via=192.0.2.7:4770&via=[2001:db8::7]:4780&via=node.example.org",
            ["/ip4/192.0.2.7/tcp/4770/ws", "/ip6/2001:db8::7/tcp/4780/ws", "/dns/node.example.org/tcp/443/tls/ws"],
            "?via=192.0.2.7:4770&via=[2001:db8::7]:4780&via=node.example.org",
        ),
        (
            "a multiaddr, for the exotic",
            f"wherry:{text}?via=/ip4/192.0.2.7/tcp/8443/tls/ws",
            ["/ip4/192.0.2.7/tcp/8443/tls/ws"],
            "?via=/ip4/192.0.2.7/tcp/8443/tls/ws",
        ),
        (
            "an IP address behind TLS on 443",
            f"wherry:{text}?via=/ip4/192.0.2.7/tcp/443/tls/ws",
            ["/ip4/192.0.2.7/tcp/443/tls/ws"],
            "?via=/ip4/192.0.2.7/tcp/443/tls/ws",
        ),
        (
            "the fourth way in is not used",
            f"wherry:{text}?via=a.example&via=b.example&via=c.example&via=d.example",
            ["/dns/a.example/tcp/443/tls/ws", "/dns/b.example/tcp/443/tls/ws", "/dns/c.example/tcp/443/tls/ws"],
            "?via=a.example&via=b.example&via=c.example",
        ),
        (
            "a field that is unknown",
            f"wherry:{text}?color=red&via=192.0.2.7:4770",
            ["/ip4/192.0.2.7/tcp/4770/ws"],
            "?via=192.0.2.7:4770",
        ),
        (
            "with slashes, as some programs make of it",
            f"wherry://{text}/?via=192.0.2.7:4770",
            ["/ip4/192.0.2.7/tcp/4770/ws"],
            "?via=192.0.2.7:4770",
        ),
        (
            "a scheme in capitals, in angle brackets",
            f"<WHERRY:{text}?via=192.0.2.7:4770>",
            ["/ip4/192.0.2.7/tcp/4770/ws"],
            "?via=192.0.2.7:4770",
        ),
    ):
        found.append(
            good(
                f"link: {name}",
                link.encode(),
                text=link,
                address=text,
                vias=vias,
                canonical=f"wherry:{text}{canonical}",
            )
        )
    for name, link, code in (
        ("another scheme", f"ftp://192.0.2.7/#/add/{text}", "INVALID_LINK"),
        ("only an address", text, "INVALID_LINK"),
        ("a page with no address", "http://192.0.2.7:4770/", "INVALID_LINK"),
        ("another page", f"http://192.0.2.7:4770/#/chat/{text}", "INVALID_LINK"),
        ("no host", f"http:///#/add/{text}", "INVALID_LINK"),
        ("a port too large", f"http://192.0.2.7:65536/#/add/{text}", "INVALID_LINK"),
        ("port 0", f"http://192.0.2.7:0/#/add/{text}", "INVALID_LINK"),
        ("a host that is none", f"http://a|b/#/add/{text}", "INVALID_LINK"),
        ("a name and a password before the host", f"http://a:b@192.0.2.7:4770/#/add/{text}", "INVALID_LINK"),
        ("a way in without a port", f"wherry:{text}?via=192.0.2.7", "INVALID_LINK"),
        ("a way in with a port of many digits", f"wherry:{text}?via=h:{'9' * 5000}", "INVALID_LINK"),
        ("a way in of port 0", f"wherry:{text}?via=192.0.2.7:0", "INVALID_LINK"),
        ("a way in that is no host", f"wherry:{text}?via=a|b:80", "INVALID_LINK"),
        ("a way in with a zone", f"wherry:{text}?via=[fe80::1%25eth0]:4770", "INVALID_LINK"),
        ("a way in that some resolvers take for 127.0.0.1", f"wherry:{text}?via=127.1:4770", "INVALID_LINK"),
        ("a host that browsers take for 127.0.0.1", f"http://2130706433:4770/#/add/{text}", "INVALID_LINK"),
        ("an empty way in", f"wherry:{text}?via=", "INVALID_LINK"),
        ("a multiaddr that is no endpoint", f"wherry:{text}?via=/ip4/192.0.2.7/udp/4770", "INVALID_LINK"),
        ("a damaged address", f"wherry:{text[:-1]}?via=192.0.2.7:4770", "INVALID_ADDRESS"),
        ("a damaged address on a page", f"http://192.0.2.7:4770/#/add/{text[:-1]}", "INVALID_ADDRESS"),
        ("no address", "wherry:", "INVALID_ADDRESS"),
    ):
        found.append(bad(f"link: {name}", link.encode(), code, text=link))
    return found
