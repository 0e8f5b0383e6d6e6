/**
 * Signed bytes, and sealed ones. Verification comes first, of exactly the bytes that were signed:
 *
 *     envelope = msgpack [purpose u8, public key 32, payload bytes, signature 64]
 *     signed   = join(domain of the purpose, recipient's public key | 32 zeros, payload)
 *
 * A sealed envelope is opened by its recipient alone. Its size is one of five classes:
 *
 *     0        1            5                37
 *     +--------+------------+----------------+--------------------------------------------------+
 *     | suite  | key id     | ephemeral key  | XChaCha20-Poly1305 of (length u32 ‖ bytes ‖ zeros) |
 *     | u8 = 1 | 4          | X25519, 32     | with its tag of 16                                 |
 *     +--------+------------+----------------+--------------------------------------------------+
 *     key id          first 4 bytes of SHA-256(recipient's X25519 key)
 *     key             HKDF-SHA-256(X25519(ephemeral, recipient), salt = ephemeral ‖ recipient's X25519 key, domain)
 *     nonce           24 zeros: each key is used once
 *     associated data join(domain, recipient's public key, the first 37 bytes)
 */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { type Bytes, bigEndian, concat, equal } from "./bytes.ts";
import { NOBODY, type Purpose, SEAL, domainOf, isPublic, isPurpose, join } from "./domains.ts";
import { WherryError } from "./errors.ts";
import { type Identity, deriveKey, exchange, sha256, verify, x25519Public } from "./identity.ts";
import { SIZE_CLASSES } from "./limits.ts";
import { PeerId } from "./peer-id.ts";
import { bytes, count, fields, read, write } from "./shape.ts";

export const SUITE = 1;
const HEADER = 37;
const OVERHEAD = HEADER + 4 + 16;
const NONCE = new Uint8Array(24);

const WIRE = fields<{ purpose: number; key: Bytes; payload: Bytes; signature: Bytes }>({
  purpose: count(),
  key: bytes(32),
  payload: bytes(0, 1 << 24),
  signature: bytes(64),
});

/** Bytes whose signature was checked: `payload` is what `sender` signed, for `purpose`. */
export interface Envelope {
  readonly purpose: Purpose;
  readonly sender: PeerId;
  readonly payload: Bytes;
}

/** The envelope of `payload`, signed for `recipient`, or for everybody if that is null. */
export function sign(identity: Identity, purpose: Purpose, payload: Bytes, recipient: PeerId | null = null): Bytes {
  const signature = identity.sign(domainOf(purpose), recipient?.key ?? NOBODY, payload);
  return write(WIRE, { purpose, key: identity.id.key, payload, signature });
}

/**
 * Check an envelope for `recipient`, or one for everybody.
 * @throws WherryError MALFORMED if the bytes are no envelope, or one of the other sort.
 * @throws WherryError BAD_SIGNATURE if the signature does not match: also if it was made for somebody else.
 */
export function openEnvelope(data: Uint8Array, recipient: PeerId | null = null): Envelope {
  const wire = read(WIRE, data, "no envelope");
  const { purpose, key, payload, signature } = wire;
  if (!isPurpose(purpose)) throw new WherryError("MALFORMED", "no envelope");
  if (!equal(write(WIRE, wire), data)) throw new WherryError("MALFORMED", "an envelope has but one form");
  if (isPublic(purpose) !== (recipient === null)) throw new WherryError("MALFORMED", "an envelope of the other sort");
  verify(key, domainOf(purpose), recipient?.key ?? NOBODY, payload, signature);
  return { purpose, sender: new PeerId(key), payload };
}

/** Four bytes that tell a recipient which of its keys to try. */
export function keyId(sealingKey: Uint8Array): Bytes {
  return sha256(sealingKey).slice(0, 4);
}

/**
 * `data`, so that only who has the secret of `sealingKey` can read it.
 * @param secret - 32 fresh random bytes, used for nothing else
 * @throws WherryError MALFORMED if it is too large for any size class.
 * @throws WherryError BAD_SIGNATURE if `sealingKey` is of small order.
 */
export function seal(data: Uint8Array, to: { recipient: PeerId; sealingKey: Uint8Array; secret: Uint8Array }): Bytes {
  const size = SIZE_CLASSES.find((size) => size >= data.length + OVERHEAD);
  if (size === undefined) {
    const most = SIZE_CLASSES.at(-1);
    throw new WherryError("MALFORMED", `${data.length} bytes do not fit into a sealed envelope of ${most}`);
  }
  const ephemeral = x25519Public(to.secret);
  const header = concat(Uint8Array.of(SUITE), keyId(to.sealingKey), ephemeral);
  const key = sealKey(exchange(to.secret, to.sealingKey), ephemeral, to.sealingKey);
  const padded = new Uint8Array(size - HEADER - 16);
  padded.set(bigEndian(data.length, 4));
  padded.set(data, 4);
  return concat(header, xchacha20poly1305(key, NONCE, join(SEAL, to.recipient.key, header)).encrypt(padded));
}

/**
 * What `seal` hid.
 * @throws WherryError MALFORMED if it has no size that sealed envelopes have, or an unknown suite.
 * @throws WherryError NOT_FOR_US if it was sealed to another key.
 * @throws WherryError CANNOT_OPEN if it was tampered with, or sealed for somebody else.
 */
export function unseal(data: Uint8Array, to: { recipient: PeerId; sealingSecret: Uint8Array }): Bytes {
  if (!SIZE_CLASSES.some((size) => size === data.length)) {
    throw new WherryError("MALFORMED", "no sealed envelope has this size");
  }
  if (data[0] !== SUITE) throw new WherryError("MALFORMED", `suite ${data[0]} is unknown`);
  const sealingKey = x25519Public(to.sealingSecret);
  if (!equal(data.subarray(1, 5), keyId(sealingKey))) {
    throw new WherryError("NOT_FOR_US", "it is sealed to another key");
  }
  const header = data.subarray(0, HEADER);
  const ephemeral = data.subarray(5, HEADER);
  const padded = opened(() => {
    const key = sealKey(exchange(to.sealingSecret, ephemeral), ephemeral, sealingKey);
    return xchacha20poly1305(key, NONCE, join(SEAL, to.recipient.key, header)).decrypt(data.subarray(HEADER));
  });
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (length > padded.length - 4) throw new WherryError("CANNOT_OPEN", "its length is wrong");
  return padded.slice(4, 4 + length);
}

/**
 * The envelope that was sealed to `recipient`, with its signature checked.
 * @throws WherryError NOT_FOR_US, CANNOT_OPEN, BAD_SIGNATURE or MALFORMED.
 */
export function openSealed(data: Uint8Array, recipient: Identity): Envelope {
  const inside = unseal(data, { recipient: recipient.id, sealingSecret: recipient.sealingSecret });
  return openEnvelope(inside, recipient.id);
}

function opened(decrypt: () => Uint8Array): Bytes {
  try {
    return new Uint8Array(decrypt());
  } catch (error) {
    throw new WherryError("CANNOT_OPEN", "", { cause: error });
  }
}

function sealKey(shared: Bytes, ephemeral: Uint8Array, sealingKey: Uint8Array): Bytes {
  return deriveKey(shared, { salt: concat(ephemeral, sealingKey), info: SEAL });
}
