/** One data channel of the browser's. */

import type { Bytes } from "../bytes.ts";
import type { Lane, LaneKind } from "./link.ts";

/** What comes before somebody listens: a frame or two that overtook the HELLO. */
const EARLY = 64;

export class RtcLane implements Lane {
  readonly kind: LaneKind;
  onOpen = (): void => undefined;
  onClosed = (): void => undefined;
  readonly #channel: RTCDataChannel;
  #onMessage: ((data: Bytes) => void) | null = null;
  #early: Bytes[] = [];

  constructor(channel: RTCDataChannel, kind: LaneKind) {
    this.#channel = channel;
    this.kind = kind;
    channel.binaryType = "arraybuffer";
    channel.addEventListener("open", () => this.onOpen());
    channel.addEventListener("close", () => this.onClosed());
    channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#receive(new Uint8Array(data));
      else channel.close(); // text is nothing that a peer sends
    });
  }

  set onMessage(take: (data: Bytes) => void) {
    this.#onMessage = take;
    const early = this.#early;
    this.#early = [];
    for (const data of early) take(data);
  }

  get open(): boolean {
    return this.#channel.readyState === "open";
  }

  get buffered(): number {
    return this.#channel.bufferedAmount;
  }

  /** Call `drained` once half of what waits has gone. */
  watch(drained: () => void): void {
    this.#channel.bufferedAmountLowThreshold = Math.floor(this.buffered / 2);
    this.#channel.onbufferedamountlow = drained;
  }

  send(data: Bytes): void {
    if (this.open) this.#channel.send(data);
  }

  close(): void {
    this.#channel.close();
  }

  #receive(data: Bytes): void {
    if (this.#onMessage !== null) this.#onMessage(data);
    else if (this.#early.length < EARLY) this.#early.push(data);
    else this.#channel.close();
  }
}
