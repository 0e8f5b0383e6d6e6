/**
 * Our own record: what it says, when it is published, and who else publishes under the same identity.
 *
 * It is published when what it says has changed, and again now and then. Before the first time it is looked up, so that
 * its sequence is above whatever is known in the network; each publish is read back through another introducer. Meeting
 * a higher sequence of another instance of our own identity, the older instance stops publishing and says so.
 */

import { type Bytes, equal } from "./bytes.ts";
import { Purpose } from "./domains.ts";
import { WherryError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { RECORD_S, REPUBLISH_MS } from "./limits.ts";
import { type Introducer, type PeerRecord, checkPeerRecord, signPeerRecord } from "./record.ts";
import type { Client } from "./signaling/client.ts";
import type { Held } from "./signaling/introducers.ts";
import { sleep } from "./tasks.ts";

export interface Published {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly sequence: number;
  readonly expires: number;
}

export interface PresenceOptions {
  readonly identity: Identity;
  readonly instance: Bytes;
  /** The last sequence that was used here, and how to keep the next. */
  readonly lastSequence: number;
  readonly keepSequence: (sequence: number) => void;
  /** Seconds since 1970 by network time. */
  readonly now: () => number;
  readonly introducers: () => readonly Held[];
  readonly onChange: () => void;
}

/** Milliseconds until a publish is read back again, when the other introducer has not heard of it yet. */
const READ_BACK_MS = 300;

export class Presence {
  readonly #options: PresenceOptions;
  #sequence: number;
  #lookedUp = false;
  #document: Bytes = new Uint8Array();
  #says: readonly Introducer[] = [];
  /** What the document says, for telling whether it is still true; null before there is one. */
  #said: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  published: Published | null = null;
  /** Set when another instance of this identity has published since: nothing more is published here. */
  elsewhere: WherryError | null = null;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#sequence = options.lastSequence;
  }

  /** Our signed record as it would be published now, for whoever we speak to; without an introducer it names none. */
  get document(): Bytes {
    this.#says = this.#options.introducers().map(({ peer, endpoints }) => ({ peer, endpoints }));
    if (this.#said !== saying(this.#says)) this.#write();
    return this.#document;
  }

  /**
   * Publish a record that names `held`; resolves when it is stored and was read back.
   * @throws WherryError IDENTITY_ELSEWHERE, or why nobody took it.
   */
  async publish(held: readonly Held[]): Promise<void> {
    if (this.elsewhere !== null) throw this.elsewhere;
    this.#says = held.map(({ peer, endpoints }) => ({ peer, endpoints }));
    if (held.length === 0) return; // nobody is there to take it: the next introducer will
    if (!this.#lookedUp) await this.#learnSequence(held);
    this.#write();
    this.#options.keepSequence(this.#sequence);
    await this.#store(this.#document, held);
    const now = this.#options.now();
    this.published = { at: Date.now(), sequence: this.#sequence, expires: (now + RECORD_S) * 1000 };
    this.#options.onChange();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#again(), REPUBLISH_MS);
  }

  /** Somebody showed us a record of our own identity: perhaps we also run elsewhere. */
  met(document: Bytes): void {
    let record: PeerRecord;
    try {
      ({ record } = checkPeerRecord(document, this.#options.now(), this.#options.identity.id));
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      return; // it is none
    }
    if (record.sequence <= this.#sequence) return;
    this.#sequence = record.sequence;
    if (!this.#lookedUp || equal(record.instance, this.#options.instance)) return;
    this.elsewhere = new WherryError("IDENTITY_ELSEWHERE", `its record ${record.sequence} is newer than ours`);
    this.#options.onChange();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #write(): void {
    this.#said = saying(this.#says);
    const { identity, instance } = this.#options;
    this.#sequence += 1; // two records that differ never have the same
    const now = Math.floor(this.#options.now());
    this.#document = signPeerRecord(identity, {
      peer: identity.id,
      sequence: this.#sequence,
      instance,
      issued: now,
      expires: now + RECORD_S,
      sealingKey: identity.sealingPublic,
      capabilities: 0,
      dht: [],
      direct: [],
      introducers: this.#says,
    });
  }

  async #learnSequence(held: readonly Held[]): Promise<void> {
    const { id } = this.#options.identity;
    for (const document of await askAll(held, async (client) => client.lookUp(Purpose.PEER_RECORD, id))) {
      if (document !== null) this.met(document);
    }
    this.#lookedUp = true;
  }

  /** Publish through the first that takes it, and read it back through another. */
  async #store(document: Bytes, held: readonly Held[]): Promise<void> {
    let failure = new WherryError("PUBLISH_FAILED");
    for (const one of held) {
      try {
        await one.client.publish(document);
      } catch (error) {
        failure = WherryError.from(error, "PUBLISH_FAILED");
        continue;
      }
      const others = held.filter((other) => other !== one);
      if (others.length === 0 || (await this.#readBack(document, others))) return;
      failure = new WherryError("PUBLISH_FAILED", "others do not find what was published");
    }
    throw failure;
  }

  async #readBack(published: Bytes, others: readonly Held[]): Promise<boolean> {
    for (let tries = 0; tries < 3; tries++) {
      const { id } = this.#options.identity;
      for (const document of await askAll(others, async (client) => client.lookUp(Purpose.PEER_RECORD, id))) {
        if (document === null) continue;
        if (equal(document, published)) return true;
        this.met(document);
        if (this.elsewhere !== null) throw this.elsewhere;
      }
      await sleep(READ_BACK_MS * (tries + 1));
    }
    return false;
  }

  async #again(): Promise<void> {
    try {
      await this.publish(this.#options.introducers());
    } catch (error) {
      if (!WherryError.is(error)) throw error;
      this.#timer = setTimeout(() => void this.#again(), REPUBLISH_MS / 10);
    }
  }
}

function saying(introducers: readonly Introducer[]): string {
  return JSON.stringify(introducers.map(({ peer, endpoints }) => [String(peer), endpoints.map(String)]));
}

/** Everybody's answer; who gave none is left out. */
async function askAll<T>(held: readonly Held[], ask: (client: Client) => Promise<T>): Promise<T[]> {
  const answers = await Promise.allSettled(held.map(async (one) => ask(one.client)));
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}
