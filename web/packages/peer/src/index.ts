/** A Wherry peer for a browser tab: own key, own signed record, reachable by anybody, no server of its own. */

export { WherryError } from "./errors.ts";
export type { ErrorCode } from "./error-table.ts";
export type {
  CandidatePair,
  ConnectionState,
  ErrorInfo,
  IntroducerState,
  ParsedWho,
  PathCode,
  Peer,
  PeerDatagrams,
  PeerEvent,
  PeerState,
  PeerStream,
  PingReply,
  Reachability,
  SeenPeer,
  StreamHandler,
  StreamPolicy,
  StreamState,
  Trace,
  TraceEntry,
} from "./types.ts";
