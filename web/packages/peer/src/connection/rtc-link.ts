/**
 * The engine on the browser's RTCPeerConnection (https://www.w3.org/TR/webrtc/). One link is one peer connection; its
 * SDP is never edited. Chromium may wait for ever for a dead STUN server, so an offer or answer goes out when
 * candidates have stopped coming, and later ones follow by themselves.
 */

import { WherryError } from "../errors.ts";
import { GATHER_MS, GATHER_QUIET_MS } from "../limits.ts";
import { Once } from "../tasks.ts";
import type { CandidatePair } from "../types.ts";
import { LINK_BUFFER_BYTES, MAX_PEER_LANES } from "./limits.ts";
import { type IceServer, LANE_LABEL, LANE_PROTOCOL, type Lane, type Link, type LinkStats } from "./link.ts";
import { RtcLane } from "./rtc-lane.ts";

/** Milliseconds for which late candidates are gathered into one signal. */
const BATCH_MS = 50;

/** @throws WherryError ENGINE_MISSING if the browser has no WebRTC, or it is switched off. */
export function makeRtcLink(servers: readonly IceServer[]): Link {
  if (typeof RTCPeerConnection === "undefined") {
    throw new WherryError("ENGINE_MISSING", "WebRTC is switched off in this browser", { hint: "Switch it on." });
  }
  return new RtcLink(servers);
}

class RtcLink implements Link {
  onLane = (_lane: Lane): void => undefined;
  onDrained = (): void => undefined;
  onClosed = (_error: WherryError): void => undefined;
  onCandidates = (_lines: readonly string[], _end: boolean): void => undefined;
  readonly control: RtcLane;
  readonly #pc: RTCPeerConnection;
  readonly #opened: Promise<void>;
  #fail: (error: WherryError) => void = () => undefined;
  /** Lanes that something may wait on. */
  readonly #busy = new Set<RtcLane>();
  /** Candidates that came before the description they belong to. */
  readonly #early: (string | null)[] = [];
  #peerLanes = 0;
  #over = false;

