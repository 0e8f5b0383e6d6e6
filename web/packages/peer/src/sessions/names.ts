/** What sessions are called. */

import { WherryError } from "../errors.ts";
import { isShown } from "../names.ts";

/** Characters of a session's name: with our prefix it is an invitation's name. */
const NAME_LENGTH = 64;
const PREFIX = "session:";

/**
 * The name of the invitation that asks for sessions called `name`.
 * @throws WherryError BAD_REQUEST if it is empty, too long, or cannot be shown.
 */
export function invitationName(name: string): string {
  if (isShown(name, NAME_LENGTH)) return PREFIX + name;
  throw new WherryError("BAD_REQUEST", "that is no session's name", {
    hint: `Take 1 to ${NAME_LENGTH} characters that can be shown.`,
  });
}
