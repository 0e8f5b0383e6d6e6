/** Why something that we sent was not taken: in one word, the same as on the command line, and as an error. */

import type { ErrorCode } from "../error-table.ts";
import { WherryError } from "../errors.ts";
import { Reason } from "./packets.ts";

const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(Reason).map(([name, reason]) => [reason, name.toLowerCase()]),
);

/** A reason of a later version is a refusal. */
export function reasonWord(reason: number): string {
  return WORDS.get(reason) ?? "refused";
}

const CODES: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [Reason.EXPIRED, "MESSAGE_EXPIRED"],
  [Reason.OLD_ADDRESS, "OLD_ADDRESS"],
  [Reason.FULL, "PEER_FULL"],
  [Reason.MALFORMED, "VERSION_MISMATCH"],
  [Reason.WITHDRAWN, "MESSAGE_WITHDRAWN"],
  [Reason.UNSUPPORTED, "UNSUPPORTED"],
]);

/** The error that a void's reason stands for. */
export function failureOf(reason: number, peer: string): WherryError {
  return new WherryError(CODES.get(reason) ?? "REFUSED_BY_PEER", "", { peer });
}
