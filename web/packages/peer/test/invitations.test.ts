/** Invitations: the golden bytes that Python reads and writes too; when they expire, and when they are called off. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hex, unhex } from "../src/bytes.ts";
import { decodeInvite, decodeReply, encodeInvite, encodeReply } from "../src/invitations/replies.ts";
import { World, befriended, failing, fakeTime, passing, realTime, until } from "./mail-world.ts";
import { type Vector, expectRefusal, number, ofKind, text, written } from "./vectors.ts";

const DECODERS = {
  invite: decodeInvite,
  reply: (body: ReturnType<typeof unhex>) => {
    const { invitation, reply } = decodeReply(body);
    return { invitation, ...reply };
  },
} as const;

function fieldsOf(vector: Vector): Vector {
  return { ...vector, value: vector.value["fields"] as Vector["value"] };
}

describe("what an invitation and its reply say", () => {
  test.each(ofKind("invitations", "invite", false))("%s", (_, vector) => {
    const fields = fieldsOf(vector);
    expect(hex(encodeInvite(text(fields, "name"), unhex(text(fields, "data"))))).toBe(vector.bytes);
    expect(written(DECODERS.invite(unhex(vector.bytes)))).toEqual(fields.value);
  });

  test.each(ofKind("invitations", "reply", false))("%s", (_, vector) => {
    const fields = fieldsOf(vector);
    const reply = { status: number(fields, "status"), reason: text(fields, "reason"), data: unhex(text(fields, "data")) };
    expect(hex(encodeReply(unhex(text(fields, "invitation")), reply))).toBe(vector.bytes);
    expect(written(DECODERS.reply(unhex(vector.bytes)))).toEqual(fields.value);
  });

  test.each(ofKind("invitations", "later", false))("%s", (_, vector) => {
    const decode = DECODERS[text(vector, "body") as keyof typeof DECODERS];
    expect(written(decode(unhex(vector.bytes)))).toEqual(vector.value["fields"]);
  });

  test.each([...ofKind("invitations", "invite", true), ...ofKind("invitations", "reply", true)])("%s", (_, vector) => {
    const decode = DECODERS[text(vector, "kind") as keyof typeof DECODERS];
    expectRefusal(vector, () => decode(unhex(vector.bytes)));
  });

  test("what cannot be said is the caller's mistake", () => {
    const reply = { status: 0, reason: "", data: new Uint8Array() };
    const mistakes = [
      () => encodeInvite("", new Uint8Array()),
      () => encodeInvite("x".repeat(81), new Uint8Array()),
      () => encodeInvite("a\u00a0b", new Uint8Array()),
      () => encodeInvite("chess/1", new Uint8Array(8193)),
      () => encodeReply(new Uint8Array(16), { ...reply, status: 256 }),
      () => encodeReply(new Uint8Array(16), { ...reply, status: 0.5 }),
    ];
    for (const mistake of mistakes) expect(mistake).toThrow("The request is not usable");
  });
});

describe("invitations", () => {
  beforeEach(fakeTime);
  afterEach(realTime);

  test("nobody answers: the handler hears that it is over, and the invitation makes room", async () => {
    const [a, b] = await befriended(new World());
    const signals: AbortSignal[] = [];
    b.invitations.handle("slow/1", async ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const error = await failing(a.invitations.invite(String(b.id), "slow/1", undefined, 5000));
    expect(error.code).toBe("RECEIVE_TIMEOUT");
    await until(async () => (await b.database.list("invitations")).length === 0, 60);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await a.off();
    await b.off();
  });

  test("called off before it arrived, it never does", async () => {
    const world = new World();
    const [a, b] = await befriended(world);
    let asked = 0;
    b.invitations.handle("late/1", async () => {
      asked += 1;
      return {};
    });
    await b.off();
    const off = new AbortController();
    const asking = a.invitations.invite(String(b.id), "late/1", undefined, 60_000, off.signal);
    setTimeout(() => off.abort(), 1000);
    expect((await failing(asking)).code).toBe("CLOSED");
    await b.on();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asked).toBe(0);
    await a.off();
    await b.off();
  });

  test("a handler's bug is no reason that others read", async () => {
    const [a, b] = await befriended(new World());
    b.invitations.handle("bug/1", async () => {
      throw new Error("secret");
    });
    const reply = await passing(a.invitations.invite(String(b.id), "bug/1"));
    expect(reply).toMatchObject({ status: 3, reason: "It failed" });
    await a.off();
    await b.off();
  });
});
