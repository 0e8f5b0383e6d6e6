"""Everybody we know: who is in the tables, who is met in passing, who has proved an address, and who lied.

No I/O, no clock: time is passed in, and what happens is told by events.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from kademlia.node import Node

from . import events
from .contact import Contact
from .endpoint import Endpoint
from .limits import ACQUAINTANCES, BAN_S, BANS, FAILURES, STALE_S, K
from .table import Table


class Company:
    """The contacts of one node, by IPv4 and by IPv6.

    :param own: who we are; never among them.
    :param emit: is called with each event.
    """

    def __init__(self, own: Node, emit: Callable[[events.DhtEvent], None], *, k: int = K) -> None:
        self._own, self._emit = own, emit
        #: By IP version.
        self.tables = {4: Table(own, k=k), 6: Table(own, k=k)}
        #: Who proved an address, the latest last; clients too, who are nobody's contact.
        self.proved: OrderedDict[Endpoint, bytes] = OrderedDict()
        #: Is called with each contact that is new in a table.
        self.on_joined: Callable[[Contact], None] = lambda _: None
        self._acquaintances: OrderedDict[tuple[bytes, Endpoint], Contact] = OrderedDict()
        self._banned: OrderedDict[bytes, float] = OrderedDict()

    def contact(self, node_id: bytes, endpoint: Endpoint) -> Contact:
        """The contact of that id at that endpoint: the same object each time, with what is known of it."""
        known = self.tables[endpoint.version].get(node_id)
        if known is not None and known.endpoint == endpoint:
            return known
        contact = self._acquaintances.pop((node_id, endpoint), None) or Contact(node_id, endpoint)
        self._acquaintances[node_id, endpoint] = contact
        if len(self._acquaintances) > ACQUAINTANCES:
            self._acquaintances.popitem(last=False)
        return contact

    def note_proved(self, node_id: bytes, endpoint: Endpoint) -> None:
        """That node receives at that address: it may be asked to knock, and counts no longer as a stranger."""
        self.proved[endpoint] = node_id
        self.proved.move_to_end(endpoint)
        if len(self.proved) > ACQUAINTANCES:
            self.proved.popitem(last=False)

    def answered(self, contact: Contact, now: float) -> None:
        """It is alive."""
        contact.failures, contact.seen_at = 0, now

    def failed(self, contact: Contact) -> None:
        """It did not answer; the second time in a row it leaves the table."""
        contact.failures += 1
        if contact.failures >= FAILURES:
            self._remove(contact)

    def welcome(self, contact: Contact, now: float) -> Contact | None:
        """A contact that serves and has proved its address: into the table, at the address it has now.

        :returns: whom to try, if its bucket is full and the one there longest was not heard of for long.
        """
        if self.is_banned(contact.id, now) or contact.id == self._own.id:
            return None
        table = self.tables[contact.endpoint.version]
        known = table.get(contact.id)
        stale = table.add_contact(contact)
        if known is None and table.get(contact.id) is contact:
            self._emit(events.ContactJoined(node_id=contact.id, endpoint=contact.endpoint))
            self.on_joined(contact)
        return stale if stale is not None and now - stale.seen_at > STALE_S else None

    def ban(self, contact: Contact, code: str, now: float) -> None:
        """It sent a forgery: out of the table, and not asked for a while.

        :param code: of the typed error.
        """
        self._banned[contact.id] = now + BAN_S
        if len(self._banned) > BANS:
            self._banned.popitem(last=False)
        self._remove(contact)
        self._emit(events.LiarBanned(node_id=contact.id, endpoint=contact.endpoint, code=code))

    def is_banned(self, node_id: bytes, now: float) -> bool:
        """Whether that node lied lately."""
        return self._banned.get(node_id, now) > now

    def _remove(self, contact: Contact) -> None:
        table = self.tables[contact.endpoint.version]
        known = table.get(contact.id)
        if known is not None and known.endpoint != contact.endpoint:
            return  # it has moved; only its old address is gone
        table.remove_contact(contact)
        if known is not None:
            self._emit(events.ContactLeft(node_id=contact.id, endpoint=contact.endpoint))
