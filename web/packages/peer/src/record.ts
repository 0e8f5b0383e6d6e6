/**
 * The two documents a peer signs about itself, and how anybody checks one. Each is an envelope for everybody, ≤ 1000
 * bytes in all; peers are named by their public keys, endpoints by binary multiaddrs without `/p2p`:
 *
 *     peer record  [1, key 32, sequence, instance id 8, issued, expires, sealing key 32, capability bits,
 *                   [DHT endpoint, ≤ 4], [direct endpoint, ≤ 4], [[introducer's key, [its endpoint, ≤ 3]], ≤ 4]]
 *     inbox record [1, key 32, sequence, issued, expires, sealing key 32, [prekey id, prekey 32, signature 64],
 *                   [[mailbox's key, [its endpoint, ≤ 3]], ≤ 4]]
 *
 * A prekey's signature is over join("wherry/1/sign-prekey", 32 zeros, prekey id u64 ‖ prekey), by the record's peer.
 * Times are seconds since 1970 by network time. The newest sequence wins, wherever it is met.
 */

import { type Bytes, bigEndian, concat } from "./bytes.ts";
import { DHT_KEYS, NOBODY, PREKEY, Purpose, join } from "./domains.ts";
import { EndpointAddress, UdpAddress } from "./endpoints.ts";
import { openEnvelope, sign } from "./envelope.ts";
import { WherryError } from "./errors.ts";
import { type Identity, sha256, verify } from "./identity.ts";
import {
  CLOCK_GRACE_S,
  DIRECT_ENDPOINTS,
  DOCUMENT_BYTES,
  INBOX_RECORD_S,
  INTRODUCER_ENDPOINTS,
  MULTIADDR_BYTES,
  PEER_RECORD_S,
  RECORD_INTRODUCERS,
} from "./limits.ts";
import { PeerId } from "./peer-id.ts";
import { bytes, count, fields, list, read, tuple, write } from "./shape.ts";

export const VERSION = 1;

const ENDPOINT = bytes(1, MULTIADDR_BYTES);
const ENDPOINTS = list(ENDPOINT, DIRECT_ENDPOINTS);

interface WireIntroducer {
  readonly key: Bytes;
  readonly endpoints: readonly Bytes[];
}
const INTRODUCERS = list(
  tuple<WireIntroducer>({ key: bytes(32), endpoints: list(ENDPOINT, INTRODUCER_ENDPOINTS) }),
  RECORD_INTRODUCERS,
);

interface PeerPayload {
  readonly version: number;
  readonly key: Bytes;
  readonly sequence: number;
  readonly instance: Bytes;
  readonly issued: number;
  readonly expires: number;
  readonly sealingKey: Bytes;
  readonly capabilities: number;
  readonly dht: readonly Bytes[];
  readonly direct: readonly Bytes[];
  readonly introducers: readonly WireIntroducer[];
}
const PEER = fields<PeerPayload>({
  version: count(),
  key: bytes(32),
  sequence: count(),
  instance: bytes(8),
  issued: count(),
  expires: count(),
  sealingKey: bytes(32),
  capabilities: count(),
  dht: ENDPOINTS,
  direct: ENDPOINTS,
  introducers: INTRODUCERS,
});

/** A signed prekey, for the first message to somebody who is away. */
export interface Prekey {
  readonly id: number;
  readonly key: Bytes;
  readonly signature: Bytes;
}

/** A prekey as a wire shape: the record has one, and so has a retry. */
export const SIGNED_PREKEY = tuple<Prekey>({ id: count(), key: bytes(32), signature: bytes(64) });

/** The prekey of `id`, signed by its owner. */
export function signPrekey(identity: Identity, id: number, key: Bytes): Prekey {
  return { id, key, signature: identity.sign(PREKEY, NOBODY, concat(bigEndian(id, 8), key)) };
}

/** @throws WherryError BAD_SIGNATURE if `peer` did not sign it. */
export function checkPrekey(peer: PeerId, { id, key, signature }: Prekey): void {
  verify(peer.key, PREKEY, NOBODY, concat(bigEndian(id, 8), key), signature);
}

interface InboxPayload {
  readonly version: number;
  readonly key: Bytes;
  readonly sequence: number;
  readonly issued: number;
  readonly expires: number;
  readonly sealingKey: Bytes;
  readonly prekey: Prekey;
  readonly mailboxes: readonly WireIntroducer[];
}
const INBOX = fields<InboxPayload>({
  version: count(),
  key: bytes(32),
  sequence: count(),
  issued: count(),
  expires: count(),
  sealingKey: bytes(32),
  prekey: SIGNED_PREKEY,
  mailboxes: INTRODUCERS,
});

