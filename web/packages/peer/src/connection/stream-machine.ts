/**
 * One stream, without I/O: both directions, and the frames that they make.
 *
 * A reset ends both directions at once and wins over all: each side sends RESET once, with the final offset of what it
 * had sent, so that both agree on the credit that was used. A stop asks the other side to stop sending; it answers with
 * a FIN that is cut. A stream is over when both directions are finished and complete, or when RESET has gone both ways.
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { DONE, errorFor } from "./codes.ts";
import type { ConnectionCredit, SendCredit } from "./credit.ts";
import { type Frame, type Resume, encode } from "./frames.ts";
import { ReceiveSide } from "./receive-side.ts";
import { SendSide } from "./send-side.ts";

export interface StreamOptions {
  readonly number: number;
  /** Null while DATA has come and OPEN, on another lane, has not. */
  readonly name: string | null;
  readonly ours: boolean;
  readonly datagrams: boolean;
  readonly pool: ConnectionCredit;
  readonly credit: SendCredit;
  /** Takes a control frame for the active link; without one it may drop it: `resume` tells it all again. */
  readonly emit: (frame: Frame) => void;
  /** Called when something changed that the application may wait for. */
  readonly changed: (machine: StreamMachine) => void;
}

export class StreamMachine {
  readonly number: number;
  readonly ours: boolean;
  name: string | null;
  datagrams: boolean;
  readonly send: SendSide;
  readonly receive: ReceiveSide;
  /** Why reading and writing fail, once they do. */
  error: WherryError | null = null;
  /** Why writing fails although reading goes on: the peer asked us to stop. */
  sendError: WherryError | null = null;
  /** Whether the peer is known to know the stream. */
  confirmed: boolean;
  /** Whether DATA may go out on the active link: the peer has told where to go on. */
  resumed = true;
  /**
   * Whether this side's RESUME has gone out on the active link, or none is wanted. The peer may be opening the stream a
   * second time, and then wants one.
   */
  told: boolean;
  resetCode: number | null = null;
  resetReceived = false;
  stopCode: number | null = null;
  #emit: (frame: Frame) => void;
  readonly #changed: () => void;

  constructor({ number, name, ours, datagrams, pool, credit, emit, changed }: StreamOptions) {
    this.number = number;
    this.name = name;
    this.ours = ours;
    this.datagrams = datagrams;
    this.confirmed = !ours;
    this.told = ours;
    this.send = new SendSide(credit);
    this.receive = new ReceiveSide(pool);
    this.#emit = emit;
    this.#changed = () => changed(this);
  }

  /** Whether both sides are through with it. */
  get over(): boolean {
    if (this.resetCode !== null) return this.resetReceived;
    return this.send.state === "finished" && this.receive.state === "complete";
  }

  /** Whether `nextFrame` may have something. */
  get maySend(): boolean {
    return this.resumed && (this.send.hasMore || this.send.wantsFin);
  }

  // -- the application ------------------------------------------------------------------------------------------------

  /** @throws WherryError STREAM_CLOSED, or whatever ended the stream. */
  write(data: Uint8Array): void {
    this.checkWritable();
    this.send.write(data);
    this.#changed();
  }

  /** @throws WherryError what `write` would. */
  checkWritable(): void {
    const error = this.error ?? this.sendError;
    if (error !== null) throw error;
    if (this.send.state !== "ready") throw new WherryError("STREAM_CLOSED", "it was finished");
  }

  /** Up to `size` bytes; none if none wait. */
  read(size: number): Bytes {
    const data = this.receive.read(size);
    if (data.length === 0) return data;
    const { state, credit } = this.receive;
    const limit = state === "open" ? credit.update() : null;
    if (limit !== null) this.#emit({ kind: "limit", stream: this.number, limit, received: credit.received });
    this.#changed();
    return data;
  }

  /** Nothing more will be written; what was, is sent, then FIN. */
  finish(): void {
    this.send.move("finish");
    this.#changed();
  }

  /** Nothing more will be read; the peer is asked to stop. */
  stop(code: number): void {
    if (this.receive.state === "open" || this.receive.state === "ending") {
      this.stopCode = code;
      this.#emit({ kind: "stop", stream: this.number, code });
    }
    this.receive.move("stop");
    this.receive.drop();
    this.#changed();
  }

  /** End both directions now; `error` is what reading and writing throw from here on. */
  reset(code: number, error: WherryError): void {
    this.error ??= error;
    if (!this.over && this.resetCode === null) this.#sendReset(code);
    this.receive.drop();
    this.#changed();
  }

  /** End both directions without a frame: the other side of this stream is no more. */
  abandon(error: WherryError): void {
    if (this.over) return;
    this.error ??= error;
    this.#emit = () => undefined;
    this.resetCode = DONE;
    this.resetReceived = true;
    this.send.move("reset");
    this.receive.move("reset");
    this.send.drop();
    this.receive.drop();
    this.#changed();
  }

