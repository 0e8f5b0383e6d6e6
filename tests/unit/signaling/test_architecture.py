"""The signaling package runs alone: an introducer needs neither WebRTC nor the DHT nor the node."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import importlib, importlib.abc, pkgutil, sys

FORBIDDEN = {"aiortc", "av", "kademlia", "rpcudp", "wherry"}

class Guard(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise AssertionError(f"{name} is imported")
        return None

sys.meta_path.insert(0, Guard())
import wherry_signaling
names = [module.name for module in pkgutil.walk_packages(wherry_signaling.__path__, "wherry_signaling.")]
for name in names:
    importlib.import_module(name)
assert not FORBIDDEN & {name.partition(".")[0] for name in sys.modules}
print(len(names))
"""


def test_every_module_is_imported_without_the_node() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
