/** Opening what was accepted: every stream, then the one that speaks for all. */

import type { StreamSpec } from "../asking.ts";
import type { Bytes } from "../bytes.ts";
import type { Connection } from "../connection/connection.ts";
import { WherryError } from "../errors.ts";
import type { Flow, SessionParts } from "./session.ts";
import { CONTROL_STREAM, SESSION_STREAM, STARTED, encodeOpening } from "./wire.ts";

/** Waits for something, for as long as the session may take to open. */
export type InTime = <T>(work: Promise<T>) => Promise<T>;

/**
 * Open all streams on a connection; resolves once the other end has them.
 * @throws WherryError STREAM_REFUSED, PEER_CLOSED, or what `inTime` does; nothing is left open then.
 */
export async function openAll(
  connection: Connection,
  streams: readonly StreamSpec[],
  token: Bytes,
  inTime: InTime,
): Promise<Pick<SessionParts, "flows" | "control">> {
  const opened: Flow[] = [];
  const add = <F extends Flow>(flow: F): F => {
    opened.push(flow);
    return flow;
  };
  try {
    const flows = new Map<string, Flow>();
    for (const { name, datagrams = false } of streams) {
      flows.set(name, add(datagrams ? connection.openDatagrams(SESSION_STREAM) : connection.openStream(SESSION_STREAM)));
    }
    const control = add(connection.openStream(CONTROL_STREAM));
    const numbers = Array.from(flows, ([name, { number }]) => ({ name, number }));
    await inTime(control.write(encodeOpening({ token, numbers })));
    const first = await inTime(control.readExactly(1));
    if (first === null) throw new WherryError("PEER_CLOSED", "the peer ended the session before it began");
    if (first[0] !== STARTED) throw new WherryError("PROTOCOL_VIOLATION", "a session that starts with something else");
    return { flows, control };
  } catch (error) {
    for (const flow of opened) flow.fail(WherryError.from(error));
    throw error;
  }
}
