/**
 * What an invitation and its reply say. A core.
 *
 *     invite   [name ≤ 80 characters, data ≤ 8 KiB]                                 the item's id is the invitation's
 *     reply    [invitation's id 16, status, reason ≤ 200 characters, data ≤ 8 KiB]
 *
 * Statuses 0 to 63 are Wherry's, from 64 on they are the application's own. A reason is cleaned to one line.
 */

import type { Bytes } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { oneLine } from "../friends/bodies.ts";
import { INVITATION_BYTES, NAME_LENGTH } from "../messages/limits.ts";
import { isShown } from "../names.ts";
import { bytes, count, fields, orElse, read, text, write } from "../shape.ts";

const REASON_LENGTH = 200;

/** What was answered, as far as Wherry says it. */
export const InvitationStatus = { OK: 0, DECLINED: 1, UNSUPPORTED: 2, FAILED: 3, APPLICATION: 64 } as const;

export interface Invite {
  readonly name: string;
  readonly data: Bytes;
}

export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly data: Bytes;
}

const data = orElse(bytes(0, INVITATION_BYTES), new Uint8Array());
const INVITE = fields<Invite>({ name: text(NAME_LENGTH, 1), data });
const REPLY = fields<Reply & { readonly invitation: Bytes }>({
  invitation: bytes(16),
  status: count({ most: 255 }),
  reason: orElse(text(REASON_LENGTH), ""),
  data,
});

/** @throws WherryError BAD_REQUEST if it is empty, too long, or cannot be shown. */
export function checkName(name: string): void {
  if (isShown(name, NAME_LENGTH)) return;
  throw new WherryError("BAD_REQUEST", `'${oneLine(name)}' is no invitation's name`, {
    hint: `Take 1 to ${NAME_LENGTH} characters that can be shown.`,
  });
}

/** @throws WherryError BAD_REQUEST if the name is none, or the data too large. */
export function encodeInvite(name: string, body: Uint8Array): Bytes {
  checkName(name);
  return write(INVITE, { name, data: small(body) });
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeInvite(body: Bytes): Invite {
  const invite = read(INVITE, body, "no invitation");
  if (isShown(invite.name, NAME_LENGTH)) return invite;
  throw new WherryError("MALFORMED", "an invitation under a name that cannot be shown");
}

/**
 * A reason that is too long is cut.
 * @throws WherryError BAD_REQUEST if the status is none, or the data too large.
 */
export function encodeReply(invitation: Bytes, { status, reason, data }: Reply): Bytes {
  if (!Number.isInteger(status) || status < 0 || status > 255) {
    throw new WherryError("BAD_REQUEST", `${status} is no status`, { hint: "Take 0 to 255." });
  }
  const line = Array.from(oneLine(reason)).slice(0, REASON_LENGTH).join("");
  return write(REPLY, { invitation, status, reason: line, data: small(data) });
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeReply(body: Bytes): { readonly invitation: Bytes; readonly reply: Reply } {
  const { invitation, status, reason, data } = read(REPLY, body, "no reply to an invitation");
  return { invitation, reply: { status, reason: oneLine(reason), data } };
}

function small(body: Uint8Array): Bytes {
  if (body.length <= INVITATION_BYTES) return new Uint8Array(body);
  throw new WherryError("BAD_REQUEST", `${body.length} bytes of data; ${INVITATION_BYTES} is the most`, {
    hint: "Put the rest into a stream or a file.",
  });
}
