/** Why an answer is no yes, as an error. Its own module, since a page that asks nothing does without. */

import type { InvitationReply } from "../asking.ts";
import type { ErrorCode } from "../error-table.ts";
import { WherryError } from "../errors.ts";
import { InvitationStatus } from "./replies.ts";

const CODES: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [InvitationStatus.DECLINED, "REQUEST_DECLINED"],
  [InvitationStatus.UNSUPPORTED, "UNSUPPORTED"],
]);

/** The error that says it to people and programs; not thrown. */
export function refusalOf({ peer, status, reason }: InvitationReply): WherryError {
  return new WherryError(CODES.get(status) ?? "REFUSED_BY_PEER", reason === "" ? `status ${status}` : reason, { peer });
}
