/**
 * The way to a peer as the page says it: one row of the table of states. Derived here from the peer's snapshot, said in
 * `words/link.ts`, drawn in `ui/way.tsx`.
 */
import type { ConnectionState, ErrorInfo, PathCode, PeerState } from "@wherry/peer";

/** The codes are those of the command line and the API, and `known`: in the list, not dialled. */
export type Link =
  | { readonly code: "direct_lan" }
  | { readonly code: "direct" }
  | { readonly code: "relayed"; readonly by: string | null }
  | { readonly code: "signaling"; readonly by: string | null }
  | { readonly code: "connecting"; readonly since: number; readonly phase: ConnectPhase }
  | { readonly code: "waiting"; readonly seen: number | null }
  | { readonly code: "unreachable"; readonly error: ErrorInfo | null }
  /** `node`: it is not the network, but the node whose page this is that has gone. */
  | { readonly code: "self_offline"; readonly node?: true }
  | { readonly code: "known" };

export type LinkCode = PathCode | "known";
export type ConnectPhase = "look_up" | "ring" | "open" | "again";

const OPEN: ReadonlySet<LinkCode> = new Set<LinkCode>(["direct_lan", "direct", "relayed", "signaling"]);

/** While the node of this page does not run, nothing that was known of a way holds. */
export const NODE_GONE: Link = { code: "self_offline", node: true };

/** Whether bytes can flow. */
export const isOpen = (link: Link): boolean => OPEN.has(link.code);

/** How it stands with `id` in this snapshot. */
export function linkOf(peer: PeerState, id: string): Link {
  const connection = peer.connections.find((each) => each.peer === id);
  if (connection?.state === "open") return openLink(connection);
  if (peer.reachability.verdict === "offline") return { code: "self_offline" };
  if (connection === undefined) return { code: "known" };
  if (connection.state === "interrupted") return { code: "connecting", since: connection.since, phase: "again" };
  if (connection.state === "connecting") {
    return { code: "connecting", since: connection.since, phase: connection.phase ?? "look_up" };
  }
  return closedLink(peer, connection);
}

/** Waiting does not help against these: they have a because of their own. */
const FINAL: ReadonlySet<string> = new Set([
  "PEER_NOT_FOUND",
  "LOOK_UP_FAILED",
  "REFUSED_BY_PEER",
  "VERSION_MISMATCH",
  "ENGINE_MISSING",
  "CLOCK_WRONG",
]);

function openLink({ path }: ConnectionState): Link {
  if (path === "relayed" || path === "signaling") return { code: path, by: null };
  return { code: path === "direct_lan" ? "direct_lan" : "direct" };
}

/** Closed on purpose, or idle, is no failure: then it is as if it had never been dialled. */
function closedLink(peer: PeerState, { peer: id, path, error }: ConnectionState): Link {
  if (path === "self_offline") return { code: "self_offline" };
  const hopeless = error !== null && FINAL.has(error.code);
  if (path === "waiting" && !hopeless) return { code: "waiting", seen: peer.peers.find((each) => each.peer === id)?.seen ?? null };
  return error === null ? { code: "known" } : { code: "unreachable", error };
}
