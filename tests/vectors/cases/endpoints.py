"""endpoints.json: multiaddrs in text and in bytes."""

from __future__ import annotations

from formats import multiaddr

from .people import ALICE, BOB, Case, bad, good


def endpoints() -> list[Case]:
    found = []
    for text, host, port, tls in (
        ("/ip4/192.0.2.7/tcp/4770/ws", "192.0.2.7", 4770, False),
        ("/ip4/127.0.0.1/tcp/1/ws", "127.0.0.1", 1, False),
        ("/ip6/2001:db8::7/tcp/65535/ws", "2001:db8::7", 65535, False),
        ("/ip6/::1/tcp/4770/ws", "::1", 4770, False),
        ("/dns/node.example.org/tcp/443/tls/ws", "node.example.org", 443, True),
        ("/ip4/192.0.2.7/tcp/8443/tls/ws", "192.0.2.7", 8443, True),
        (
            f"/dns/{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}/tcp/80/ws",
            f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}",
            80,
            False,
        ),
    ):
        value = {"kind": "endpoint", "host": host, "port": port, "tls": tls}
        found.append(good(f"endpoint: {text[:60]}", multiaddr(text), text=text, canonical=text, **value))
    whose = f"/ip4/192.0.2.7/tcp/4770/ws/p2p/{ALICE.id}"
    found.append(
        good(
            "endpoint: whose it is; the binary form leaves that out",
            multiaddr("/ip4/192.0.2.7/tcp/4770/ws"),
            kind="endpoint",
            text=whose,
            canonical=whose,
            host="192.0.2.7",
            port=4770,
            tls=False,
            peer_id=ALICE.id,
        )
    )
    for text, canonical, host, port, tls in (
        (
            "/dns4/node.example.org/tcp/443/tls/ws",
            "/dns/node.example.org/tcp/443/tls/ws",
            "node.example.org",
            443,
            True,
        ),
        ("/dns6/node.example.org/tcp/80/ws", "/dns/node.example.org/tcp/80/ws", "node.example.org", 80, False),
        ("/dns/node.example.org/tcp/443/wss", "/dns/node.example.org/tcp/443/tls/ws", "node.example.org", 443, True),
        ("/ip6/2001:0DB8:0::7/tcp/4770/ws", "/ip6/2001:db8::7/tcp/4770/ws", "2001:db8::7", 4770, False),
    ):
        found.append(
            good(
                f"endpoint: {text}, read, and written as {canonical}",
                multiaddr(text),
                kind="endpoint alias",
                text=text,
                canonical=canonical,
                canonical_bytes=multiaddr(canonical),
                host=host,
                port=port,
                tls=tls,
            )
        )
    for text, host in (
        ("/ip4/192.0.2.7/udp/4770", "192.0.2.7"),
        ("/ip6/2001:db8::7/udp/4770", "2001:db8::7"),
        ("/dns/node.example.org/udp/4770", "node.example.org"),
    ):
        found.append(good(f"UDP: {text}", multiaddr(text), kind="udp", text=text, canonical=text, host=host, port=4770))
    for text in (
        "",
        "/",
        "192.0.2.7:4770",
        "/ip4/192.0.2.7",
        "/ip4/192.0.2.7/tcp/4770",
        "/ip4/192.0.2.7/tcp/4770/http",
        "/ip4/192.0.2.7/tcp/0/ws",
        "/ip4/192.0.2.7/tcp/65536/ws",
        "/ip4/192.0.2.7/tcp/-1/ws",
        "/ip4/192.0.2/tcp/4770/ws",
        "/ip4/192.0.2.256/tcp/4770/ws",
        "/ip6/2001:db8::7::/tcp/4770/ws",
        "/ip6/fe80::1%eth0/tcp/4770/ws",
        "/ip6/::ffff:192.0.2.7/tcp/4770/ws",
        "/ip4/192.0.2.07/tcp/4770/ws",
        "/ip4/192.0.2.7/tcp/04770/ws",
        "/ip4/192.0.2.7/tcp/+4770/ws",
        "/ip4/192.0.2.7/tcp/4770/ws/",
        "/ip4/192.0.2.7//tcp/4770/ws",
        "/dns/node.example.org./tcp/4770/ws",
        "/ip4/192.0.2.7/udp/4770/ws",
        "/ip4/192.0.2.7/tcp/4770/ws/p2p/12D3KooW",
        f"/ip4/192.0.2.7/tcp/4770/ws/p2p/{ALICE.id}/p2p-circuit/webrtc/p2p/{BOB.id}",
        "/ip4/192.0.2.7/tcp/4770/ws/ws",
        "/dns/a@192.0.2.7/tcp/4770/ws",
        "/dns/a b/tcp/4770/ws",
        "/dns/a?b/tcp/4770/ws",
        "/dns/a:80/tcp/4770/ws",
        "/dns/127.0.0.1/tcp/4770/ws",
        "/dns/127.1/tcp/4770/ws",
        "/dns/2130706433/tcp/4770/ws",
        "/dns/0x7f000001/tcp/4770/ws",
        "/dns/a.0x7f/tcp/4770/ws",
        "/dns/bücher.example/tcp/4770/ws",
        "/dns//tcp/4770/ws",
        "/unix/tmp/socket",
    ):
        found.append(
            bad(f"endpoint: {text[:80]!a}", text.encode(), "INVALID_MULTIADDR", kind="endpoint text", text=text)
        )
    for text in (
        "",
        "/ip4/192.0.2.7/tcp/4770",
        "/ip4/192.0.2.7/udp/0",
        "/ip4/192.0.2.7/udp/4770/quic-v1",
        "/dns/a b/udp/1",
    ):
        found.append(bad(f"UDP: {text!a}", text.encode(), "INVALID_MULTIADDR", kind="udp text", text=text))
    whole = multiaddr("/ip4/192.0.2.7/tcp/4770/ws")
    name = b"node.example.org"
    for title, data in (
        ("empty", b""),
        *((f"cut after {n} bytes", whole[:n]) for n in range(1, len(whole))),
        ("a byte too many", whole + b"\0"),
        ("twice", whole * 2),
        ("a code that is not in its shortest form", b"\x84\x00" + whole[1:]),
        ("a name longer than there is", b"\x35\x7f" + name + whole[5:]),
        ("a name with a slash", b"\x35\x03a/b" + whole[5:]),
        ("a name with an at sign", b"\x35\x03a@b" + whole[5:]),
        ("a name with an escape", b"\x35\x03a\x1bb" + whole[5:]),
        ("a name that is no UTF-8", b"\x35\x02\xff\xfe" + whole[5:]),
        ("a name that is empty", b"\x35\x00" + whole[5:]),
        ("a name that is an IP address", b"\x35\x09127.0.0.1" + whole[5:]),
        ("an unknown protocol", b"\xff\x7f" + whole),
        ("a length without end", b"\x35" + b"\xff" * 20),
        ("too long", b"\x35\xac\x02" + b"a" * 300 + whole[5:]),
        ("with /p2p", whole + b"\xa5\x03\x26" + bytes.fromhex("002408011220") + ALICE.key),
        ("IPv4 written as IPv6", b"\x29" + bytes(10) + b"\xff\xff" + whole[1:5] + whole[5:]),
        ("a length that is not in its shortest form", b"\x35\x83\x00abc" + whole[5:]),
        ("a name shorter than its length", b"\x35\x04abc" + whole[5:]),
        ("a name longer than its length", b"\x35\x02abc" + whole[5:]),
        ("port 0", whole[:6] + b"\0\0" + whole[8:]),
        ("a UDP address", multiaddr("/ip4/192.0.2.7/udp/4770")),
    ):
        found.append(bad(f"endpoint bytes: {title}", data, "INVALID_MULTIADDR", kind="endpoint bytes"))
    udp = multiaddr("/ip4/192.0.2.7/udp/4770")
    for title, data in (
        ("cut", udp[:-1]),
        ("a byte too many", udp + b"\0"),
        ("an endpoint", whole),
        ("port 0", udp[:-2] + b"\0\0"),
    ):
        found.append(bad(f"UDP bytes: {title}", data, "INVALID_MULTIADDR", kind="udp bytes"))
    return found