  #sendReset(code: number): void {
    this.resetCode = code;
    this.send.move("reset");
    this.receive.move("reset");
    this.send.drop();
    this.#emit({ kind: "reset", stream: this.number, code, final: this.send.highest, forgotten: false });
  }

  // -- the peer -------------------------------------------------------------------------------------------------------

  /** OPEN. Until it comes nothing may be said, or the peer would take the stream for known. */
  onOpen(open: Pick<StreamOptions, "emit" | "datagrams"> & { readonly name: string; readonly limit: number }): void {
    this.name = open.name;
    this.datagrams = open.datagrams;
    this.send.limit = Math.max(this.send.limit, open.limit);
    this.#emit = open.emit;
    this.#maybeComplete(true);
  }

  onData(offset: number, payload: Bytes): void {
    if (this.receive.data(offset, payload)) this.#changed();
    this.#maybeComplete(false);
  }

  /** FIN: on its lane it comes after the last DATA. */
  onFin(final: number, cut: boolean): void {
    const { state, credit } = this.receive;
    if (!cut && state !== "reset" && final !== credit.received) {
      throw violation(`FIN at ${final} after ${credit.received} bytes`);
    }
    this.#onFinal(final, cut);
  }

  #onFinal(final: number, cut: boolean): void {
    const { receive } = this;
    if (receive.state === "reset") return;
    if (cut && this.stopCode === null) throw violation("a stream was cut that nobody stopped");
    receive.endAt(final);
    receive.move("final");
    if (cut && receive.state === "stopped") receive.settle(final);
    this.#maybeComplete(true);
  }

  /** Acknowledge the end once everything is there, and again when the peer repeats it. */
  #maybeComplete(again: boolean): void {
    const { receive } = this;
    if (receive.final === null || receive.credit.received < receive.final || receive.state === "reset") return;
    if (!again && receive.state === "complete") return;
    receive.move("complete");
    receive.credit.seal();
    this.#emit({ kind: "finAck", stream: this.number, final: receive.final });
    this.#changed();
  }

  onStop(code: number): void {
    const { send } = this;
    if (send.state !== "ready" && (send.state !== "finishing" || send.cut || send.unsent === 0)) return;
    this.sendError = errorFor(code, "it stopped reading");
    send.move("stopped");
    send.cutOff();
    this.#changed();
  }

  onReset(code: number, final: number, forgotten: boolean): void {
    const { receive } = this;
    if (!forgotten) {
      receive.endAt(final);
      receive.settle(final);
    }
    this.resetReceived = true;
    this.error ??= errorFor(code);
    if (this.resetCode === null) this.#sendReset(code);
    receive.drop();
    receive.credit.seal();
    this.#changed();
  }

  onFinAck(final: number): void {
    const { send } = this;
    if (send.state === "ready" || (send.state !== "reset" && (final !== send.written || final > send.highest))) {
      throw violation(`FIN_ACK at ${final} of a stream that did not end there`);
    }
    send.move("acked");
    if (send.state === "finished") send.ackAll();
    this.#changed();
  }

  onLimit(limit: number, received: number): void {
    const { send } = this;
    this.#checkReceived(received);
    send.limit = Math.max(send.limit, limit);
    if ((send.state === "ready" || send.state === "finishing") && received <= send.sent) send.ack(received);
    this.#changed();
  }

  /** RESUME: where the peer is, on a new link. */
  onResume(resume: Resume): void {
    this.confirmed = true;
    this.#checkReceived(resume.received);
    const { send } = this;
    send.limit = Math.max(send.limit, resume.limit);
    if ((send.state === "ready" || send.state === "finishing") && !send.cut) send.rewind(resume.received);
    else if (send.cut) send.finSent = false;
    this.resumed = true;
    if (resume.reset !== null) this.onReset(resume.reset, resume.final ?? 0, false);
    else if (resume.final !== null) this.#onFinal(resume.final, resume.cut);
    if (resume.stop !== null) this.onStop(resume.stop);
    this.#changed();
  }

  #checkReceived(received: number): void {
    const { send } = this;
    if (received > send.highest) {
      throw violation(`${received} bytes of a stream received of which ${send.highest} were sent`);
    }
    if (received < send.acked && (send.state === "ready" || send.state === "finishing")) {
      throw violation(`${received} bytes of a stream received after ${send.acked}`);
    }
  }

  /** The RESUME to send on a new link. */
  resume(): Frame {
    const { send, receive } = this;
    const resume: Resume = {
      received: receive.credit.received,
      limit: receive.credit.limit,
      final: send.state === "reset" ? send.highest : send.final,
      cut: send.cut,
      reset: this.resetCode,
      stop: this.stopCode,
    };
    return { kind: "resume", stream: this.number, resume };
  }

  /** The next DATA or FIN, or null if there is none or it may not go. */
  nextFrame(): Bytes | null {
    const { send, number: stream } = this;
    if (!this.maySend) return null;
    const size = send.nextSize();
    if (size > 0) {
      const offset = send.sent;
      return encode({ kind: "data", stream, offset, payload: send.take(size) });
    }
    if (!send.wantsFin) return null;
    send.finSent = true;
    return encode({ kind: "fin", stream, final: send.written, cut: send.cut });
  }
}

function violation(detail: string): WherryError {
  return new WherryError("PROTOCOL_VIOLATION", detail);
}
