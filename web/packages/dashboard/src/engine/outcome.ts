/** From promises that reject to outcomes that say. */
import { WherryError } from "@wherry/peer";
import type { Outcome } from "./engine.ts";

/** Whatever rejects becomes an error as data: ours as it is, a browser's with its own words. */
export async function outcomeOf<Value>(work: Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, error: WherryError.from(error).info };
  }
}
