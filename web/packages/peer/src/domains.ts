/**
 * The domain of every signature, seal, key and digest: the same table as in Python, none a prefix of another.
 *
 *     signed bytes = len(domain) ‖ domain ‖ len(recipient) ‖ recipient ‖ len(payload) ‖ payload
 *     len          = u32, big-endian
 */

import { type Bytes, bigEndian, concat, utf8 } from "./bytes.ts";

/** The recipient of a public document: nobody in particular. */
export const NOBODY = new Uint8Array(32);

/** What an envelope is for; it chooses the domain of its signature. 1–15 public documents, 16–31 sealed signals. */
export const Purpose = {
  PEER_RECORD: 1,
  INBOX_RECORD: 2,
  OFFER: 16,
  ANSWER: 17,
  CANDIDATES: 18,
  PING: 19,
  PONG: 20,
  REFUSAL: 21,
  MESSAGE: 22,
  RETRY: 23,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

const SIGNATURES: ReadonlyMap<number, Bytes> = new Map([
  [Purpose.PEER_RECORD, utf8("wherry/1/sign-peer")],
  [Purpose.INBOX_RECORD, utf8("wherry/1/sign-inbox")],
  [Purpose.OFFER, utf8("wherry/1/sign-offer")],
  [Purpose.ANSWER, utf8("wherry/1/sign-answer")],
  [Purpose.CANDIDATES, utf8("wherry/1/sign-candidates")],
  [Purpose.PING, utf8("wherry/1/sign-ping")],
  [Purpose.PONG, utf8("wherry/1/sign-pong")],
  [Purpose.REFUSAL, utf8("wherry/1/sign-refusal")],
  [Purpose.MESSAGE, utf8("wherry/1/sign-message")],
  [Purpose.RETRY, utf8("wherry/1/sign-retry")],
]);

export function isPurpose(number: number): number is Purpose {
  return SIGNATURES.has(number);
}

/** The domain of an envelope's signature. */
export function domainOf(purpose: Purpose): Bytes {
  return SIGNATURES.get(purpose) ?? new Uint8Array();
}

/** Whether it is a document for everybody, as against a signal for one peer. */
export function isPublic(purpose: Purpose): boolean {
  return purpose < Purpose.OFFER;
}

/** DHT key of a document = first 20 bytes of SHA-256(join(domain, peer's public key)). */
export const DHT_KEYS = {
  [Purpose.PEER_RECORD]: utf8("wherry/1/peer"),
  [Purpose.INBOX_RECORD]: utf8("wherry/1/inbox"),
} as const;

export const SEAL = utf8("wherry/1/seal");
export const SEALING_KEY = utf8("wherry/1/key-sealing");
export const HANDSHAKE_CLIENT = utf8("wherry/1/handshake-client");
export const HANDSHAKE_SERVER = utf8("wherry/1/handshake-server");
export const SESSION_KEYS = utf8("wherry/1/key-session");
export const LANE_KEYS = utf8("wherry/1/key-lane");
export const IDENTITY_FILE = utf8("wherry/1/file-identity");
export const EXPORT_FILE = utf8("wherry/1/file-export");
export const REQUEST_TAG = utf8("wherry/1/tag-request");
export const MAILBOX_TAG = utf8("wherry/1/tag-mailbox");
export const MAILBOX_WORK = utf8("wherry/1/mailbox-work");
export const FRIEND_SECRET = utf8("wherry/1/friend-secret");
export const SAFETY_NUMBER = utf8("wherry/1/safety-number");
export const PREKEY = utf8("wherry/1/sign-prekey");
export const X3DH = utf8("wherry/1/x3dh");
export const RATCHET_ROOT = utf8("wherry/1/ratchet-root");
export const RATCHET_MESSAGE = utf8("wherry/1/ratchet-message");

/** All parts, each behind its length as a big-endian u32. */
export function join(...parts: readonly Uint8Array[]): Bytes {
  return concat(...parts.flatMap((part) => [bigEndian(part.length, 4), part]));
}
