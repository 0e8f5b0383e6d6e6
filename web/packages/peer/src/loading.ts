/** Gets what a tab does without at first; it is had from whoever served the page. */

import { WherryError } from "./errors.ts";
import type * as Later from "./later.ts";

/** @throws WherryError NO_NETWORK if whoever served the page is not there. */
export async function later(): Promise<typeof Later> {
  try {
    return await import("./later.ts");
  } catch (error) {
    throw WherryError.from(error, "NO_NETWORK");
  }
}
