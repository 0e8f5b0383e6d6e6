/**
 * The client's half of a signaling socket's handshake, and the cipher after it: a core without I/O. SIGMA-like
 * (Krawczyk, 2003): both sides bring a fresh X25519 key and a nonce, and sign everything that was said:
 *
 *     client                                                     endpoint
 *        hello   role, key, ephemeral, nonce, dialled       →
 *                                                           ←    welcome  key, ephemeral, nonce, signature
 *        prove   signature            (first sealed frame)  →
 *
 *     transcript = join(version, role, features c, features s, key c, key s, ephemeral c, ephemeral s,
 *                       nonce c, nonce s, dialled)               numbers as u64 big-endian
 *     signed     = join(domain of the side, the other side's key, SHA-256(transcript))
 *     keys       = HKDF-SHA-256(X25519, salt = SHA-256(transcript), info = domain), 64 bytes: c → s, then s → c
 *
 * Every frame from then on is XChaCha20-Poly1305 with a counter for each direction (u64 big-endian, then 16 zeros) as
 * its nonce: what is injected, repeated, reordered or left out ends the socket.
 */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { type Bytes, bigEndian, concat, equal } from "./bytes.ts";
import { HANDSHAKE_CLIENT, HANDSHAKE_SERVER, NOBODY, SESSION_KEYS, join } from "./domains.ts";
import { WherryError } from "./errors.ts";
import { type Identity, deriveKey, exchange, sha256, verify, x25519Public } from "./identity.ts";
import { PeerId } from "./peer-id.ts";
import {
  type Frame,
  type FrameOf,
  type Role,
  Status,
  type UnknownFrame,
  VERSION,
  decodeFrame,
  encodeFrame,
} from "./wire.ts";

/** One session's two keys and two counters. */
export class Cipher {
  readonly #outKey: Bytes;
  readonly #inKey: Bytes;
  #outCount = 0;
  #inCount = 0;

  constructor(outKey: Bytes, inKey: Bytes) {
    this.#outKey = outKey;
    this.#inKey = inKey;
  }

