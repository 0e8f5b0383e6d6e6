"""Two programs on one bridge, with no default route and no configuration, find each other by multicast DNS."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import asyncio, json, sys
from wherry.dht.mdns import LocalDiscovery, own_addresses

async def main():
    found = asyncio.get_running_loop().create_future()
    async with LocalDiscovery(int(sys.argv[1]), lambda endpoint: found.done() or found.set_result(endpoint)) as local:
        if local.active:
            print(json.dumps({"ready": own_addresses()}), flush=True)
            async with asyncio.timeout(20):
                print(json.dumps({"found": await found}), flush=True)
            await asyncio.to_thread(sys.stdin.readline)  # be there until the other has found us too
        else:
            print(json.dumps({"ready": None}), flush=True)

asyncio.run(main())
"""


def start(lab: Any, host: str, port: int) -> subprocess.Popen[str]:
    process: subprocess.Popen[str] = lab.popen(
        host,
        [sys.executable, "-c", PROGRAM, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(input="\n", timeout=20)
    return process.returncode


def test_two_on_one_bridge_find_each_other(make_lab: Any) -> None:
    with make_lab({"public": {"ada": {}, "bela": {}}}) as lab:
        ada, bela = start(lab, "ada", 4770), start(lab, "bela", 4771)
        addresses = {told(ada)["ready"][0]: 4771, told(bela)["ready"][0]: 4770}
        host_of_ada, host_of_bela = addresses
        assert told(ada)["found"] == [host_of_bela, 4771]
        assert told(bela)["found"] == [host_of_ada, 4770]
        assert [ended(ada), ended(bela)] == [0, 0]


def test_with_loopback_only_there_is_nothing_to_look_for() -> None:
    run = ["unshare", "--net", sys.executable, "-c", PROGRAM, "4770"]
    answer = subprocess.run(run, capture_output=True, text=True, timeout=20, check=True)
    assert json.loads(answer.stdout) == {"ready": None}
