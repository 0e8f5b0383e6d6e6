/** Why something that we sent was not taken, in one word: the same as on the command line and in the local API. */

import { Reason } from "./packets.ts";

const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(Reason).map(([name, reason]) => [reason, name.toLowerCase()]),
);

/** A reason of a later version is a refusal. */
export function reasonWord(reason: number): string {
  return WORDS.get(reason) ?? "refused";
}
