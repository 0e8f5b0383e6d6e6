"""What a trace means, in a sentence, and what to do about it: the words of `wherry explain`, of `status`, of the page.

One function of facts, without I/O. The sentences are the same wherever a person reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..views import PathWord, StateWord
from .trace import Trace


@dataclass(frozen=True, slots=True)
class Verdict:
    """A connection's state, why it is so, and what to do (empty where nothing is to be done)."""

    state: StateWord
    sentence: str
    advice: str = ""


_PATHS: dict[PathWord, str] = {
    "direct_lan": "directly, on the same network",
    "direct": "directly",
    "relayed": "through a relay, encrypted",
    "signaling": "the slow way, through an introducer, encrypted",
}


def explain(name: str, *, path: PathWord | None, online: bool, dialling: bool, trace: Trace | None) -> Verdict:
    """The verdict on a peer.

    :param name: how the peer is called here.
    :param path: of the connection that is open; None if none is.
    :param online: whether this node has any address or introducer.
    :param dialling: whether an attempt is under way.
    :param trace: of the newest attempt, if there was any.
    """
    if path is not None:
        return Verdict(path, f"{name} is connected {_PATHS[path]}.")
    if not online:
        return Verdict("self_offline", "This node is offline.", "Check the network; Wherry goes on by itself.")
    if trace is None:
        return Verdict("waiting", f"{name} was not called yet.", "Call: wherry connect PEER")
    if dialling:
        return Verdict("connecting", f"{name} is being called ({phase_of(trace)}).")
    return _ended(name, trace)


def phase_of(trace: Trace) -> str:
    """The phase an attempt is in, in a word or three."""
    if trace.last("ice") is not None:
        return "opening"
    if trace.last("negotiate", "answered") or trace.last("negotiate", "answer made"):
        return "opening"
    tried = trace.count("ring", "delivered") + trace.count("ring", "failed")
    if tried:
        return f"ringing, {tried} {'way' if tried == 1 else 'ways'} tried"
    return "looking up"


def _ended(name: str, trace: Trace) -> Verdict:
    codes = {str(entry.data.get("code", "")) for entry in trace.entries}
    if "REFUSED_BY_PEER" in codes:
        return Verdict("unreachable", f"{name} does not accept this call.", "Ask the person behind it to let you in.")
    if "VERSION_MISMATCH" in codes:
        return Verdict("unreachable", f"{name} runs another version of Wherry.", "Update the older one.")
    if trace.last("look_up", "not found") is not None:
        return Verdict("unreachable", f"Nobody knows {name} now.", "Ask for a fresh invite.")
    if trace.last("ice", "open") is not None:
        return Verdict("waiting", f"{name} was connected, and is not any more.", "Call again: wherry connect PEER")
    if trace.last("negotiate", "answered") or trace.last("negotiate", "answer made"):
        return Verdict(
            "unreachable",
            f"{name} answered, but none of the paths between you works.",
            "One side may block UDP. Try another network, or open the UDP port on one side.",
        )
    if trace.count("ring", "delivered"):
        return Verdict("waiting", f"{name} was rung and did not answer.", "Try again later.")
    failed = trace.count("ring", "failed")
    if failed:
        gone = codes & {"ENDPOINT_UNREACHABLE", "ENDPOINT_LOST", "ENDPOINT_TIMEOUT"}
        why = "the places that knew it do not answer" if gone else "it is not there"
        return Verdict("waiting", f"{name} could not be rung: {why}.", "Try again later, or ask for a fresh invite.")
    return Verdict("waiting", f"{name} did not answer.", "Try again later.")
