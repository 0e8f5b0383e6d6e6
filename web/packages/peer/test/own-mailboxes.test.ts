/** Our own mailboxes, where the disk is full, and where one of them never ends. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EndpointAddress } from "../src/endpoints.ts";
import { WherryError } from "../src/errors.ts";
import { COLLECT_MS, VISIT_MS } from "../src/messages/limits.ts";
import { OwnMailboxes } from "../src/messages/own-mailboxes.ts";
import type { Client } from "../src/signaling/client.ts";
import type { Held } from "../src/signaling/introducers.ts";
import { MemoryDatabase } from "../src/store/memory.ts";
import { MailStore } from "../src/store/transaction.ts";
import { identityOf } from "./mail-world.ts";

const LEASED = { seconds: 100, prekeys: 100 };

/** What stands for a socket to a mailbox. */
class Mailbox implements Partial<Client> {
  readonly peer;
  visits = 0;

  constructor(seed: number) {
    this.peer = identityOf(seed).id;
  }

  async lease(): ReturnType<Client["lease"]> {
    this.visits += 1;
    return LEASED as Awaited<ReturnType<Client["lease"]>>;
  }

  async tags(): Promise<void> {
    return;
  }

  async acknowledge(): Promise<void> {
    return;
  }

  async collect(_after: number): ReturnType<Client["collect"]> {
    return { letters: [], more: false };
  }
}

/** One that always has another letter, five seconds later. */
class Endless extends Mailbox {
  override async collect(after: number): ReturnType<Client["collect"]> {
    await new Promise((go) => setTimeout(go, 5000));
    return { letters: [{ number: after + 1, sealed: new Uint8Array([after]) }], more: true };
  }
}

class Disk extends MemoryDatabase {
  full = false;

  override async commit(...given: Parameters<MemoryDatabase["commit"]>): Promise<void> {
    if (this.full) throw new WherryError("DISK_FULL");
    await super.commit(...given);
  }
}

function heldOf(mailbox: Mailbox): Held {
  const endpoints = [new EndpointAddress("127.0.0.1", 4770)];
  return { peer: mailbox.peer, client: mailbox as unknown as Client, endpoints } as unknown as Held;
}

describe("our mailboxes", () => {
  const troubles: string[] = [];
  const boxes: Mailbox[] = [];
  let disk!: Disk;
  let own!: OwnMailboxes;
  let running!: Promise<void>;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    disk = new Disk();
    boxes.length = 0;
    own = new OwnMailboxes({
      identity: identityOf(1),
      store: new MailStore(disk),
      held: () => boxes.map(heldOf),
      tags: () => ({ friends: [], requests: [] }),
      newPrekeys: async () => [],
      avoid: () => false,
      take: async () => true,
      publish: async () => undefined,
      onTrouble: ({ code }) => troubles.push(code),
      now: () => 1_800_000_000 + performance.now() / 1000,
    });
    running = own.run();
  });

  afterEach(async () => {
    own.close();
    await vi.advanceTimersByTimeAsync(COLLECT_MS);
    await running;
    vi.useRealTimers();
  });

  test("are looked after again when a full disk has room", async () => {
    boxes.push(new Mailbox(7));
    own.poke();
    await vi.advanceTimersByTimeAsync(1);
    expect(own.current()).toHaveLength(1);
    const gone = boxes.splice(0);
    disk.full = true;
    await vi.advanceTimersByTimeAsync(LEASED.seconds * 1000 + VISIT_MS); // it has ended, and cannot be forgotten
    expect(new Set(troubles)).toEqual(new Set(["DISK_FULL"]));
    disk.full = false;
    await vi.advanceTimersByTimeAsync(VISIT_MS);
    expect(own.current()).toEqual([]);
    boxes.push(...gone);
    await vi.advanceTimersByTimeAsync(VISIT_MS);
    expect(own.current()).toHaveLength(1);
  });

  test("are visited although one of them never ends", async () => {
    const honest = new Mailbox(7);
    boxes.push(honest, new Endless(8));
    own.poke();
    await vi.advanceTimersByTimeAsync(VISIT_MS);
    expect(own.current()).toHaveLength(2);
    const visits = honest.visits;
    own.poke();
    await vi.advanceTimersByTimeAsync(2 * COLLECT_MS);
    expect(honest.visits).toBeGreaterThan(visits);
  });
});
