/**
 * Codes in RESET, STOP and CLOSE frames, and the errors they stand for. Below 2^31 a code is the application's own and
 * comes out as `reason` of STREAM_RESET. From 2^31 on it is an error by its `wire` number, the same in every language.
 */

import type { ErrorCode } from "../error-table.ts";
import { WherryError, codeOfWire } from "../errors.ts";

/** The first code that is not the application's. */
export const RESERVED = 2 ** 31;
/** No error: closed in good order. */
export const DONE = 0;

const KNOWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "CONNECTION_LOST",
  "FLOW_VIOLATION",
  "LIMIT_EXCEEDED",
  "PEER_CLOSED",
  "PEER_RESTARTED",
  "PROTOCOL_VIOLATION",
  "STREAM_REFUSED",
  "UNSUPPORTED",
]);
/** What a peer says of its own policy reads here as its refusal. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["POLICY_REFUSED", "PEER_BANNED", "REFUSED_BY_PEER"]);

/** The code that stands for an error. */
export function codeFor(error: ErrorCode): number {
  const { wire } = new WherryError(error).kind;
  if (wire === null) throw new TypeError(`${error} has no number on the wire`);
  return RESERVED + wire;
}

/** The code by which the other side learns of `error`: DONE where it is nothing that it could be told. */
export function codeOf(error: WherryError): number {
  if (error.code === "STREAM_RESET") return error.reason;
  return error.kind.wire === null ? DONE : RESERVED + error.kind.wire;
}

/** The error that a stream ends with when `code` came in a RESET or STOP. */
export function errorFor(code: number, what = ""): WherryError {
  const reset = new WherryError("STREAM_RESET", what === "" ? `code ${code}` : what, { reason: code });
  const named = code < RESERVED ? null : codeOfWire(code - RESERVED);
  if (named === null) return reset;
  if (REFUSALS.has(named)) return new WherryError("REFUSED_BY_PEER", what);
  return KNOWN.has(named) ? new WherryError(named, what) : reset;
}
