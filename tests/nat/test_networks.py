"""Nodes in networks of their own: a LAN without any configuration, two NATs, a cable that is cut."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from healing import Caller, healed, until
from processes import NodeProcess, node_process

from wherry.errors import WherryError

LISTEN = ("--listen", "0.0.0.0:4770")


def inside(lab: Any, host: str) -> tuple[str, ...]:
    return "ip", "netns", "exec", lab.ns(host)


async def test_two_in_one_lan_find_each_other_with_no_link_at_all(make_lab: Any, tmp_path: Path) -> None:
    with make_lab({"public": {"ada": {}, "bela": {}}}) as lab:
        async with (
            node_process(tmp_path / "ada", *LISTEN, prefix=inside(lab, "ada")) as ada,
            node_process(tmp_path / "bela", *LISTEN, prefix=inside(lab, "bela")) as bela,
        ):
            await until(ada, lambda status: status.dht.contacts > 0 and bool(status.introducers), 30)
            bela_id = (await bela.id()).id
            found = await ada.ask("connect", bela_id)
            assert found.path in ("direct", "direct_lan")


@pytest.mark.parametrize("kinds", [("port", "port"), ("symmetric", "addr"), ("fullcone", "symmetric")])
async def test_two_behind_nats_connect_directly(make_lab: Any, tmp_path: Path, kinds: tuple[str, str]) -> None:
    topology = {
        "public": {"p1": {}, "p2": {}},
        "routers": {
            "r1": {"nat": kinds[0], "hosts": {"alice": {}}},
            "r2": {"nat": kinds[1], "hosts": {"bob": {}}},
        },
    }
    with make_lab(topology) as lab:
        async with AsyncExitStack() as stack:
            public = await stack.enter_async_context(
                node_process(tmp_path / "p1", *LISTEN, "--no-mdns", prefix=inside(lab, "p1"))
            )
            link = ("--bootstrap", f"{lab.address('p1')}:4770", "--no-mdns")
            nodes: dict[str, NodeProcess] = {"p1": public}
            for host in ("p2", "alice", "bob"):
                nodes[host] = await stack.enter_async_context(
                    node_process(tmp_path / host, *LISTEN, *link, prefix=inside(lab, host))
                )
            await asyncio.gather(*(node.ask("ready", 30) for node in nodes.values()))
            bob = (await nodes["bob"].id()).id
            await until(nodes["bob"], lambda status: len(status.introducers) > 0, 30)
            found = await nodes["alice"].ask("connect", bob)
            assert found.path == "direct"
            replies = (await nodes["alice"].status()).connections
            assert next(one for one in replies if one.peer == bob).remote.startswith(("srflx", "prflx"))


async def test_an_introducers_cable_is_cut(make_lab: Any, tmp_path: Path) -> None:
    hosts = [f"h{number}" for number in range(8)]
    with make_lab({"public": {host: {} for host in hosts}}) as lab:
        async with AsyncExitStack() as stack:
            nodes: dict[str, NodeProcess] = {}
            for host in hosts:
                link = ("--bootstrap", f"{lab.address('h0')}:4770") if nodes else ()
                nodes[host] = await stack.enter_async_context(
                    node_process(tmp_path / host, *LISTEN, "--no-mdns", *link, prefix=inside(lab, host))
                )
            await asyncio.gather(*(node.ask("ready", 30) for node in nodes.values()))
            names = {(await node.id()).id: host for host, node in nodes.items()}
            target = nodes["h7"]
            await until(target, lambda status: len(status.introducers) == 3 and status.record is not None, 30)
            await until(target, lambda status: status.dht.contacts >= 4, 60)  # somebody is there to take the place
            status = await target.status()
            held = [one.peer for one in status.introducers]
            stranger = next(nodes[host] for peer, host in names.items() if peer not in held and host != "h7")
            caller = Caller(stranger, (await target.id()).id)
            assert status.record is not None
            async with caller.ringing():
                await caller.more(8)
                lab.cut(names[held[0]])
                took = await until(target, healed([held[0]], status.record.sequence), 5)
                await caller.more(8)
            print(f"healed {took:.2f} s after the cut, {caller.answered} rings answered")
            assert caller.failed == []


async def test_nobody_there_is_said_plainly(make_lab: Any, tmp_path: Path) -> None:
    with make_lab({"public": {"ada": {}}}) as lab:
        link = ("--bootstrap", "11.0.0.99:4770", "--no-mdns")
        async with node_process(tmp_path / "ada", *LISTEN, *link, prefix=inside(lab, "ada")) as ada:
            with pytest.raises(WherryError) as caught:
                await ada.ask("connect", "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA")
            assert caught.value.code == "PEER_NOT_FOUND"
            assert (await ada.status()).dht.contacts == 0
