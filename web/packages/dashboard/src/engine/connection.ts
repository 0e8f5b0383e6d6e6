/** The states of a connection and of one's own reachability, as data; `words/` says them. */
import type { Time } from "./engine.ts";

/** Why something bad is so; each has a sentence and a next step in `words/because.ts`. */
export type Because =
  | { readonly reason: "no_record" }
  | { readonly reason: "introducers_gone"; readonly seen: Time | null }
  | { readonly reason: "no_udp"; readonly side: "here" | "there" }
  | { readonly reason: "both_symmetric" }
  | { readonly reason: "no_path" }
  | { readonly reason: "clock"; readonly minutes: number }
  | { readonly reason: "policy" }
  | { readonly reason: "version"; readonly newer: "here" | "there" }
  | { readonly reason: "no_webrtc" }
  | { readonly reason: "lan_silent" }
  | { readonly reason: "no_answer" }
  | { readonly reason: "other"; readonly code: string; readonly text: string; readonly hint: string };

/** One row of the table of states (page, CLI and API share the codes), and `known`: in the list, never dialled yet. */
export type ConnectionState =
  | { readonly code: "direct_lan" }
  | { readonly code: "direct" }
  | { readonly code: "relayed"; readonly by: string; readonly seeking: boolean }
  | { readonly code: "signaling"; readonly by: string }
  | { readonly code: "connecting"; readonly since: Time; readonly phase: ConnectPhase }
  | { readonly code: "waiting"; readonly seen: Time | null }
  | { readonly code: "unreachable"; readonly because: Because }
  | { readonly code: "self_offline" }
  | { readonly code: "known" };

export type StateCode = ConnectionState["code"];

export type ConnectPhase =
  | { readonly name: "looking_up" }
  | { readonly name: "ringing"; readonly tried: number; readonly of: number }
  | { readonly name: "opening" };

export const OPEN: ReadonlySet<StateCode> = new Set(["direct_lan", "direct", "relayed", "signaling"]);

/** Whether bytes can flow. */
export const isOpen = (state: ConnectionState): boolean => OPEN.has(state.code);

/** How others can reach us; `starting` before the first answer. */
export type Verdict =
  | { readonly code: "starting" }
  | { readonly code: "anywhere"; readonly through: number }
  | { readonly code: "network"; readonly through: number }
  | { readonly code: "outbound" }
  | { readonly code: "offline"; readonly why: "no_network" | "no_introducer" };
