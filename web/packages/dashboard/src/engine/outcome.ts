/** From promises that reject to outcomes that say. */
import { WherryError } from "@wherry/peer";
import { done, type ErrorInfo, type Outcome } from "./engine.ts";

/** An error that a node told, or that is about the way to it: its codes are more than those of the tab's peer. */
export class ToldError extends Error {
  override readonly name = "ToldError";
  readonly info: ErrorInfo;

  constructor(info: ErrorInfo) {
    super(info.message);
    this.info = info;
  }
}

/** Whatever rejects becomes an error as data: ours as it is, a browser's with its own words. */
export async function outcomeOf<Value>(work: Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, error: infoOf(error) };
  }
}

export const infoOf = (error: unknown): ErrorInfo => (error instanceof ToldError ? error.info : WherryError.from(error).info);

/** The same where nobody needs what it resolves to. */
export async function nothing(work: Promise<unknown>): Promise<Outcome> {
  const outcome = await outcomeOf(work);
  return outcome.ok ? done : outcome;
}
