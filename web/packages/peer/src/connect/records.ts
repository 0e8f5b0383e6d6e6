/**
 * Where a peer is now: the newest record of it that anybody tells us. Records come with offers and pongs, and from
 * introducers, of which two in different networks are asked. Each is checked where it came in; the newest sequence
 * wins, whatever the source, and an older one never replaces a newer.
 */

import type { Bytes } from "../bytes.ts";
import { Purpose } from "../domains.ts";
import { WherryError } from "../errors.ts";
import { CLOCK_GRACE_S, FIND_MS, RECORDS, RECORD_FRESH_MS, SETTLE_MS } from "../limits.ts";
import type { PeerId } from "../peer-id.ts";
import { type PeerRecord, checkPeerRecord } from "../record.ts";
import { sleep } from "../tasks.ts";
import type { AttemptTrace } from "./trace.ts";

/** Somebody to ask, under a name for the trace. */
export interface Source {
  readonly name: string;
  readonly ask: (purpose: Purpose, peer: PeerId) => Promise<Bytes | null>;
}

interface Known {
  readonly record: PeerRecord;
  confirmedAt: number;
}

export class Records {
  readonly #known = new Map<string, Known>();
  readonly #sources: () => readonly Source[];
  readonly #now: () => number;

  /**
   * @param sources - whom to ask now
   * @param now - seconds since 1970 by network time
   */
  constructor(sources: () => readonly Source[], now: () => number) {
    this.#sources = sources;
    this.#now = now;
  }

  get(peer: PeerId): PeerRecord | null {
    return this.#known.get(String(peer))?.record ?? null;
  }

  /**
   * Remember a document that came from anywhere; returns the newest known record of its peer.
   * @throws WherryError MALFORMED, BAD_SIGNATURE or EXPIRED_DOCUMENT if it does not hold.
   */
  learn(document: Bytes, of: PeerId): PeerRecord {
    const { record } = checkPeerRecord(document, this.#now(), of);
    const key = String(of);
    const before = this.#known.get(key);
    const isOlder = before !== undefined && before.record.sequence > record.sequence;
    const newest = isOlder ? before : { record, confirmedAt: performance.now() };
    this.#known.delete(key);
    this.#known.set(key, newest);
    if (this.#known.size > RECORDS) this.#known.delete(this.#known.keys().next().value ?? "");
    return newest.record;
  }

  /** It led nowhere: ask again next time. */
  forget(peer: PeerId): void {
    const known = this.#known.get(String(peer));
    if (known !== undefined) known.confirmedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * The newest record of `peer`: from memory if it is fresh, else from every source at once. Resolves as soon as one
   * has answered with a record and the others have had a moment more, since the first is not always the newest.
   * @throws WherryError PEER_NOT_FOUND if no source knows one, and none is remembered.
   */
  async find(peer: PeerId, trace: AttemptTrace): Promise<PeerRecord> {
    const known = this.#known.get(String(peer));
    if (known !== undefined && performance.now() - known.confirmedAt < RECORD_FRESH_MS) {
      trace.add("look_up", "remembered", { ok: true, data: { sequence: known.record.sequence } });
      return known.record;
    }
    await this.#askAll(peer, trace);
    const record = this.get(peer);
    if (record === null || record.expires + CLOCK_GRACE_S < this.#now()) {
      trace.add("look_up", "not found", { ok: false });
      throw new WherryError("PEER_NOT_FOUND", `no record of ${peer.short} is to be had`, { peer: String(peer) });
    }
    const data = { sequence: record.sequence, introducers: record.introducers.length };
    trace.add("look_up", "found", { ok: true, data });
    return record;
  }

  /** As `find`, asking in any case; null where none is to be had. */
  async findAgain(peer: PeerId, trace: AttemptTrace): Promise<PeerRecord | null> {
    await this.#askAll(peer, trace);
    return this.get(peer);
  }

  async #askAll(peer: PeerId, trace: AttemptTrace): Promise<void> {
    const asked = this.#sources().map(async (source) => this.#ask(source, peer, trace));
    const all = Promise.all(asked).then(() => undefined);
    const found = asked.map(async (one) => ((await one) ? sleep(SETTLE_MS) : all));
    await Promise.race([...found, all, sleep(FIND_MS)]);
  }

  /** Whether `source` had a record that holds. */
  async #ask(source: Source, peer: PeerId, trace: AttemptTrace): Promise<boolean> {
    const way = source.name;
    try {
      const document = await source.ask(Purpose.PEER_RECORD, peer);
      if (document === null) {
        trace.add("look_up", "unknown there", { way, ok: false });
        return false;
      }
      const { sequence } = this.learn(document, peer);
      trace.add("look_up", "answered", { way, ok: true, data: { sequence } });
      return true;
    } catch (error) {
      trace.add("look_up", "failed", { way, ok: false, data: { code: WherryError.from(error).code } });
      return false;
    }
  }
}