/** A node through whose endpoints somebody is reached: introducer or mailbox. */
export interface Introducer {
  readonly peer: PeerId;
  readonly endpoints: readonly EndpointAddress[];
}

interface Dated {
  readonly peer: PeerId;
  /** Rises with each record of the peer; the newest wins. */
  readonly sequence: number;
  /** Seconds since 1970 by network time. */
  readonly issued: number;
  readonly expires: number;
  readonly sealingKey: Bytes;
}

/** Where a peer is now, and the key to seal to. */
export interface PeerRecord extends Dated {
  readonly purpose: typeof Purpose.PEER_RECORD;
  /** 8 random bytes of the process or tab that made it. */
  readonly instance: Bytes;
  readonly capabilities: number;
  readonly dht: readonly UdpAddress[];
  readonly direct: readonly EndpointAddress[];
  readonly introducers: readonly Introducer[];
}

/** Where what is written to a peer is kept while it is away, and the keys to seal to. */
export interface InboxRecord extends Dated {
  readonly purpose: typeof Purpose.INBOX_RECORD;
  readonly prekey: Prekey;
  readonly mailboxes: readonly Introducer[];
}

/** A checked document: the record, and the very bytes that were signed. */
export interface Document<R extends PeerRecord | InboxRecord = PeerRecord | InboxRecord> {
  readonly record: R;
  readonly data: Bytes;
}

/** The 20 bytes under which a peer's document is kept in the DHT. */
export function dhtKey(purpose: keyof typeof DHT_KEYS, peer: PeerId): Bytes {
  return sha256(join(DHT_KEYS[purpose], peer.key)).slice(0, 20);
}

/** The signed document of `record`; what does not fit into 1000 bytes is dropped, the last entries first. */
export function signPeerRecord(identity: Identity, record: Omit<PeerRecord, "purpose">): Bytes {
  for (let fitting = record; ; fitting = smaller(fitting)) {
    const { peer, sequence, instance, issued, expires, sealingKey, capabilities } = fitting;
    const payload = write(PEER, {
      version: VERSION,
      key: peer.key,
      sequence,
      instance,
      issued,
      expires,
      sealingKey,
      capabilities,
      dht: fitting.dht.slice(0, DIRECT_ENDPOINTS).map((address) => address.toBytes()),
      direct: fitting.direct.slice(0, DIRECT_ENDPOINTS).map((address) => address.toBytes()),
      introducers: introducersOut(fitting.introducers),
    });
    const document = sign(identity, Purpose.PEER_RECORD, payload);
    if (document.length <= DOCUMENT_BYTES) return document;
  }
}

function smaller(record: Omit<PeerRecord, "purpose">): Omit<PeerRecord, "purpose"> {
  if (record.introducers.length > 0) return { ...record, introducers: record.introducers.slice(0, -1) };
  if (record.direct.length > 0) return { ...record, direct: record.direct.slice(0, -1) };
  return { ...record, dht: record.dht.slice(0, -1) };
}

/** The signed document of `record`; mailboxes that do not fit into 1000 bytes are dropped, the last first. */
export function signInboxRecord(identity: Identity, record: Omit<InboxRecord, "purpose">): Bytes {
  for (let mailboxes = record.mailboxes; ; mailboxes = mailboxes.slice(0, -1)) {
    const { sequence, issued, expires, sealingKey, prekey } = record;
    const payload = write(INBOX, {
      version: VERSION,
      key: record.peer.key,
      sequence,
      issued,
      expires,
      sealingKey,
      prekey,
      mailboxes: introducersOut(mailboxes),
    });
    const document = sign(identity, Purpose.INBOX_RECORD, payload);
    if (document.length <= DOCUMENT_BYTES) return document;
  }
}

/**
 * Check a document at the door: size, signature, fields, lifetime.
 * @param now - seconds since 1970 by network time
 * @throws WherryError MALFORMED, BAD_SIGNATURE or EXPIRED_DOCUMENT.
 */