  /** The next frame to send. */
  seal(frame: Uint8Array): Bytes {
    return new Uint8Array(xchacha20poly1305(this.#outKey, nonce(this.#outCount++)).encrypt(frame));
  }

  /**
   * The next frame received.
   * @throws WherryError HANDSHAKE_FAILED if it is not the very next one the other side sealed.
   */
  open(data: Uint8Array): Bytes {
    try {
      return new Uint8Array(xchacha20poly1305(this.#inKey, nonce(this.#inCount++)).decrypt(data));
    } catch (error) {
      throw new WherryError("HANDSHAKE_FAILED", "a frame was injected, repeated or left out", { cause: error });
    }
  }
}

/** A handshake that is done: whom we speak with, and the cipher. */
export interface Session {
  readonly peer: PeerId;
  readonly features: number;
  readonly cipher: Cipher;
}

export interface HandshakeOptions {
  readonly role: Role;
  /** 32 fresh random bytes each. */
  readonly secret: Bytes;
  readonly nonce: Bytes;
  /** Whom it must be, or null to learn it from the answer. */
  readonly dialled: PeerId | null;
  readonly features?: number;
  readonly host?: string;
}

export class ClientHandshake {
  readonly #identity: Identity;
  readonly #options: HandshakeOptions;
  readonly #hello: FrameOf<"hello">;

  constructor(identity: Identity, options: HandshakeOptions) {
    this.#identity = identity;
    this.#options = options;
    this.#hello = {
      kind: "hello",
      version: VERSION,
      role: options.role,
      key: identity.id.key,
      ephemeral: x25519Public(options.secret),
      nonce: options.nonce,
      dialled: options.dialled?.key ?? NOBODY,
      features: options.features ?? 0,
      host: options.host ?? "",
    };
  }

  /** The first frame. */
  hello(): Bytes {
    return encodeFrame(this.#hello);
  }

  /**
   * Take the endpoint's answer; returns the session, and the frame that proves who we are.
   * @throws WherryError WRONG_PEER if somebody else answers than was dialled.
   * @throws WherryError VERSION_MISMATCH if the endpoint speaks another major version.
   * @throws WherryError QUOTA if it has no room for us.
   * @throws WherryError HANDSHAKE_FAILED if it refused us otherwise, or the signature does not hold.
   */
  receive(data: Uint8Array): { readonly session: Session; readonly prove: Bytes } {
    const hello = this.#hello;
    const { dialled } = this.#options;
    const welcome = expectWelcome(data, dialled);
    if (welcome.version !== hello.version) {
      throw new WherryError("VERSION_MISMATCH", `the endpoint speaks version ${welcome.version}, we speak ${VERSION}`);
    }
    if (dialled !== null && !equal(welcome.key, dialled.key)) {
      throw new WherryError("WRONG_PEER", `${nameOf(welcome.key)} answered`, { peer: String(dialled) });
    }
    const digest = digestOf(hello, welcome);
    const { peer, keys } = this.#proved(welcome, digest);
    const cipher = new Cipher(keys.slice(0, 32), keys.slice(32));
    const signature = this.#identity.sign(HANDSHAKE_CLIENT, peer.key, digest);
    const prove = cipher.seal(encodeFrame({ kind: "prove", signature }));
    return { session: { peer, features: welcome.features, cipher }, prove };
  }

  #proved(welcome: FrameOf<"welcome">, digest: Bytes): { peer: PeerId; keys: Bytes } {
    try {
      verify(welcome.key, HANDSHAKE_SERVER, this.#hello.key, digest, welcome.signature);
      const shared = exchange(this.#options.secret, welcome.ephemeral);
      const keys = deriveKey(shared, { salt: digest, info: SESSION_KEYS, length: 64 });
      return { peer: new PeerId(welcome.key), keys };
    } catch (error) {
      throw new WherryError("HANDSHAKE_FAILED", "the endpoint could not prove who it is", { cause: error });
    }
  }
}

/** What a refused handshake is here; any other status is HANDSHAKE_FAILED. */
const REFUSED = new Map<number, "VERSION_MISMATCH" | "WRONG_PEER" | "QUOTA">([
  [Status.VERSION, "VERSION_MISMATCH"],
  [Status.WRONG_PEER, "WRONG_PEER"],
  [Status.QUOTA, "QUOTA"],
]);

function expectWelcome(data: Uint8Array, dialled: PeerId | null): FrameOf<"welcome"> {
  const frame = frameOf(data);
  if (frame.kind === "refused") {
    const code = REFUSED.get(frame.status) ?? "HANDSHAKE_FAILED";
    if (code !== "WRONG_PEER") throw new WherryError(code, `refused: ${frame.text}`);
    if (dialled === null) throw new WherryError("HANDSHAKE_FAILED", "refused for whom we dialled, though we named nobody");
    throw new WherryError(code, `refused: ${frame.text}`, { peer: String(dialled) });
  }
  if (frame.kind !== "welcome") {
    throw new WherryError("HANDSHAKE_FAILED", `a ${frame.kind} came where a welcome belongs`);
  }
  return frame;
}

function frameOf(data: Uint8Array): Frame | UnknownFrame {
  try {
    return decodeFrame(data);
  } catch (error) {
    const detail = "it is no Wherry endpoint, or somebody in between tampers";
    throw new WherryError("HANDSHAKE_FAILED", detail, { cause: error });
  }
}

/** SHA-256 of the transcript: all that both sides said. */
export function digestOf(hello: FrameOf<"hello">, welcome: Omit<FrameOf<"welcome">, "signature">): Bytes {
  const numbers = [hello.version, hello.role, hello.features, welcome.features];
  return sha256(
    join(
      ...numbers.map((number) => bigEndian(number, 8)),
      hello.key,
      welcome.key,
      hello.ephemeral,
      welcome.ephemeral,
      hello.nonce,
      welcome.nonce,
      hello.dialled,
    ),
  );
}

function nonce(counter: number): Bytes {
  return concat(bigEndian(counter, 8), new Uint8Array(16));
}

function nameOf(key: Bytes): string {
  try {
    return new PeerId(key).short;
  } catch {
    return "a dishonest key"; // what is wrong with it is no news to who dialled somebody else
  }
}
