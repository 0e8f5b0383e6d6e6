"""A node's numbers as Prometheus text (exposition format 0.0.4). No ids, no addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .assembly import Parts


def metrics_text(node: Parts) -> str:
    """All of them, for `/api/v1/metrics` and for friends who ask."""
    counts = node.endpoint.hub.counts
    rows: list[tuple[str, str, str, float]] = [
        ("wherry_connections", "gauge", "Peers connected now.", len(node.network.peers)),
        ("wherry_introducers", "gauge", "Introducers that hold a reservation for this node.", len(node.held())),
        ("wherry_dht_contacts", "gauge", "Contacts in the DHT's tables.", len(node.dht.contacts())),
        ("wherry_dht_documents", "gauge", "Documents kept for others.", len(node.kept)),
        ("wherry_reservations", "gauge", "Peers registered at this endpoint.", len(node.endpoint.hub.registry)),
        ("wherry_sockets_total", "counter", "Signaling sockets that were opened here.", counts.sockets),
        ("wherry_sockets_refused_total", "counter", "Signaling sockets that were refused.", counts.refused),
        ("wherry_envelopes_total", "counter", "Envelopes to pass on.", counts.envelopes),
        ("wherry_envelopes_delivered_total", "counter", "Envelopes that were accepted.", counts.delivered),
        ("wherry_dial_attempts", "gauge", "Attempts whose trace is kept.", len(node.dialer.traces)),
    ]
    lines: list[str] = []
    for name, kind, text, value in rows:
        lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {value:g}"]
    return "\n".join(lines) + "\n"
