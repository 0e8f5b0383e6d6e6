/**
 * What two ends say to each other about a session. A core.
 *
 * It is asked for and accepted by an invitation, under the session's name with a prefix:
 *
 *     request    [[[name of a stream, datagrams (bool)]…] (1 … 16), data ≤ 7 KiB]
 *     accept     [token 16, data ≤ 7 KiB]                              the reply's data
 *
 * Who asked then opens, on one connection, a stream or a flow of datagrams for each of them, and a stream that speaks
 * for all:
 *
 *     /wherry/session-stream/1    one of them; it carries the application's bytes and nothing else
 *     /wherry/session/1           → length u16 BE ‖ [token, [[name, number of its stream on this connection]…]]
 *                                 ← 0x01 once all of them are there: the session has started
 *
 * After that nothing is said on it. Its FIN is the session's good end; its RESET is the session's failure, with the code
 * of whatever failed (connection/codes.ts).
 */

import type { StreamSpec } from "../asking.ts";
import { type Bytes, bigEndian, concat } from "../bytes.ts";
import { WherryError } from "../errors.ts";
import { isShown } from "../names.ts";
import { bytes, count, fields, flag, list, orElse, read, text, tuple, write } from "../shape.ts";
import { DATA_BYTES, OPENING_BYTES, STREAMS, STREAM_NAME_LENGTH, TOKEN_BYTES } from "./limits.ts";

export const CONTROL_STREAM = "/wherry/session/1";
export const SESSION_STREAM = "/wherry/session-stream/1";
export const STARTED = 1;

/** Which streams are asked for, and what is said with it. */
export interface Asked {
  readonly streams: readonly Required<StreamSpec>[];
  readonly data: Bytes;
}

export interface Accept {
  readonly token: Bytes;
  readonly data: Bytes;
}

/** The first words on a control stream: whose session it is, and which streams are in it. */
export interface Opening {
  readonly token: Bytes;
  readonly numbers: readonly { readonly name: string; readonly number: number }[];
}

const name = text(STREAM_NAME_LENGTH, 1);
const data = orElse(bytes(0, DATA_BYTES), new Uint8Array());
const token = bytes(TOKEN_BYTES);
const REQUEST = fields<Asked>({ streams: list(tuple<Required<StreamSpec>>({ name, datagrams: flag }), STREAMS, 1), data });
const ACCEPT = fields<Accept>({ token, data });
const OPENING = fields<Opening>({ token, numbers: list(tuple<Opening["numbers"][number]>({ name, number: count() }), STREAMS) });

/** @throws WherryError BAD_REQUEST if there are no streams or too many, names twice or unusable, or too much data. */
export function encodeRequest(streams: readonly StreamSpec[], data: Uint8Array): Bytes {
  if (streams.length === 0 || streams.length > STREAMS) {
    throw new WherryError("BAD_REQUEST", `${streams.length} streams`, { hint: `A session has 1 to ${STREAMS}.` });
  }
  const fault = faultOf(streams);
  if (fault !== null) {
    const hint = `Take 1 to ${STREAM_NAME_LENGTH} characters that can be shown, once each.`;
    throw new WherryError("BAD_REQUEST", fault, { hint });
  }
  const all = streams.map(({ name, datagrams = false }) => ({ name, datagrams }));
  return write(REQUEST, { streams: all, data: small(data) });
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeRequest(body: Uint8Array): Asked {
  const request = read(REQUEST, body, "no request for a session");
  const fault = faultOf(request.streams);
  if (fault !== null) throw new WherryError("MALFORMED", fault);
  return request;
}

/** @throws WherryError BAD_REQUEST if there is too much data. */
export function encodeAccept(token: Bytes, data: Uint8Array): Bytes {
  return write(ACCEPT, { token, data: small(data) });
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeAccept(body: Uint8Array): Accept {
  return read(ACCEPT, body, "no acceptance of a session");
}

/** The first words on a control stream, their length before them. */
export function encodeOpening(opening: Opening): Bytes {
  const body = write(OPENING, opening);
  return concat(bigEndian(body.length, 2), body);
}

/**
 * How many bytes follow the first two.
 * @throws WherryError MALFORMED if those are more than may be.
 */
export function openingSize(head: Uint8Array): number {
  const size = (head[0] ?? 0) * 256 + (head[1] ?? 0);
  if (size > OPENING_BYTES) throw new WherryError("MALFORMED", `a session that opens with ${size} bytes`);
  return size;
}

/** @throws WherryError MALFORMED if it is none. */
export function decodeOpening(body: Uint8Array): Opening {
  const opening = read(OPENING, body, "no opening of a session");
  if (hasTwice(opening.numbers)) throw new WherryError("MALFORMED", "a session with one name twice");
  return opening;
}

function faultOf(streams: readonly StreamSpec[]): string | null {
  if (hasTwice(streams)) return "one name for two streams";
  return streams.every(({ name }) => isShown(name, STREAM_NAME_LENGTH)) ? null : "a stream's name that is none";
}

function hasTwice(named: readonly { readonly name: string }[]): boolean {
  return new Set(named.map(({ name }) => name)).size < named.length;
}

function small(data: Uint8Array): Bytes {
  if (data.length <= DATA_BYTES) return new Uint8Array(data);
  throw new WherryError("BAD_REQUEST", `${data.length} bytes of data; ${DATA_BYTES} is the most`, {
    hint: "Put the rest into a stream.",
  });
}