export function checkDocument(data: Uint8Array, now: number): Document {
  if (data.length > DOCUMENT_BYTES) {
    throw new WherryError("MALFORMED", `a document of ${data.length} bytes; ${DOCUMENT_BYTES} is the law`);
  }
  const envelope = openEnvelope(data);
  const record = decoded(envelope.purpose, envelope.payload);
  if (!record.peer.equals(envelope.sender)) {
    throw new WherryError("BAD_SIGNATURE", "the document speaks of somebody else");
  }
  if (record.purpose === Purpose.INBOX_RECORD) checkPrekey(record.peer, record.prekey);
  const lifetime = record.purpose === Purpose.PEER_RECORD ? PEER_RECORD_S : INBOX_RECORD_S;
  const life = record.expires - record.issued;
  if (life <= 0 || life > lifetime) throw new WherryError("EXPIRED_DOCUMENT", "its lifetime is longer than may be");
  if (record.issued > now + CLOCK_GRACE_S) {
    throw new WherryError("EXPIRED_DOCUMENT", `issued ${Math.round(record.issued - now)} s in the future`);
  }
  if (record.expires < now - CLOCK_GRACE_S) {
    throw new WherryError("EXPIRED_DOCUMENT", `expired ${Math.round(now - record.expires)} s ago`);
  }
  return { record, data: new Uint8Array(data) };
}

/** `checkDocument` for an inbox record of a certain peer. */
export function checkInboxRecord(data: Uint8Array, now: number, of: PeerId): Document<InboxRecord> {
  const { record, data: signed } = checkDocumentOf(data, now, of);
  if (record.purpose === Purpose.INBOX_RECORD) return { record, data: signed };
  throw new WherryError("MALFORMED", "a peer record where an inbox record belongs");
}

/** `checkDocument` for a peer record, of a certain peer if given. */
export function checkPeerRecord(data: Uint8Array, now: number, of: PeerId | null = null): Document<PeerRecord> {
  const { record, data: signed } = checkDocumentOf(data, now, of);
  if (record.purpose === Purpose.PEER_RECORD) return { record, data: signed };
  throw new WherryError("MALFORMED", "an inbox record where a peer record belongs");
}

/** `checkDocument` for one of a certain peer. */
export function checkDocumentOf(data: Uint8Array, now: number, of: PeerId | null): Document {
  const document = checkDocument(data, now);
  if (of === null || document.record.peer.equals(of)) return document;
  throw new WherryError("BAD_SIGNATURE", "a record of somebody else than was asked for");
}

function decoded(purpose: Purpose, payload: Bytes): PeerRecord | InboxRecord {
  try {
    if (purpose === Purpose.PEER_RECORD) return peerIn(read(PEER, payload, "its fields"));
    if (purpose === Purpose.INBOX_RECORD) return inboxIn(read(INBOX, payload, "its fields"));
  } catch (error) {
    const detail = WherryError.is(error) ? `a damaged document: ${error.detail}` : "";
    throw new WherryError("MALFORMED", detail, { cause: error });
  }
  throw new WherryError("MALFORMED", "an envelope that is no document");
}

function peerIn(wire: PeerPayload): PeerRecord {
  requireVersion(wire.version);
  const peer = new PeerId(wire.key);
  const { sequence, instance, issued, expires, sealingKey, capabilities } = wire;
  return {
    purpose: Purpose.PEER_RECORD,
    peer,
    sequence,
    instance,
    issued,
    expires,
    sealingKey,
    capabilities,
    dht: wire.dht.map((data) => UdpAddress.fromBytes(data)),
    direct: wire.direct.map((data) => EndpointAddress.fromBytes(data, peer)),
    introducers: introducersIn(wire.introducers),
  };
}

function inboxIn(wire: InboxPayload): InboxRecord {
  requireVersion(wire.version);
  const { sequence, issued, expires, sealingKey, prekey } = wire;
  return {
    purpose: Purpose.INBOX_RECORD,
    peer: new PeerId(wire.key),
    sequence,
    issued,
    expires,
    sealingKey,
    prekey,
    mailboxes: introducersIn(wire.mailboxes),
  };
}

function requireVersion(version: number): void {
  if (version === VERSION) return;
  throw new WherryError("MALFORMED", `it is of version ${version}; this is version ${VERSION}`);
}

function introducersOut(introducers: readonly Introducer[]): WireIntroducer[] {
  return introducers.slice(0, RECORD_INTRODUCERS).map(({ peer, endpoints }) => ({
    key: peer.key,
    endpoints: endpoints.slice(0, INTRODUCER_ENDPOINTS).map((address) => address.toBytes()),
  }));
}

function introducersIn(wire: readonly WireIntroducer[]): Introducer[] {
  return wire.map(({ key, endpoints }) => {
    const peer = new PeerId(key);
    return { peer, endpoints: endpoints.map((data) => EndpointAddress.fromBytes(data, peer)) };
  });
}
