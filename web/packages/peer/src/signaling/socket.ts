/** A WebSocket to a signaling endpoint with its handshake done: typed frames both ways, sealed in order. */

import { type Random, random as browserRandom } from "../bytes.ts";
import type { EndpointAddress } from "../endpoints.ts";
import { WherryError } from "../errors.ts";
import { type Cipher, ClientHandshake } from "../handshake.ts";
import type { Identity } from "../identity.ts";
import { CONNECT_MS, HANDSHAKE_MS, OUTBOX_BYTES } from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import { Once, within } from "../tasks.ts";
import { type Frame, type Role, type UnknownFrame, decodeFrame, encodeFrame } from "../wire.ts";

const SUBPROTOCOL = "wherry.signal.1";

export interface OpenOptions {
  readonly address: EndpointAddress;
  readonly identity: Identity;
  readonly role: Role;
  readonly random?: Random;
}

/**
 * Open a socket to the endpoint at `address`; if the address names a peer, it is that one.
 * @throws WherryError ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT, WRONG_PEER, VERSION_MISMATCH or HANDSHAKE_FAILED.
 */
export async function openSocket(options: OpenOptions): Promise<SignalSocket> {
  const { address, identity, role, random = browserRandom } = options;
  const raw = new RawSocket(address);
  try {
    await within(CONNECT_MS, raw.opened, "ENDPOINT_UNREACHABLE", `${address.authority} did not answer`);
    const { host, peer: dialled } = address;
    const handshake = new ClientHandshake(identity, { role, secret: random(32), nonce: random(32), dialled, host });
    raw.send(handshake.hello());
    const welcome = await within(HANDSHAKE_MS, raw.first, "ENDPOINT_TIMEOUT", "the handshake took too long");
    const { session, prove } = handshake.receive(welcome);
    raw.send(prove);
    return new SignalSocket(raw, session.peer, session.cipher);
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** Frames on an open socket. Set `onFrame` at once: what comes is not kept. */
export class SignalSocket {
  readonly peer: PeerId;
  onFrame: (frame: Frame | UnknownFrame) => void = () => undefined;
  /** Why it ended, once it has. */
  readonly ended: Promise<WherryError>;
  readonly #raw: RawSocket;
  readonly #cipher: Cipher;

  constructor(raw: RawSocket, peer: PeerId, cipher: Cipher) {
    this.#raw = raw;
    this.peer = peer;
    this.#cipher = cipher;
    this.ended = raw.ended;
    raw.onMessage = (data) => this.#receive(data);
  }

  /** False if too much waits already. */
  send(frame: Frame): boolean {
    if (this.#raw.waiting > OUTBOX_BYTES) return false;
    this.#raw.send(this.#cipher.seal(encodeFrame(frame)));
    return true;
  }

  close(why = new WherryError("ENDPOINT_LOST", "closed")): void {
    this.#raw.close(why);
  }

  #receive(data: Uint8Array): void {
    try {
      this.onFrame(decodeFrame(this.#cipher.open(data)));
    } catch (error) {
      this.#raw.close(WherryError.from(error, "ENDPOINT_LOST"));
    }
  }
}

/** The browser's WebSocket: its events as promises, its failures as our errors. */
class RawSocket {
  readonly opened: Promise<void>;
  /** The first message, before `onMessage` is set. */
  readonly first: Promise<Uint8Array<ArrayBuffer>>;
  onMessage: ((data: Uint8Array<ArrayBuffer>) => void) | null = null;
  readonly ended: Promise<WherryError>;
  readonly #end = new Once<WherryError>();
  readonly #socket: WebSocket;

  constructor(address: EndpointAddress) {
    this.ended = this.#end.promise;
    const [opened, first] = [new Once<void>(), new Once<Uint8Array<ArrayBuffer>>()];
    this.opened = opened.promise;
    this.first = first.promise;
    this.#socket = newWebSocket(address);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => opened.resolve());
    this.#socket.addEventListener("close", () => {
      opened.reject(new WherryError("ENDPOINT_UNREACHABLE", `nothing answers at ${address.authority}`));
      first.reject(new WherryError("HANDSHAKE_FAILED", "the endpoint hung up"));
      this.#end.resolve(new WherryError("ENDPOINT_LOST"));
    });
    this.#socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) this.close(new WherryError("MALFORMED", "text where a frame belongs"));
      else if (this.onMessage === null) first.resolve(new Uint8Array(data));
      else this.onMessage(new Uint8Array(data));
    });
  }

  get waiting(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  close(why = new WherryError("ENDPOINT_LOST", "closed")): void {
    this.#end.resolve(why);
    this.onMessage = () => undefined;
    this.#socket.close();
  }
}

/** An https page may not open `ws://`: the browser throws at once. */
function newWebSocket(address: EndpointAddress): WebSocket {
  try {
    return new WebSocket(address.url, SUBPROTOCOL);
  } catch (error) {
    const detail = `the browser opens no socket to ${address.authority}`;
    throw new WherryError("ENDPOINT_UNREACHABLE", detail, { cause: error });
  }
}
