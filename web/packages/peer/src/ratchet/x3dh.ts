/**
 * The secret with which two peers begin, though one of them may be away: X3DH
 * (https://signal.org/docs/specifications/x3dh/), with the identity keys converted to X25519.
 *
 *     DH1 = own identity × prekey        DH3 = ephemeral × prekey
 *     DH2 = ephemeral × identity         DH4 = ephemeral × one-time prekey, where there is one
 *     SK  = HKDF-SHA-256(32 × FF ‖ DH1 ‖ DH2 ‖ DH3 ‖ DH4, salt = 32 zeros, info = domain)
 *     associated data = join(domain, initiator, responder)
 *     session id      = first 8 bytes of SHA-256(join(domain, initiator, responder, ephemeral key))
 */

import { type Bytes, concat } from "../bytes.ts";
import { X3DH, join } from "../domains.ts";
import { type Identity, deriveKey, exchange, sha256, x25519Of, x25519Public } from "../identity.ts";
import { SESSION_ID_BYTES } from "../limits.ts";
import type { PeerId } from "../peer-id.ts";

const FIRST = new Uint8Array(32).fill(0xff);
const ZEROS = new Uint8Array(32);

/** What both sides have then. */
export interface Agreement {
  readonly session: Bytes;
  readonly secret: Bytes;
  readonly associated: Bytes;
}

/**
 * Begin with a peer, by its prekeys.
 * @param ephemeral - 32 fresh random bytes
 */
export function initiate(
  own: Identity,
  peer: PeerId,
  keys: { readonly ephemeral: Uint8Array; readonly prekey: Uint8Array; readonly oneTime: Uint8Array | null },
): Agreement {
  const { ephemeral, prekey, oneTime } = keys;
  const shared = [
    exchange(own.exchangeSecret, prekey),
    exchange(ephemeral, x25519Of(peer)),
    exchange(ephemeral, prekey),
    ...(oneTime === null ? [] : [exchange(ephemeral, oneTime)]),
  ];
  return agreement(own.id, peer, x25519Public(ephemeral), shared);
}

/** Answer a peer that has begun with `ephemeral`, by the private halves of our prekeys. */
export function respond(
  own: Identity,
  peer: PeerId,
  keys: { readonly ephemeral: Uint8Array; readonly prekey: Uint8Array; readonly oneTime: Uint8Array | null },
): Agreement {
  const { ephemeral, prekey, oneTime } = keys;
  const shared = [
    exchange(prekey, x25519Of(peer)),
    exchange(own.exchangeSecret, ephemeral),
    exchange(prekey, ephemeral),
    ...(oneTime === null ? [] : [exchange(oneTime, ephemeral)]),
  ];
  return agreement(peer, own.id, ephemeral, shared);
}

function agreement(initiator: PeerId, responder: PeerId, ephemeral: Uint8Array, shared: readonly Bytes[]): Agreement {
  return {
    session: sha256(join(X3DH, initiator.key, responder.key, ephemeral)).slice(0, SESSION_ID_BYTES),
    secret: deriveKey(concat(FIRST, ...shared), { salt: ZEROS, info: X3DH }),
    associated: join(X3DH, initiator.key, responder.key),
  };
}
