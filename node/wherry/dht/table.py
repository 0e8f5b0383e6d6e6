"""The routing table: kademlia's buckets, with what they lack.

Kademlia's `RoutingTable` finds *some* near contacts; this one finds the k nearest of all it has. It adds the sibling
list of S/Kademlia (the contacts nearest to ourselves are kept whatever their bucket says), limits by network, and
contacts that move to another address. It makes no call: who offers a contact to a full bucket gets back the one to
be tried, and removes it if that one is gone. There is one table for IPv4 and one for IPv6.
"""

from __future__ import annotations

import bisect
import heapq
from collections import OrderedDict
from collections.abc import Collection
from typing import cast

from kademlia.node import Node
from kademlia.routing import KBucket, RoutingTable

from wherry_signaling.scope import Scope

from .contact import Contact
from .limits import (
    CONTACTS_PER_NETWORK,
    CONTACTS_PER_NETWORK_AND_BUCKET,
    CONTACTS_PER_PRIVATE_HOST,
    REFRESH_S,
    SIBLINGS,
    K,
)

_LAST = 2**160 - 1


class Bucket(KBucket):
    """Kademlia's bucket, on a clock that is passed in; replacements come in by the table's leave only."""

    nodes: OrderedDict[bytes, Contact]
    replacement_nodes: OrderedDict[bytes, Contact]
    range: tuple[int, int]

    def __init__(self, lower: int, upper: int, ksize: int) -> None:
        super().__init__(lower, upper, ksize)  # type: ignore[no-untyped-call]
        self.last_updated = 0.0

    def touch_last_updated(self, now: float = 0.0) -> None:
        """Somebody looked for a key in this bucket."""
        self.last_updated = now

    def depth(self) -> int:
        """How many leading bits its ids share: by its range, where kademlia compares its contacts."""
        return 160 - (self.range[1] - self.range[0]).bit_length()

    def split(self) -> tuple[Bucket, Bucket]:
        """Two buckets of half the range, contacts to contacts and replacements to replacements."""
        middle = (self.range[0] + self.range[1]) // 2
        halves = (Bucket(self.range[0], middle, self.ksize), Bucket(middle + 1, self.range[1], self.ksize))
        for half in halves:
            half.last_updated = self.last_updated
        for contact in self.nodes.values():
            halves[contact.long_id > middle].nodes[contact.id] = contact
        for contact in self.replacement_nodes.values():
            halves[contact.long_id > middle].replacement_nodes[contact.id] = contact
        return halves


