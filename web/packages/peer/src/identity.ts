/**
 * Who somebody is: an Ed25519 key pair, and the X25519 key others seal to, which is derived from it. All of it runs
 * without `crypto.subtle`, which a page on a LAN does not have.
 *
 * Signatures are checked strictly, as libsodium does: the key and the signature's point must lie in the prime-order
 * group, since under a small-order key some verifiers accept a signature that nobody made.
 */

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as sha } from "@noble/hashes/sha2.js";
import type { Bytes } from "./bytes.ts";
import { SEALING_KEY, join } from "./domains.ts";
import { WherryError } from "./errors.ts";
import { PeerId, isHonestKey, isPrimeOrder } from "./peer-id.ts";

export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

export class Identity {
  readonly id: PeerId;
  /** Others seal to this. */
  readonly sealingPublic: Bytes;
  /** Opens what was sealed to `sealingPublic`. */
  readonly sealingSecret: Bytes;
  readonly #seed: Bytes;

  /** @param seed - the 32 secret bytes */
  constructor(seed: Uint8Array) {
    this.#seed = new Uint8Array(seed);
    this.id = new PeerId(ed25519.getPublicKey(this.#seed));
    this.sealingSecret = deriveKey(this.#seed, { info: SEALING_KEY });
    this.sealingPublic = x25519Public(this.sealingSecret);
  }

  /** The secret: for the key store and exports alone. */
  get seed(): Bytes {
    return this.#seed;
  }

  /** The X25519 secret of the identity itself; its public half is `x25519Of` the peer. */
  get exchangeSecret(): Bytes {
    return new Uint8Array(ed25519.utils.toMontgomerySecret(this.#seed));
  }

  /** 64 bytes over `join(domain, recipient, payload)`. */
  sign(domain: Uint8Array, recipient: Uint8Array, payload: Uint8Array): Bytes {
    return new Uint8Array(ed25519.sign(join(domain, recipient, payload), this.#seed));
  }
}

/** @throws WherryError BAD_SIGNATURE if it does not match, or `key` is none that an honest peer has. */
export function verify(
  key: Uint8Array,
  domain: Uint8Array,
  recipient: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
): void {
  if (!isHonestKey(key)) throw new WherryError("BAD_SIGNATURE", "the key is no honest Ed25519 key");
  if (signature.length !== SIGNATURE_BYTES) throw new WherryError("BAD_SIGNATURE", "it has the wrong length");
  const point = signature.subarray(0, 32);
  const matches = ed25519.verify(signature, join(domain, recipient, payload), key, { zip215: false });
  if (!matches || !isPrimeOrder(point)) throw new WherryError("BAD_SIGNATURE");
}

/** The public half of an X25519 secret. */
export function x25519Public(secret: Uint8Array): Bytes {
  return new Uint8Array(x25519.getPublicKey(secret));
}

/** A peer's identity as an X25519 public key (RFC 7748's birational map). */
export function x25519Of(peer: PeerId): Bytes {
  return new Uint8Array(ed25519.utils.toMontgomery(peer.key));
}

/**
 * X25519 (RFC 7748).
 * @throws WherryError BAD_SIGNATURE if `theirs` is of small order, so that everybody would share the result.
 */
export function exchange(secret: Uint8Array, theirs: Uint8Array): Bytes {
  try {
    return new Uint8Array(x25519.getSharedSecret(secret, theirs));
  } catch (error) {
    throw new WherryError("BAD_SIGNATURE", "the exchanged key is of small order", { cause: error });
  }
}

/** HKDF-SHA-256 (RFC 5869). */
export function deriveKey(
  secret: Uint8Array,
  { salt, info, length = 32 }: { salt?: Uint8Array; info: Uint8Array; length?: number },
): Bytes {
  return new Uint8Array(hkdf(sha, secret, salt, info, length));
}

/** HMAC-SHA-256 (RFC 2104). */
export function hmac256(key: Uint8Array, data: Uint8Array): Bytes {
  return new Uint8Array(hmac(sha, key, data));
}

export function sha256(data: Uint8Array): Bytes {
  return new Uint8Array(sha(data));
}
