"""The golden vectors of invitations."""

from __future__ import annotations

from golden import Vector, vectors

from wherry.invitations.replies import Reply, decode_invite, decode_reply, encode_invite, encode_reply


def _invite(vector: Vector) -> tuple[str, bytes]:
    return vector["fields"]["name"], bytes.fromhex(vector["fields"]["data"])


def _reply(vector: Vector) -> tuple[bytes, Reply]:
    fields = vector["fields"]
    reply = Reply(status=fields["status"], reason=fields["reason"], data=bytes.fromhex(fields["data"]))
    return bytes.fromhex(fields["invitation"]), reply


@vectors("invitations", "invite", good=True)
def test_an_invitation_has_these_bytes(vector: Vector) -> None:
    assert encode_invite(*_invite(vector)) == vector.data
    invite = decode_invite(vector.data)
    assert (invite.name, invite.data) == _invite(vector)


@vectors("invitations", "reply", good=True)
def test_a_reply_has_these_bytes(vector: Vector) -> None:
    assert encode_reply(*_reply(vector)) == vector.data
    assert decode_reply(vector.data) == _reply(vector)


@vectors("invitations", "later", good=True)
def test_what_is_missing_or_later_is_read_over(vector: Vector) -> None:
    if vector["body"] == "reply":
        assert decode_reply(vector.data) == _reply(vector)
    else:
        invite = decode_invite(vector.data)
        assert (invite.name, invite.data) == _invite(vector)


@vectors("invitations", "invite", good=False)
def test_an_invitation_that_is_wrong_is_refused(vector: Vector) -> None:
    with vector.refused():
        decode_invite(vector.data)


@vectors("invitations", "reply", good=False)
def test_a_reply_that_is_wrong_is_refused(vector: Vector) -> None:
    with vector.refused():
        decode_reply(vector.data)