class Table(RoutingTable):
    """The contacts of one IP version.

    :param own: who we are; never in the table.
    :param k: contacts in a bucket.
    """

    buckets: list[Bucket]  # type: ignore[assignment]

    def __init__(self, own: Node, *, k: int = K, siblings: int = SIBLINGS) -> None:
        self._own = int(own.long_id)
        self._sibling_count = siblings
        super().__init__(None, k, own)  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return len(self._known)

    def flush(self) -> None:
        """Forget all contacts."""
        self.buckets = [Bucket(0, _LAST, self.ksize)]
        self._known: dict[bytes, Contact] = {}
        self._siblings: dict[bytes, Contact] = {}
        #: Once the list of siblings is full: nobody at this distance or farther becomes one.
        self._reach = 2**160
        self._networks: dict[str, int] = {}

    @property
    def contacts(self) -> Collection[Contact]:
        """All contacts: those of the buckets, and siblings that their bucket has no room for."""
        return self._known.values()

    def get(self, node_id: bytes) -> Contact | None:
        """The contact of that id, if it is in the table."""
        return self._known.get(node_id)

    def is_new_node(self, node: Node) -> bool:
        """Whether nobody of that id is in the table."""
        return node.id not in self._known

    def lonely_buckets(self, now: float = 0.0) -> list[Bucket]:
        """The buckets in which nothing was looked for within the hour."""
        return [bucket for bucket in self.buckets if now - bucket.last_updated >= REFRESH_S]

    def get_bucket_for(self, node: Node) -> int:
        """The index of the bucket `node` falls into."""
        return bisect.bisect_left(self.buckets, node.long_id, key=lambda bucket: bucket.range[1])

    def touch(self, key: Node, now: float) -> None:
        """`key` is being looked for."""
        self.buckets[self.get_bucket_for(key)].touch_last_updated(now)

    def add_contact(self, node: Contact) -> Contact | None:
        """Take in a contact that proved its address; one of the same id moves to where it is now.

        :returns: the contact to try if the bucket is full: if that one is gone, remove it and this one takes its place.
        """
        known = self._known.get(node.id)
        if known is not None and known.endpoint != node.endpoint:
            self.remove_contact(known)
        elif known is not None:
            bucket = self.buckets[self.get_bucket_for(node)]
            if node.id in bucket.nodes:
                bucket.nodes.move_to_end(node.id)
            return None
        if node.long_id == self._own:
            return None
        self._offer_sibling(node)
        return self._offer_bucket(node)

    def remove_contact(self, node: Node) -> None:
        """Forget a contact; the newest replacement takes its place in the bucket."""
        bucket = self.buckets[self.get_bucket_for(node)]
        bucket.replacement_nodes.pop(node.id, None)
        bucket.nodes.pop(node.id, None)
        self._forget(node.id)
        self._promote(bucket)
        if self._siblings.pop(node.id, None) is not None:
            self._reach = 2**160
            rest = [contact for contact in self._known.values() if contact.id not in self._siblings]
            if rest:
                nearest = min(rest, key=self._from_us)
                self._siblings[nearest.id] = nearest

    def find_neighbors(
        self, node: Node, k: int | None = None, exclude: Node | None = None, scope: Scope = Scope.LOOPBACK
    ) -> list[Contact]:
        """The `k` contacts nearest to `node`, nearest first, of addresses that reach at least as far as `scope`."""
        target = int(node.long_id)
        left_out = None if exclude is None else exclude.id
        return heapq.nsmallest(
            k or self.ksize,
            [contact for contact in self._known.values() if contact.id != left_out and contact.scope >= scope],
            key=lambda contact: contact.distance(target),
        )

    def nearer_than_us(self, key: Node) -> int:
        """How many contacts are nearer to `key` than we are."""
        target = int(key.long_id)
        ours = self._own ^ target
        return sum(contact.distance(target) < ours for contact in self._known.values())

    # -- inside -------------------------------------------------------------------------------------------------------

    def _from_us(self, contact: Contact) -> int:
        return contact.distance(self._own)

    def _offer_bucket(self, contact: Contact) -> Contact | None:
        while True:
            index = self.get_bucket_for(contact)
            bucket = self.buckets[index]
            if len(bucket) < self.ksize:
                if self._fits(contact, bucket):
                    bucket.nodes[contact.id] = contact
                    self._know(contact)
                return None
            ours = bucket.range[0] <= self._own <= bucket.range[1]
            if not ours and bucket.depth() % 5 == 0:
                break
            self.buckets[index : index + 1] = halves = bucket.split()
            for half in halves:
                self._promote(half)
        bucket.replacement_nodes.pop(contact.id, None)
        bucket.replacement_nodes[contact.id] = contact
        if len(bucket.replacement_nodes) > self.ksize:
            bucket.replacement_nodes.popitem(last=False)
        return cast(Contact, bucket.head())  # type: ignore[no-untyped-call]

    def _promote(self, bucket: Bucket) -> None:
        while len(bucket) < self.ksize and bucket.replacement_nodes:
            _, contact = bucket.replacement_nodes.popitem()
            if self._fits(contact, bucket):
                bucket.nodes[contact.id] = contact
                self._know(contact)

    def _offer_sibling(self, contact: Contact) -> None:
        if self._from_us(contact) >= self._reach or not self._fits(contact, None):
            return
        self._siblings[contact.id] = contact
        self._know(contact)
        if len(self._siblings) > self._sibling_count:
            farthest = max(self._siblings.values(), key=self._from_us)
            del self._siblings[farthest.id]
            if farthest.id not in self.buckets[self.get_bucket_for(farthest)].nodes:
                self._forget(farthest.id)
        if len(self._siblings) == self._sibling_count:
            self._reach = max(map(self._from_us, self._siblings.values()), default=0)

    def _fits(self, contact: Contact, bucket: Bucket | None) -> bool:
        if contact.scope is Scope.LOOPBACK:
            return True
        network = contact.endpoint.network
        known = self._networks.get(network, 0) - (contact.id in self._known)
        if known <= 0:
            return True
        if contact.scope is Scope.PRIVATE:
            return known < CONTACTS_PER_PRIVATE_HOST
        if known >= CONTACTS_PER_NETWORK:
            return False
        return bucket is None or (
            sum(other.endpoint.network == network for other in bucket.nodes.values()) < CONTACTS_PER_NETWORK_AND_BUCKET
        )

    def _know(self, contact: Contact) -> None:
        if contact.id not in self._known:
            self._known[contact.id] = contact
            network = contact.endpoint.network
            self._networks[network] = self._networks.get(network, 0) + 1

    def _forget(self, node_id: bytes) -> None:
        contact = self._known.pop(node_id, None)
        if contact is not None:
            network = contact.endpoint.network
            self._networks[network] -= 1
            if not self._networks[network]:
                del self._networks[network]
