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
import { bytes, count, fields, optional, read, text, write } from "../shape.ts";

const REASON_LENGTH = 200;

/** What was answered, as far as Wherry says it. */
export const InvitationStatus = { OK: 0, DECLINED: 1, UNSUPPORTED: 2, FAILED: 3, APPLICATION: 64 } as const;

const data = optional(bytes(0, INVITATION_BYTES));
const INVITE = fields<{ name: string; data: Bytes | null }>({ name: text(NAME_LENGTH, 1), data });
const REPLY = fields<{ invitation: Bytes; status: number; reason: string | null; data: Bytes | null }>({
  invitation: bytes(16),
  status: count({ most: 255 }),
  reason: optional(text(REASON_LENGTH)),
  data,
});

export interface Invite {
  readonly name: string;
  readonly data: Bytes;
}

export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly data: Bytes;
}

/** @throws WherryError LIMIT_EXCEEDED if it is empty, too long, or cannot be shown. */
export function checkName(name: string): void {
  const { length } = Array.from(name);
  if (length > 0 && length <= NAME_LENGTH && isShown(name)) return;
  throw new WherryError("LIMIT_EXCEEDED", `'${oneLine(name)}' is no invitation's name`, {
    hint: `Take 1 to ${NAME_LENGTH} characters that can be shown.`,
  });
}

export function encodeInvite(name: string, body: Uint8Array): Bytes {
  checkName(name);
  return write(INVITE, { name, data: small(body) });
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeInvite(body: Bytes): Invite {
  const invite = read(INVITE, body, "no invitation");
  if (!isShown(invite.name)) throw new WherryError("MALFORMED", "an invitation under a name that cannot be shown");
  return { name: invite.name, data: invite.data ?? new Uint8Array() };
}

/** A reason that is too long is cut. */
export function encodeReply(invitation: Bytes, { status, reason, data }: Reply): Bytes {
  const line = Array.from(oneLine(reason)).slice(0, REASON_LENGTH).join("");
  return write(REPLY, { invitation, status: Math.min(255, Math.max(0, status)), reason: line, data: small(data) });
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeReply(body: Bytes): { readonly invitation: Bytes; readonly reply: Reply } {
  const { invitation, status, reason, data } = read(REPLY, body, "no reply to an invitation");
  return { invitation, reply: { status, reason: oneLine(reason ?? ""), data: data ?? new Uint8Array() } };
}

function isShown(name: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]/u.test(name);
}

function small(body: Uint8Array): Bytes {
  if (body.length <= INVITATION_BYTES) return new Uint8Array(body);
  throw new WherryError("LIMIT_EXCEEDED", `${body.length} bytes of data; ${INVITATION_BYTES} is the most`, {
    hint: "Put the rest into a stream or a file.",
  });
}
