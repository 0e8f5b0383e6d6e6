"""The local API of a real node: where it listens, what it leaves behind, and that what it gave outlives a restart."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from processes import node_process

from wherry.home import Home

QUIET = ("--listen", "127.0.0.1:0", "--no-mdns")


async def get(address: str, name: str, token: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://{address}/api/v1/{name}", headers=headers) as response,
    ):
        return response.status, await response.json()


async def test_a_link_a_session_and_a_program_through_a_restart(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with node_process(home, *QUIET) as node:
        status = await node.status()
        running = Home(home).read_running()
        assert running is not None
        assert running.api == status.api
        assert json.loads((home / "run" / "node.json").read_text())["api"] == status.api
        program = (await node.ask("new_token", "bot")).token
        link = (await node.ask("dashboard")).url
        assert link.startswith(f"http://{status.api}/#token=")
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"http://{status.api}/api/v1/session", json={"token": link.partition("=")[2]}) as response,
        ):
            session = (await response.json())["session"]
        for token in (program, session):
            assert await get(status.api, "id", token) == (200, msgspec.to_builtins(await node.id()))
        await node.end()
    assert stat.S_IMODE((home / "tokens.json").stat().st_mode) == 0o600

    async with node_process(home, *QUIET) as node:
        address = (await node.status()).api
        assert (await get(address, "id", program))[0] == 200
        assert (await get(address, "id", session))[0] == 401


async def test_the_port_is_the_one_asked_for_or_the_next_or_none(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        async with node_process(tmp_path / "ada", *QUIET, "--api", str(port), "--no-dashboard") as node:
            address = (await node.status()).api
            assert address != f"127.0.0.1:{port}"
            async with aiohttp.ClientSession() as http, http.get(f"http://{address}/") as response:
                assert response.status == 404
    async with node_process(tmp_path / "bela", *QUIET, "--api", "off") as node:
        assert (await node.status()).api == ""
        running = Home(tmp_path / "bela").read_running()
        assert running is not None
        assert running.api == ""
