/** The engine seam: what a connection needs of a WebRTC stack, and nothing more. */

import type { Bytes } from "../bytes.ts";
import type { WherryError } from "../errors.ts";
import type { CandidatePair } from "../types.ts";

/** The label and the protocol of every lane but channel 0. */
export const LANE_LABEL = "w";
export const LANE_PROTOCOL = "wherry/1";

/** What a lane carries: channel 0, any other reliable ordered one, an unordered one without retransmission. */
export type LaneKind = "control" | "stream" | "datagram";

/** One data channel. A message that was sent arrives whole; on a reliable lane once and in order. */
export interface Lane {
  readonly kind: LaneKind;
  onMessage: (data: Bytes) => void;
  /** Called when a lane that was opened here can be sent on. */
  onOpen: () => void;
  /** Called once when the lane is closed, by either side or with its link. */
  onClosed: () => void;
  /** Whether it can be sent on. */
  readonly open: boolean;
  /** Bytes given to `send` that wait in the engine. */
  readonly buffered: number;
  /** Send one message; on a closed lane it goes nowhere, and `onClosed` has said so or will. */
  send(data: Bytes): void;
  /** Close it; what was sent still goes out. */
  close(): void;
}

/** What offer and answer have agreed on, and HELLO must confirm. */
export interface Greeting {
  readonly attempt: Bytes;
  readonly answer: Bytes;
  /** The peer's instance id, from its signed offer or answer. */
  readonly instance: Bytes;
}

/** What is known of a link's path. */
export interface LinkStats {
  readonly pair: CandidatePair | null;
  readonly rttMs: number | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** One peer connection. The owner sets the callbacks before it calls anything else. */
export interface Link {
  onLane: (lane: Lane) => void;
  /** Called when what waits in the engine, over all lanes, has fallen enough for more. */
  onDrained: () => void;
  /** Called once when the link is no more, unless `close` was called. */
  onClosed: (error: WherryError) => void;
  /** Candidates found after the offer or answer was made; null ends them. */
  onCandidates: (lines: readonly string[], end: boolean) => void;
  /** Channel 0, negotiated, reliable; there before the link is open. */
  readonly control: Lane;
  /** Whether more may be given to the engine; if not, `onDrained` is called once it may. */
  hasRoom(): boolean;
  /** Something was sent on `lane`. */
  sent(lane: Lane): void;
  /** Gather candidates and make an offer. */
  offer(): Promise<string>;
  /** @throws WherryError NEGOTIATION_FAILED if the offer is no usable SDP. */
  answer(offer: string): Promise<string>;
  /** @throws WherryError NEGOTIATION_FAILED if the answer is no usable SDP. */
  accept(answer: string): Promise<void>;
  /** A candidate that came later (`candidate:…`), or null for the end of them. */
  addCandidate(line: string | null): Promise<void>;
  /** @throws WherryError ICE_FAILED if no path works. */
  opened(): Promise<void>;
  openLane(kind: "stream" | "datagram"): Lane;
  stats(): Promise<LinkStats>;
  close(): void;
}

/** A STUN or TURN server, always a peer's own. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly user: string;
  readonly credential: string;
}

export type MakeLink = (servers: readonly IceServer[]) => Link;
