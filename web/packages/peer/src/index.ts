/** A Wherry peer for a browser tab: own key, own signed record, reachable by anybody, no server of its own. */

export type {
  Invitation,
  InvitationAnswer,
  InvitationHandler,
  InvitationPolicy,
  InvitationReply,
  Invitations,
  PeerSession,
  SessionHandler,
  SessionOptions,
  SessionRequest,
  Sessions,
  StreamSpec,
} from "./asking.ts";
export { eraseBrowser } from "./erase.ts";
export { WherryError } from "./errors.ts";
export type { ErrorCode } from "./error-table.ts";
export { MemoryStore } from "./keystore.ts";
export type { Kept, Store } from "./keystore.ts";
export { ECHO_STREAM } from "./network.ts";
export { WherryPeer } from "./peer.ts";
export type { StartOptions } from "./peer.ts";
export { isProfile } from "./profile/magic.ts";
export type {
  CandidatePair,
  ConnectionState,
  ErrorInfo,
  Friend,
  Friends,
  FriendshipState,
  IntroducerState,
  LabelledAddress,
  Message,
  Messages,
  MessageState,
  OnProgress,
  Page,
  ParsedWho,
  PathCode,
  Peer,
  PeerDatagrams,
  PeerEvent,
  PeerState,
  PeerStream,
  PingReply,
  Presence,
  Profile,
  Reachability,
  SeenPeer,
  StreamHandler,
  StreamPolicy,
  StreamState,
  TheirPresence,
  Trace,
  TraceEntry,
} from "./types.ts";
