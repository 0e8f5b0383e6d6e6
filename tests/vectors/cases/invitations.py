"""invitations.json: what an invitation and its reply say, inside their items."""

from __future__ import annotations

from typing import Any

from formats import pack

from .people import Case, bad, good

ID = bytes(range(16))
KIB = 1024


def invitations() -> list[Case]:
    invite = {"name": "chess/1", "data": b"white"}
    reply = {"invitation": ID, "status": 0, "reason": "", "data": b"game 17"}
    contents: list[tuple[str, str, dict[str, Any]]] = [
        ("invite", "invite", invite),
        ("invite: with nothing", "invite", invite | {"data": b""}),
        ("invite: the longest name, the most data", "invite", {"name": "\u00fc" * 80, "data": bytes(8 * KIB)}),
        ("reply: a yes", "reply", reply),
        ("reply: a no", "reply", reply | {"status": 1, "reason": "Gr\u00fc\u00dfe: not today", "data": b""}),
        ("reply: an application's status", "reply",
         reply | {"status": 255, "reason": "x" * 200, "data": bytes(8 * KIB)}),
    ]  # fmt: skip
    found = [good(name, pack(list(fields.values())), kind=kind, fields=fields) for name, kind, fields in contents]
    for name, kind, values, fields in (
        ("invite: without data", "invite", ["chess/1"], invite | {"data": b""}),
        ("invite: with a field more", "invite", [*invite.values(), {"a": 1}], invite),
        ("reply: without reason and data", "reply", [ID, 2], reply | {"status": 2, "data": b""}),
        ("reply: with a field more", "reply", [*reply.values(), "later"], reply),
        ("reply: a reason of two lines", "reply", [ID, 1, "not\n\u202etoday ", b""],
         reply | {"status": 1, "reason": "not today", "data": b""}),
    ):  # fmt: skip
        found.append(good(name, pack(values), kind="later", body=kind, fields=fields))
    for name, kind, values in (
        ("invite: nothing", "invite", []),
        ("invite: no name", "invite", ["", b""]),
        ("invite: a name of 81 characters", "invite", ["x" * 81, b""]),
        ("invite: a name with a line break", "invite", ["chess\n/1", b""]),
        ("invite: a name with a space of another width", "invite", ["chess\u00a0/1", b""]),
        ("invite: a name that turns the line around", "invite", ["chess\u202e/1", b""]),
        ("invite: data that is text", "invite", ["chess/1", "white"]),
        ("invite: data that is nil", "invite", ["chess/1", None]),
        ("invite: more data than 8 KiB", "invite", ["chess/1", bytes(8 * KIB + 1)]),
        ("invite: a map", "invite", {"name": "chess/1"}),
        ("reply: no status", "reply", [ID]),
        ("reply: an id of 15 bytes", "reply", [ID[:15], 0]),
        ("reply: a status below zero", "reply", [ID, -1]),
        ("reply: a status above 255", "reply", [ID, 256]),
        ("reply: a status that is true", "reply", [ID, True]),
        ("reply: a reason of 201 characters", "reply", [ID, 1, "x" * 201]),
        ("reply: a reason that is nil", "reply", [ID, 1, None]),
        ("reply: more data than 8 KiB", "reply", [ID, 0, "", bytes(8 * KIB + 1)]),
    ):
        found.append(bad(name, pack(values), "MALFORMED", kind=kind))
    for kind, values in (("invite", invite), ("reply", reply)):
        found.append(bad(f"{kind}: cut", pack(list(values.values()))[:-1], "MALFORMED", kind=kind))
        found.append(bad(f"{kind}: a byte more", pack(list(values.values())) + b"\0", "MALFORMED", kind=kind))
    return found