  constructor(servers: readonly IceServer[]) {
    const iceServers = servers.map(({ urls, user, credential }) => ({
      urls: [...urls],
      ...(user === "" ? {} : { username: user, credential }),
    }));
    this.#pc = new RTCPeerConnection({ iceServers });
    const channel = this.#pc.createDataChannel(LANE_LABEL, { protocol: LANE_PROTOCOL, negotiated: true, id: 0 });
    this.control = new RtcLane(channel, "control");
    this.#opened = new Promise((resolve, reject) => {
      channel.addEventListener("open", () => resolve());
      this.#fail = reject;
    });
    this.#opened.catch(() => undefined); // who waits for it hears it; nobody has to
    channel.addEventListener("close", () => this.#end(new WherryError("CONNECTION_LOST")));
    this.#pc.addEventListener("connectionstatechange", () => this.#changed());
    this.#pc.addEventListener("datachannel", (event) => this.#arrived(event.channel));
  }

  // -- offer and answer -----------------------------------------------------------------------------------------------

  async offer(): Promise<string> {
    return this.#describe(async () => this.#pc.setLocalDescription(await this.#pc.createOffer()));
  }

  async answer(offer: string): Promise<string> {
    return this.#describe(async () => {
      await this.#pc.setRemoteDescription({ type: "offer", sdp: offer });
      await this.#addEarly();
      await this.#pc.setLocalDescription(await this.#pc.createAnswer());
    });
  }

  async accept(answer: string): Promise<void> {
    try {
      await this.#pc.setRemoteDescription({ type: "answer", sdp: answer });
      await this.#addEarly();
    } catch (error) {
      throw WherryError.from(error, "NEGOTIATION_FAILED");
    }
  }

  async addCandidate(line: string | null): Promise<void> {
    if (this.#over) return;
    if (this.#pc.remoteDescription === null) {
      this.#early.push(line);
      return;
    }
    const candidate = line?.replace(/^a=/, "") ?? "";
    try {
      await this.#pc.addIceCandidate({ candidate, sdpMLineIndex: 0 });
    } catch (error) {
      throw WherryError.from(error, "NEGOTIATION_FAILED");
    }
  }

  async #addEarly(): Promise<void> {
    for (const line of this.#early.splice(0)) await this.addCandidate(line);
  }

  opened(): Promise<void> {
    return this.#opened;
  }

  async #describe(begin: () => Promise<void>): Promise<string> {
    const gathering = this.#gather();
    try {
      await begin();
    } catch (error) {
      gathering.cancel();
      throw WherryError.from(error, "NEGOTIATION_FAILED");
    }
    await gathering.quiet;
    if (this.#over) throw new WherryError("NEGOTIATION_FAILED", "the link was closed");
    return this.#pc.localDescription?.sdp ?? "";
  }

  /** Collect candidates: `quiet` resolves when the description may go, what comes later is told by `onCandidates`. */
  #gather(): { readonly quiet: Promise<void>; readonly cancel: () => void } {
    const pc = this.#pc;
    const quiet = new Once<void>();
    const late: string[] = [];
    let [timer, batch, anyLate] = [0, 0, false];
    const release = (): void => {
      clearTimeout(timer);
      clearTimeout(longest);
      quiet.resolve();
    };
    const longest = setTimeout(release, GATHER_MS);
    const flush = (end: boolean): void => {
      clearTimeout(batch);
      batch = 0;
      if (!this.#over) this.onCandidates(late.splice(0), end);
    };
    pc.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate === null || candidate.candidate === "") return;
      if (quiet.done) {
        anyLate = true;
        late.push(candidate.candidate);
        if (batch === 0) batch = Number(setTimeout(flush, BATCH_MS, false));
      } else {
        clearTimeout(timer);
        timer = Number(setTimeout(release, GATHER_QUIET_MS));
      }
    });
    pc.addEventListener("icegatheringstatechange", () => {
      if (pc.iceGatheringState !== "complete") return;
      if (anyLate) flush(true); // without late ones the description was whole, and an end says nothing new
      else release();
    });
    return { quiet: quiet.promise, cancel: release };
  }

  // -- what happens ---------------------------------------------------------------------------------------------------

  #changed(): void {
    const { connectionState, iceConnectionState } = this.#pc;
    if (connectionState !== "failed" && connectionState !== "closed") return;
    this.#end(new WherryError(iceConnectionState === "failed" ? "ICE_FAILED" : "NEGOTIATION_FAILED"));
  }

  #arrived(channel: RTCDataChannel): void {
    this.#peerLanes += 1;
    const isOurs = channel.label === LANE_LABEL && channel.protocol === LANE_PROTOCOL;
    if (!isOurs || this.#peerLanes > MAX_PEER_LANES) {
      this.#end(new WherryError("PROTOCOL_VIOLATION", "a data channel that is no lane"));
      return;
    }
    channel.addEventListener("close", () => {
      this.#peerLanes -= 1;
    });
    const reliable = channel.ordered && channel.maxRetransmits === null && channel.maxPacketLifeTime === null;
    this.onLane(new RtcLane(channel, reliable ? "stream" : "datagram"));
  }

  #end(error: WherryError): void {
    if (this.#over) return;
    this.close();
    this.#fail(error);
    this.onClosed(error);
  }

  close(): void {
    this.#over = true;
    this.#fail(new WherryError("CONNECTION_LOST", "the link was closed"));
    this.#pc.close();
  }

  // -- lanes ----------------------------------------------------------------------------------------------------------

  openLane(kind: "stream" | "datagram"): Lane {
    if (this.#over) throw new WherryError("CONNECTION_LOST", "the link is closed");
    const unreliable = kind === "datagram" ? { ordered: false, maxRetransmits: 0 } : {};
    return new RtcLane(this.#pc.createDataChannel(LANE_LABEL, { protocol: LANE_PROTOCOL, ...unreliable }), kind);
  }

  sent(lane: Lane): void {
    if (lane instanceof RtcLane) this.#busy.add(lane);
  }

  hasRoom(): boolean {
    let waiting = 0;
    for (const lane of this.#busy) {
      if (lane.buffered === 0 || !lane.open) this.#busy.delete(lane);
      else waiting += lane.buffered;
    }
    if (waiting < LINK_BUFFER_BYTES) return true;
    for (const lane of this.#busy) lane.watch(() => this.onDrained());
    return false;
  }

  // -- what is known --------------------------------------------------------------------------------------------------

  async stats(): Promise<LinkStats> {
    const report: ReadonlyMap<string, Stat> = this.#over ? new Map() : await this.#pc.getStats();
    const all = new Map(report);
    const transport = [...all.values()].find((stat) => stat.type === "transport");
    const pair =
      all.get(transport?.selectedCandidatePairId ?? "") ??
      [...all.values()].find((stat) => stat.type === "candidate-pair" && stat.nominated === true);
    const [local, remote] = [all.get(pair?.localCandidateId ?? ""), all.get(pair?.remoteCandidateId ?? "")];
    return {
      pair: pair === undefined ? null : pairOf(local, remote),
      rttMs: pair?.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
      bytesSent: pair?.bytesSent ?? 0,
      bytesReceived: pair?.bytesReceived ?? 0,
    };
  }
}

/** What is used of https://www.w3.org/TR/webrtc-stats/. */
interface Stat {
  readonly id: string;
  readonly type: string;
  readonly selectedCandidatePairId?: string;
  readonly nominated?: boolean;
  readonly localCandidateId?: string;
  readonly remoteCandidateId?: string;
  readonly currentRoundTripTime?: number;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  readonly address?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly candidateType?: string;
}

function pairOf(local: Stat | undefined, remote: Stat | undefined): CandidatePair {
  const shown = (stat: Stat | undefined): string => {
    const address = stat?.address ?? "";
    return `${address.includes(":") ? `[${address}]` : address === "" ? "hidden" : address}:${stat?.port ?? 0}`;
  };
  const protocol = local?.protocol === "tcp" || local?.protocol === "udp" ? local.protocol : "unknown";
  const [localKind, remoteKind] = [kindOf(local?.candidateType), kindOf(remote?.candidateType)];
  return { local: shown(local), remote: shown(remote), localKind, remoteKind, protocol };
}

function kindOf(type: string | undefined): CandidatePair["localKind"] {
  return type === "host" || type === "srflx" || type === "prflx" || type === "relay" ? type : "unknown";
}
