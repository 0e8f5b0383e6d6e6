/** From promises that reject to outcomes that say. */
import { WherryError } from "@wherry/peer";
import { done, type Outcome } from "./engine.ts";

/** Whatever rejects becomes an error as data: ours as it is, a browser's with its own words. */
export async function outcomeOf<Value>(work: Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, error: WherryError.from(error).info };
  }
}

/** The same where nobody needs what it resolves to. */
export async function nothing(work: Promise<unknown>): Promise<Outcome> {
  const outcome = await outcomeOf(work);
  return outcome.ok ? done : outcome;
}
