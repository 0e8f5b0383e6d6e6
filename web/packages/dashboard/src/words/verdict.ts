/** One's own reachability in words. */
import type { PeerState } from "@wherry/peer";
import { count } from "./units.ts";

export type VerdictCode = "starting" | "anywhere" | "network" | "outbound" | "offline";

export interface Verdict {
  readonly code: VerdictCode;
  readonly title: string;
  readonly because: string;
}

const TITLES: Readonly<Record<VerdictCode, string>> = {
  starting: "Finding somebody who introduces you…",
  anywhere: "Reachable from anywhere",
  network: "Reachable on this network only",
  outbound: "You can call others, nobody can call you",
  offline: "Offline",
};

/**
 * `online` is what the browser says of its network. It says no where there is only this computer, too: whoever is
 * reached all the same shows that it goes on. `gone`: the node of this page does not run, so what is known of it is old.
 */
export function verdictOf(peer: PeerState | null, online: boolean, gone = false): Verdict {
  if (gone) return { code: "offline", title: "The node stopped", because: "Nobody reaches you until it runs again." };
  if (!online && !isHeard(peer)) return { code: "offline", title: TITLES.offline, because: "This device has no network." };
  if (peer === null || peer.phase === "starting") return { code: "starting", title: TITLES.starting, because: "" };
  const { verdict } = peer.reachability;
  if (verdict === "offline" && isBeginning(peer)) return { code: "starting", title: TITLES.starting, because: "" };
  const through = peer.introducers.filter((each) => each.state === "reserved").length;
  const clause = peer.reachability.because || (through > 0 ? `through ${count(through, "introducer")}` : "");
  return { code: verdict, title: TITLES[verdict], because: sentence(clause) };
}

const isHeard = (peer: PeerState | null): boolean =>
  peer?.introducers.some((each) => each.state === "reserved") === true ||
  peer?.connections.some((each) => each.state === "open") === true;

/** The first introducer is still being asked: that is no bad news yet. */
const isBeginning = ({ introducers, published }: PeerState): boolean =>
  published === null && introducers.length > 0 && introducers.every((each) => each.state === "connecting");

const sentence = (clause: string): string =>
  clause === "" ? "" : `${clause.charAt(0).toUpperCase()}${clause.slice(1).replace(/\.$/, "")}.`;

/** The thin bar over everything; null while there is nothing to say. `waiting`: messages that go out later. */
export function barOf(peer: PeerState | null, online: boolean, waiting = 0): string | null {
  const wait = waiting === 0 ? "" : waiting === 1 ? " Your message waits." : ` Your ${waiting} messages wait.`;
  if (!online && !isHeard(peer)) return `No network.${wait} Wherry goes on by itself when there is one.`;
  if (peer?.phase === "running" && verdictOf(peer, online).code === "offline") {
    return `Nobody introduces you now.${wait} Trying again by itself; open connections stay.`;
  }
  return null;
}

/** Where the page belongs to a node, and that has gone. */
export function goneWords(retryAt: number, now: number): string {
  const seconds = Math.ceil((retryAt - now) / 1000);
  return `The node stopped. Start it with “wherry up”. Trying again ${seconds > 0 ? `in ${seconds} s` : "now"}.`;
}
