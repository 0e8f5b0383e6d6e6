/** A few pings, one after the other, each line shown as it comes. */
import { WherryError, type Peer } from "@wherry/peer";
import type { PingLine, PingRun } from "./trials.ts";

/** As `wherry ping` does. */
export const PINGS = 4;

/** Milliseconds between two pings: slow enough to be read, well below what a peer answers in a second. */
export const PING_EVERY = 400;

export type Pause = (ms: number) => Promise<void>;

/** Ping `id` {@link PINGS} times; `show` gets the run so far after each. Never rejects: what fails is a line too. */
export async function runPings(peer: Pick<Peer, "ping">, id: string, show: (run: PingRun) => void, pause: Pause): Promise<void> {
  const lines: PingLine[] = [];
  show({ running: true, lines: [] });
  for (let n = 1; n <= PINGS; n += 1) {
    try {
      lines.push({ n, reply: await peer.ping(id), error: null });
    } catch (error) {
      lines.push({ n, reply: null, error: WherryError.from(error).info });
    }
    show({ running: n < PINGS, lines: [...lines] });
    if (n < PINGS) await pause(PING_EVERY);
  }
}
