/** The double ratchet between two peers: whatever order, loss and repetition, each message opens once and whole. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, equal, random, utf8, fromUtf8 } from "../src/bytes.ts";
import { WherryError } from "../src/errors.ts";
import { Identity, x25519Public } from "../src/identity.ts";
import type { Message } from "../src/letters.ts";
import { signPrekey } from "../src/record.ts";
import { type PrekeySecrets, Sessions } from "../src/ratchet/sessions.ts";

const [ada, bela] = [new Identity(new Uint8Array(32).fill(1)), new Identity(new Uint8Array(32).fill(2))];

/** A peer with its sessions, its prekeys, and what it has opened. */
class Side {
  sessions: Sessions;
  readonly own: Identity;
  readonly peer: Identity;
  readonly signed = random(32);
  readonly oneTime = new Map<number, Bytes>();

  constructor(own: Identity, peer: Identity) {
    this.own = own;
    this.peer = peer;
    this.sessions = new Sessions(own, peer.id);
  }

  /** As it would be after a restart. */
  restart(): void {
    this.sessions = new Sessions(this.own, this.peer.id, this.sessions.toBytes());
  }

  bundle(oneTime: number): Parameters<Sessions["begin"]>[0] {
    if (oneTime > 0) this.oneTime.set(oneTime, random(32));
    const secret = this.oneTime.get(oneTime);
    return {
      prekey: { id: 1, key: x25519Public(this.signed) },
      oneTime: secret === undefined ? null : { id: oneTime, key: x25519Public(secret) },
    };
  }

  send(text: string, to: Side): Message {
    if (this.sessions.needsBundle) this.sessions.begin(to.bundle(0), random);
    return this.sessions.encrypt(utf8(text), random);
  }

  open(message: Message): string {
    const secrets: PrekeySecrets = { prekey: this.signed, oneTime: this.oneTime.get(message.initial?.oneTime ?? 0) ?? null };
    return fromUtf8(this.sessions.decrypt(message, secrets, random));
  }
}

function pair(): [Side, Side] {
  return [new Side(ada, bela), new Side(bela, ada)];
}

describe("sessions", () => {
  test("a first message, with a one-time prekey and without, and answers", () => {
    for (const oneTime of [0, 7]) {
      const [a, b] = pair();
      a.sessions.begin(b.bundle(oneTime), random);
      const first = a.send("hello", b);
      expect(first.initial?.oneTime).toBe(oneTime);
      expect(b.open(first)).toBe("hello");
      expect(a.open(b.send("and you", a))).toBe("and you");
      expect(a.send("fine", b).initial).toBeNull();
    }
  });

  test("one-time prekeys that are gone do not open", () => {
    const [a, b] = pair();
    a.sessions.begin(b.bundle(7), random);
    b.oneTime.clear();
    expect(() => b.open(a.send("x", b))).toThrow("prekey is here no more");
    expect(b.sessions.needsBundle).toBe(true);
  });

  test("both begin at once, and come to the same session", () => {
    const [a, b] = pair();
    const [fromA, fromB] = [a.send("a", b), b.send("b", a)];
    expect(a.open(fromB)).toBe("b");
    expect(b.open(fromA)).toBe("a");
    const next = a.send("1", b);
    b.open(next);
    expect(equal(b.sessions.current ?? random(1), next.session)).toBe(true);
  });

  test("a retry counts if it names the session that is used, and once", () => {
    const [a, b] = pair();
    const refused = a.send("lost", b).session;
    const prekey = signPrekey(bela, 1, x25519Public(b.signed));
    const retry = { session: refused, issued: 1, prekey, oneTime: null };
    expect(a.sessions.retried({ ...retry, session: random(8) }, random)).toBe(false);
    expect(() => a.sessions.retried({ ...retry, prekey: { ...prekey, id: 2 } }, random)).toThrow("signature");
    expect(a.sessions.retried(retry, random)).toBe(true);
    expect(a.sessions.retried(retry, random)).toBe(false);
    expect(b.open(a.send("again", b))).toBe("again");
  });

  test("a thousand messages may be missing, and no more", () => {
    const [a, b] = pair();
    b.open(a.send("0", b));
    for (let i = 0; i < 1000; i++) a.send("lost", b);
    expect(b.open(a.send("late", b))).toBe("late");
    for (let i = 0; i < 1001; i++) a.send("lost", b);
    expect(() => b.open(a.send("too late", b))).toThrow("missing");
  });

  test("today's keys do not open yesterday's messages, and after a word each way not tomorrow's", () => {
    const [a, b] = pair();
    const yesterday = a.send("yesterday", b);
    b.open(yesterday);
    a.open(b.send("yes", a));
    const stolen = b.sessions.toBytes();
    const thief = (): Side => {
      const side = new Side(bela, ada);
      side.sessions = new Sessions(bela, ada.id, stolen);
      return side;
    };
    expect(() => thief().open(yesterday)).toThrow(WherryError);
    b.open(a.send("1", b));
    a.open(b.send("2", a));
    const tomorrow = a.send("tomorrow", b);
    expect(() => thief().open(tomorrow)).toThrow(WherryError);
    expect(b.open(tomorrow)).toBe("tomorrow");
  });

  test("any schedule of sending, losing, repeating, reordering and restarting", () => {
    // Invariant: what opens is what was sent, once; what was not sent opens nowhere; a message that is not lost opens.
    const step = fc.record({ from: fc.boolean(), action: fc.constantFrom("send", "deliver", "repeat", "lose", "restart", "spoil"), at: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [a, b] = pair();
        let sent = 0;
        const wire: { readonly to: Side; readonly message: Message; readonly text: string }[] = [];
        const opened: { readonly to: Side; readonly message: Message }[] = [];
        for (const { from, action, at } of steps) {
          const [here, there] = from ? [a, b] : [b, a];
          if (action === "send") wire.push({ to: there, message: here.send(`${++sent}`, there), text: `${sent}` });
          if (action === "restart") here.restart();
          const place = at % Math.max(1, wire.length);
          if (action === "lose") wire.splice(place, 1);
          const chosen = wire[place];
          if (action === "deliver" && chosen !== undefined) {
            wire.splice(place, 1);
            expect(chosen.to.open(chosen.message)).toBe(chosen.text);
            opened.push(chosen);
          }
          if (action === "spoil" && chosen !== undefined) {
            const box = chosen.message.box.map((byte, i) => (i === at % 40 ? byte ^ 1 : byte));
            expect(() => chosen.to.open({ ...chosen.message, box })).toThrow(WherryError);
          }
          const old = opened[at % Math.max(1, opened.length)];
          if (action === "repeat" && old !== undefined) expect(() => old.to.open(old.message)).toThrow(WherryError);
        }
      }),
      { numRuns: 60 },
    );
  });
});
