"""The API on TCP against its own document: schemathesis sends what fits the document and what does not, and judges.

A real node answers, alone in its home, so that what is asked goes all the way down. `WHERRY_SCHEMATHESIS_EXAMPLES` sets
how many requests every operation gets beside those at the edges of its schema (8 by default), and with
`WHERRY_SCHEMATHESIS_SEED` they are others each time, or again those of a seed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from wherry import Node
from wherry.api import access, chats, people
from wherry.api.client import Client
from wherry.api.server import serve
from wherry.version import VERSION
from wherry_signaling.address import Address
from wherry_signaling.identity import Identity

EXAMPLES = os.environ.get("WHERRY_SCHEMATHESIS_EXAMPLES", "8")
SEED = os.environ.get("WHERRY_SCHEMATHESIS_SEED", "1")
DEADLINE_S = 110

CONFIG = """
[generation]
allow-x00 = true

[dictionaries.peers]
values = ["Ada", "{ada}", "{address}", "{me}"]

[dictionaries.messages]
values = ["{message}"]

[parameters]
"query.peer" = {{ dictionary = "peers", probability = 0.5 }}
"body.peer" = {{ dictionary = "peers", probability = 0.5 }}
"query.id" = {{ dictionary = "messages", probability = 0.5 }}
"body.id" = {{ dictionary = "messages", probability = 0.5 }}

[checks.positive_data_acceptance]
# What has the right shape may still mean nothing here: a link that is none, a friend who is not there. That is 422.
expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]

[[operations]]
# A stream that does not end has tests of its own.
include-name = "GET /api/v1/events"
parameters = {{ follow = false }}
"""


ADA = Identity(b"Ada" * 10 + b"..").id


def _settle(client: Client, config: Path) -> str:
    """Give the node somebody to speak of, and schemathesis words to speak of them; returns a token."""
    address = str(Address(ADA, bytes(8)))
    client.friend("add", people.AddRequest(peer=address, hello="Hello"))
    client.friend("label", people.LabelRequest(peer=str(ADA), text="Ada"))
    message = client.send(chats.SendRequest(peer="Ada", text="Are you there?"))
    config.write_text(CONFIG.format(ada=ADA, address=address, me=client.id().id, message=message.id))
    return client.new_token("schemathesis").token


@pytest.mark.slow
@pytest.mark.timeout(DEADLINE_S + 10)
async def test_schemathesis_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It sends wrong tokens for a living, and wants to hear 401 each time.
    monkeypatch.setattr(access, "WRONG_TOKENS", (1_000.0, 10_000))
    home = tmp_path / "home"
    async with Node.at(home, listen="127.0.0.1:0", mdns=False) as node:
        async with serve(node, home / "run" / "api.sock", version=VERSION, port=0) as address:
            with Client(home / "run" / "api.sock") as client:
                token = await asyncio.to_thread(_settle, client, config := tmp_path / "schemathesis.toml")
            program = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", config),
                *("run", f"http://{address}/api/openapi.json", "--checks", "all"),
                *("--header", f"Authorization: Bearer {token}", "--request-timeout", "10"),
                *("--max-examples", EXAMPLES, "--seed", SEED, "--phases", "examples,coverage,fuzzing"),
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                async with asyncio.timeout(DEADLINE_S):
                    said, _ = await program.communicate()
            finally:
                if program.returncode is None:
                    program.kill()
                    await program.wait()
        assert program.returncode == 0, said.decode()
