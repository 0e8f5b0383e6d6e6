/**
 * All sessions with one peer. Either side may begin one at any time, both at once too; the one in which something was
 * last received is used for sending, so the two sides come to the same (Sesame's rule,
 * https://signal.org/docs/specifications/sesame/). A core; its state as bytes is what rests in the store.
 */

import { type Bytes, type Random, equal } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { type Identity, x25519Public } from "../identity.ts";
import type { Initial, Message, OneTime, Retry } from "../letters.ts";
import { SESSIONS } from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import { checkPrekey } from "../record.ts";
import { type Of, bytes, count, fields, list, maybe, read, tuple, write } from "../shape.ts";
import { RATCHET, answered, begun, decrypt, encrypt } from "./double-ratchet.ts";
import { initiate, respond } from "./x3dh.ts";

const VERSION = 1;

/** `initial` goes with what we send until the other has been heard; null in sessions that the other began. */
const SESSION = tuple({
  ratchet: RATCHET,
  initial: maybe(tuple<Initial>({ ephemeral: bytes(32), prekey: count(), oneTime: count() })),
});
type Session = Of<typeof SESSION>;
const STATE = fields<{ version: number; sessions: readonly Session[] }>({
  version: count({ least: VERSION, most: VERSION }),
  sessions: list(SESSION, SESSIONS),
});

/** The keys of a peer by which one begins: its signed prekey, and a one-time one if there is one. */
export interface Bundle {
  readonly prekey: { readonly id: number; readonly key: Bytes };
  readonly oneTime: OneTime | null;
}

/** Private halves of the prekeys that a message names, as far as they are still here. */
export interface PrekeySecrets {
  readonly prekey: Bytes | null;
  /** Null if the message names none. */
  readonly oneTime: Bytes | null;
}

export class Sessions {
  readonly #own: Identity;
  readonly #peer: PeerId;
  /** The one that is used for sending first. */
  #all: readonly Session[];

  constructor(own: Identity, peer: PeerId, state: Bytes | null = null) {
    this.#own = own;
    this.#peer = peer;
    this.#all = state === null ? [] : read(STATE, state, "the sessions in the store").sessions;
  }

  toBytes(): Bytes {
    return write(STATE, { version: VERSION, sessions: this.#all });
  }

  /** Whether nothing can be sent before a session is begun. */
  get needsBundle(): boolean {
    return this.#all.length === 0;
  }

  /** The session that is used for sending. */
  get current(): Bytes | null {
    return this.#all[0]?.ratchet.session ?? null;
  }

  /** Whether there is a session of this id. */
  has(session: Bytes): boolean {
    return this.#find(session) !== undefined;
  }

  /** Begin a session, by keys of the peer's whose signature was checked; it is the one we send in. */
  begin({ prekey, oneTime }: Bundle, random: Random): void {
    const ephemeral = random(32);
    const keys = { ephemeral, prekey: prekey.key, oneTime: oneTime?.key ?? null };
    const ratchet = begun(initiate(this.#own, this.#peer, keys), prekey.key, random);
    const initial = { ephemeral: x25519Public(ephemeral), prekey: prekey.id, oneTime: oneTime?.id ?? 0 };
    this.#first({ ratchet, initial });
  }

  /** @throws RangeError if there is no session: see `needsBundle`. */
  encrypt(plaintext: Bytes, random: Random): Message {
    const [session] = this.#all;
    if (session === undefined) throw new RangeError("no session was begun");
    const [ratchet, encrypted] = encrypt(session.ratchet, plaintext, random);
    this.#first({ ...session, ratchet });
    return { session: ratchet.session, initial: session.initial, ...encrypted };
  }

  /**
   * Open a message. What does not open changes nothing.
   * @param secrets - of the prekeys that `message.initial` names, where there is no such session yet
   * @throws WherryError CANNOT_OPEN if it is of no session that we have, damaged, replayed, or too far ahead.
   */
  decrypt(message: Message, secrets: PrekeySecrets, random: Random): Bytes {
    const [ratchet, plaintext] = this.#opened(message, secrets, random);
    this.#first({ ratchet, initial: null });
    return plaintext;
  }

  /**
   * The peer could not open what we sent: drop that session and begin anew. Whether it was the one we send in; else the
   * word is an old one, and nothing changes.
   * @throws WherryError BAD_SIGNATURE if the prekey in it is not the peer's.
   */
  retried({ session, prekey, oneTime }: Retry, random: Random): boolean {
    if (this.current === null || !equal(this.current, session)) return false;
    checkPrekey(this.#peer, prekey);
    this.#all = this.#all.slice(1);
    this.begin({ prekey, oneTime }, random);
    return true;
  }

  #opened(message: Message, secrets: PrekeySecrets, random: Random): ReturnType<typeof decrypt> {
    try {
      const session = this.#find(message.session) ?? this.#answer(message, secrets);
      return decrypt(session.ratchet, message, random);
    } catch (error) {
      if (!WherryError.is(error, "BAD_SIGNATURE")) throw error;
      throw new WherryError("CANNOT_OPEN", "a key in it is of small order", { cause: error });
    }
  }

  #answer({ session, initial }: Message, { prekey, oneTime }: PrekeySecrets): Session {
    if (initial === null) throw new WherryError("CANNOT_OPEN", "its session is unknown here");
    if (prekey === null || (oneTime === null) !== (initial.oneTime === 0)) {
      throw new WherryError("CANNOT_OPEN", "its prekey is here no more");
    }
    const agreement = respond(this.#own, this.#peer, { ephemeral: initial.ephemeral, prekey, oneTime });
    if (!equal(agreement.session, session)) throw new WherryError("CANNOT_OPEN", "it names another session");
    return { ratchet: answered(agreement, prekey), initial: null };
  }

  #find(session: Bytes): Session | undefined {
    return this.#all.find((one) => equal(one.ratchet.session, session));
  }

  #first(session: Session): void {
    const others = this.#all.filter((one) => !equal(one.ratchet.session, session.ratchet.session));
    this.#all = [session, ...others].slice(0, SESSIONS);
  }
}
