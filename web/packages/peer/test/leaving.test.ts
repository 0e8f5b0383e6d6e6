/** What is left in mailboxes, and how often. */

import { describe, expect, test } from "vitest";
import { LEFT_AGAIN_S } from "../src/messages/limits.ts";
import { toLeave } from "../src/messages/leaving.ts";
import type { Entry } from "../src/messages/outgoing.ts";
import { outboxRow } from "../src/messages/pair.ts";
import type { Introducer } from "../src/record.ts";
import { identityOf } from "./mail-world.ts";

const PEER = identityOf(1).id;
const [one, other] = [98, 99].map((seed): Introducer => ({ peer: identityOf(seed).id, endpoints: [] })) as [
  Introducer,
  Introducer,
];
const mailboxes = [one, other];
const now = 1_800_000_000;

const entry = (number: number): Entry => ({
  number,
  id: new Uint8Array(16).fill(number),
  kind: 1,
  expires: now + 1,
  size: 1,
  piece: false,
  voiding: false,
  reported: false,
});

/** An item that these mailboxes hold, since so many seconds. */
const row = (number: number, holders: readonly Introducer[], agoS = 0): ReturnType<typeof outboxRow> => ({
  ...outboxRow(PEER, entry(number), holders.map(({ peer }) => String(peer))),
  leftAt: now - agoS,
});

describe("an item is left", () => {
  test("in those mailboxes that do not hold it, and nowhere twice", () => {
    const rows = [row(1, [one]), row(2, []), row(3, mailboxes), row(4, [one])];
    const due = rows.map(({ number }) => entry(number));
    expect(toLeave(due, { mailboxes, rows, ackDue: false, now })).toEqual([
      { lacking: [other], entries: [entry(1), entry(4)] },
      { lacking: mailboxes, entries: [entry(2)] },
    ]);
  });

  test("again once a day, the oldest alone: the word of it may be lost", () => {
    const rows = [row(1, mailboxes, LEFT_AGAIN_S), row(2, mailboxes, LEFT_AGAIN_S)];
    const due = rows.map(({ number }) => entry(number));
    expect(toLeave(due, { mailboxes, rows, ackDue: false, now })).toEqual([{ lacking: mailboxes, entries: [entry(1)] }]);
    expect(toLeave(due, { mailboxes, rows, ackDue: false, now: now - 1 })).toEqual([]);
  });
});

describe("an acknowledgement", () => {
  test("goes to all, with what goes there anyway", () => {
    const rows = [row(1, []), row(2, [other])];
    const due = rows.map(({ number }) => entry(number));
    expect(toLeave(due, { mailboxes, rows, ackDue: true, now })).toEqual([
      { lacking: mailboxes, entries: [entry(1)] },
      { lacking: [one], entries: [entry(2)] },
    ]);
    expect(toLeave([], { mailboxes, rows: [], ackDue: true, now })).toEqual([{ lacking: mailboxes, entries: [] }]);
  });

  test("goes nowhere where there is no mailbox", () => {
    expect(toLeave([entry(1)], { mailboxes: [], rows: [row(1, [])], ackDue: true, now })).toEqual([]);
  });
});
