/**
 * What peers tell each other before they are connected: the contents of sealed envelopes. A signal is signed for its
 * recipient, then sealed to the sealing key of the recipient's record. The kind is the envelope's purpose:
 *
 *     offer       [1, attempt id 16, instance id 8, feature bits, role, X25519 key 32, SDP, record, issued]
 *     answer      [1, attempt id 16, answer id 16, instance id 8, feature bits, role, X25519 key 32, SDP,
 *                  SHA-256 of the offer's payload, record]
 *     candidates  [1, attempt id 16, [candidate line, ≤ 16], end]
 *     ping        [1, nonce 16, record]
 *     pong        [1, nonce 16, record]
 *     refusal     [1, attempt id 16 | ping's nonce, error's wire number, reason]
 *
 * `issued` is milliseconds since 1970 by the offerer's own clock: of two offers under way from one peer, the later one
 * counts. `record` is the sender's own signed peer record, or nothing: it says where the reply can go. `role` is 0 for
 * a first connection, 1 for one beside an existing link.
 */

import type { Bytes } from "./bytes.ts";
import { Purpose } from "./domains.ts";
import { openSealed, seal, sign } from "./envelope.ts";
import { WherryError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { CANDIDATES, CANDIDATE_LENGTH, DOCUMENT_BYTES, REASON_LENGTH, SDP_LENGTH } from "./limits.ts";
import type { PeerId } from "./peer-id.ts";
import { type Of, type Shape, bytes, count, fields, flag, list, read, text, write } from "./shape.ts";

export const VERSION = 1;
export const ROLE_FIRST = 0;
export const ROLE_BESIDE = 1;

const version = count();
const id16 = bytes(16);
const key = bytes(32);
const role = count({ most: 255 });
const sdp = text(SDP_LENGTH, 1);
const record = bytes(0, DOCUMENT_BYTES);

const OFFER = fields<{
  version: number;
  attempt: Bytes;
  instance: Bytes;
  features: number;
  role: number;
  key: Bytes;
  sdp: string;
  record: Bytes;
  issued: number;
}>({ version, attempt: id16, instance: bytes(8), features: count(), role, key, sdp, record, issued: count() });

const ANSWER = fields<{
  version: number;
  attempt: Bytes;
  answer: Bytes;
  instance: Bytes;
  features: number;
  role: number;
  key: Bytes;
  sdp: string;
  offerHash: Bytes;
  record: Bytes;
}>({
  version,
  attempt: id16,
  answer: id16,
  instance: bytes(8),
  features: count(),
  role,
  key,
  sdp,
  offerHash: key,
  record,
});

const CANDIDATE_LINES = fields<{ version: number; attempt: Bytes; lines: readonly string[]; end: boolean }>({
  version,
  attempt: id16,
  lines: list(text(CANDIDATE_LENGTH), CANDIDATES),
  end: flag,
});
const PING = fields<{ version: number; nonce: Bytes; record: Bytes }>({ version, nonce: id16, record });
const PONG = PING;
const REFUSAL = fields<{ version: number; attempt: Bytes; code: number; reason: string }>({
  version,
  attempt: id16,
  code: count({ most: 65535 }),
  reason: text(REASON_LENGTH),
});

/** Each kind's shape, under its name. */
const SHAPES = {
  offer: OFFER,
  answer: ANSWER,
  candidates: CANDIDATE_LINES,
  ping: PING,
  pong: PONG,
  refusal: REFUSAL,
} as const;

const PURPOSES = {
  offer: Purpose.OFFER,
  answer: Purpose.ANSWER,
  candidates: Purpose.CANDIDATES,
  ping: Purpose.PING,
  pong: Purpose.PONG,
  refusal: Purpose.REFUSAL,
} as const;

type Kind = keyof typeof SHAPES;
/** One kind's fields without the version, which is always ours. */
type Fields<K extends Kind> = Readonly<Omit<Of<(typeof SHAPES)[K]>, "version">>;

export type Offer = { readonly kind: "offer" } & Fields<"offer">;
export type Answer = { readonly kind: "answer" } & Fields<"answer">;
export type Candidates = { readonly kind: "candidates" } & Fields<"candidates">;
export type Ping = { readonly kind: "ping" } & Fields<"ping">;
export type Pong = { readonly kind: "pong" } & Fields<"pong">;
export type Refusal = { readonly kind: "refusal" } & Fields<"refusal">;
export type Signal = Offer | Answer | Candidates | Ping | Pong | Refusal;

/** A signal that was opened: who sent it, and the very bytes that were signed. */
export interface OpenedSignal {
  readonly signal: Signal;
  readonly sender: PeerId;
  readonly payload: Bytes;
}

/** The bytes that are signed; the answer's hash is over an offer's. */
export function payloadOf(signal: Signal): Bytes {
  const shape = SHAPES[signal.kind] as Shape<Signal & { version: number }>;
  return write(shape, { ...signal, version: VERSION });
}

/** The signal in a payload that was signed for `purpose`. */
export function decodeSignal(purpose: Purpose, payload: Bytes): Signal {
  const kind = (Object.keys(PURPOSES) as Kind[]).find((kind) => PURPOSES[kind] === purpose);
  if (kind === undefined) throw new WherryError("MALFORMED", "a signal of this kind is not understood here");
  const theirs = read(fields<{ version: number }>({ version }), payload, `a damaged ${kind}`).version;
  if (theirs !== VERSION) {
    throw new WherryError("VERSION_MISMATCH", `the peer speaks version ${theirs}, we speak ${VERSION}`);
  }
  const { version: _, ...signal } = read<{ version: number }>(SHAPES[kind], payload, `a damaged ${kind}`);
  return { kind, ...signal } as Signal;
}

/**
 * Sign `signal` for `recipient` and seal it to that peer's sealing key.
 * @param secret - 32 fresh random bytes
 * @throws WherryError MALFORMED if it is too large for any size class.
 */
export function sealSignal(
  signal: Signal,
  from: Identity,
  to: { recipient: PeerId; sealingKey: Uint8Array; secret: Uint8Array },
): Bytes {
  return seal(sign(from, PURPOSES[signal.kind], payloadOf(signal), to.recipient), to);
}

/**
 * Open, verify and decode what was sealed to `recipient`.
 * @throws WherryError NOT_FOR_US, CANNOT_OPEN, BAD_SIGNATURE, MALFORMED, VERSION_MISMATCH
 */
export function openSignal(data: Uint8Array, recipient: Identity): OpenedSignal {
  const { purpose, sender, payload } = openSealed(data, recipient);
  return { signal: decodeSignal(purpose, payload), sender, payload };
}
