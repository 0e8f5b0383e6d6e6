/** The table of states in words: the row's few, and the sentence on a peer's own page. */
import type { ConnectPhase, Link } from "../model/link.ts";
import { because } from "./because.ts";
import { moment } from "./units.ts";

/** Before this, "Connecting…" says enough; after it, people want to know what takes so long. Milliseconds. */
const PATIENCE = 3000;

const PHASES: Readonly<Record<ConnectPhase, string>> = {
  look_up: "looking up",
  ring: "ringing",
  open: "opening",
  again: "finding a new way",
};

/** What a row says, always, beside the glyph. */
export function linkWords(link: Link, who: string, now: number): string {
  switch (link.code) {
    case "direct_lan":
      return "Direct · same network";
    case "direct":
      return "Direct";
    case "relayed":
      return `Relayed${link.by === null ? "" : ` by ${link.by}`} · encrypted`;
    case "signaling":
      return `Slow way${link.by === null ? "" : ` through ${link.by}`} · encrypted`;
    case "connecting":
      return now - link.since < PATIENCE && link.phase !== "again" ? "Connecting…" : `Connecting: ${PHASES[link.phase]}…`;
    case "waiting":
      return link.seen === null ? "Not here" : `Not here since ${moment(link.seen, now)}`;
    case "unreachable":
      return link.error === null ? "Cannot connect" : `Cannot connect: ${because(link.error, who).short}`;
    case "self_offline":
      return link.node === true ? "The node stopped" : "You are offline";
    case "known":
      return "Not connected";
  }
}

/** What the peer's page says about it: what it means, and what can be done. */
export function linkSentence(link: Link, who: string, now: number): { sentence: string; advice: string } {
  switch (link.code) {
    case "direct_lan":
      return { sentence: `You and ${who} are on the same network. Nobody is in between.`, advice: "" };
    case "direct":
      return { sentence: `Bytes go straight to ${who}. Nobody is in between.`, advice: "" };
    case "relayed":
      return {
        sentence: `${link.by ?? "A relay"} passes on what you and ${who} say, encrypted, and cannot read it.`,
        advice: "Nothing to do. A direct way would be faster.",
      };
    case "signaling":
      return {
        sentence: `Only web traffic passes here, so ${link.by ?? "an introducer"} carries every byte. Slow, and encrypted.`,
        advice: "Another network may allow a direct way.",
      };
    case "connecting":
      return { sentence: CONNECTING[link.phase](who), advice: "" };
    case "waiting":
      return {
        sentence:
          link.seen === null ? `${who} is not here now.` : `${who} was last here ${when(link.seen, now)}.`,
        advice: "Try again when both of you are here.",
      };
    case "unreachable":
      return link.error === null
        ? { sentence: `There is no way to ${who} now.`, advice: "Try again in a minute." }
        : because(link.error, who);
    case "self_offline":
      return link.node === true
        ? { sentence: `${who} can be reached once your node runs again.`, advice: "Start it with “wherry up”." }
        : { sentence: `${who} can be reached once you are back.`, advice: "Wherry goes on by itself when there is a network." };
    case "known":
      return { sentence: `Connecting tells ${who} your id, your name and your network address.`, advice: "" };
  }
}

/** `at 14:02`, `on 2 Dec 14:02` */
const when = (time: number, now: number): string =>
  `${new Date(time).toDateString() === new Date(now).toDateString() ? "at" : "on"} ${moment(time, now)}`;

const CONNECTING: Readonly<Record<ConnectPhase, (who: string) => string>> = {
  look_up: (who) => `Asking introducers where ${who} is.`,
  ring: (who) => `Ringing: the places that know ${who} pass your offer on, sealed.`,
  open: (who) => `${who} has answered. Trying the paths between the two networks.`,
  again: (who) => `The path to ${who} broke. Finding a new one; what is open stays open.`,
};
