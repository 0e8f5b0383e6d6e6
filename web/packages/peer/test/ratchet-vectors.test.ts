/** X3DH, the ratchet with its states, and letters: every golden vector, from a second implementation. */

import { describe, expect, test } from "vitest";
import { type Bytes, type Random, hex, unhex } from "../src/bytes.ts";
import { openSealed } from "../src/envelope.ts";
import { Identity, x25519Public } from "../src/identity.ts";
import {
  type Message,
  type Retry,
  decodeMessage,
  decodeRetry,
  encodeMessage,
  encodeRetry,
  sealMessage,
  sealRetry,
} from "../src/letters.ts";
import { type PrekeySecrets, Sessions } from "../src/ratchet/sessions.ts";
import { initiate, respond } from "../src/ratchet/x3dh.ts";
import { checkPrekey, signPrekey } from "../src/record.ts";
import { type Vector, expectRefusal, number, ofKind, text, written } from "./vectors.ts";

function bytesOf(vector: Vector, field: string): Bytes {
  return unhex(text(vector, field));
}

function identityOf(vector: Vector, field: string): Identity {
  return new Identity(bytesOf(vector, field));
}

describe("X3DH", () => {
  test.each(ofKind("x3dh", "agreement", false))("%s", (_, vector) => {
    const [initiator, responder] = [identityOf(vector, "initiator_seed"), identityOf(vector, "responder_seed")];
    const [ephemeral, prekey] = [bytesOf(vector, "ephemeral_secret"), bytesOf(vector, "prekey_secret")];
    const oneTime = vector.value["one_time_secret"] === null ? null : bytesOf(vector, "one_time_secret");
    const oneTimeKey = oneTime === null ? null : x25519Public(oneTime);
    const begun = initiate(initiator, responder.id, { ephemeral, prekey: x25519Public(prekey), oneTime: oneTimeKey });
    expect(written(begun)).toEqual({
      secret: vector.bytes,
      session: vector.value["session"],
      associated: vector.value["associated"],
    });
    expect(respond(responder, initiator.id, { ephemeral: x25519Public(ephemeral), prekey, oneTime })).toEqual(begun);
  });

  test.each(ofKind("x3dh", "agreement", true))("%s", (_, vector) => {
    const [a, b] = [new Identity(new Uint8Array(32).fill(1)), new Identity(new Uint8Array(32).fill(2))];
    const [secret, small] = [new Uint8Array(32).fill(3), unhex(vector.bytes)];
    const key = x25519Public(secret);
    expectRefusal(vector, () => initiate(a, b.id, { ephemeral: secret, prekey: small, oneTime: null }));
    expectRefusal(vector, () => initiate(a, b.id, { ephemeral: secret, prekey: key, oneTime: small }));
    expectRefusal(vector, () => respond(a, b.id, { ephemeral: small, prekey: secret, oneTime: null }));
  });

  test.each(ofKind("x3dh", "prekey", false))("%s", (_, vector) => {
    const owner = identityOf(vector, "seed");
    const prekey = signPrekey(owner, number(vector, "id"), bytesOf(vector, "key"));
    expect(hex(prekey.signature)).toBe(vector.bytes);
    checkPrekey(owner.id, prekey);
  });

  test.each(ofKind("x3dh", "prekey", true))("%s", (_, vector) => {
    const prekey = { id: number(vector, "id"), key: bytesOf(vector, "key"), signature: unhex(vector.bytes) };
    expectRefusal(vector, () => checkPrekey(identityOf(vector, "seed").id, prekey));
  });
});

/** Private halves by number, as the vectors write them. */
type Secrets = Readonly<Record<string, string>>;

function secretsFor({ initial }: Message, secrets: Secrets): PrekeySecrets {
  const of = (id: number): Bytes | null => (secrets[id] === undefined ? null : unhex(secrets[id]));
  if (initial === null) return { prekey: null, oneTime: null };
  return { prekey: of(initial.prekey), oneTime: initial.oneTime === 0 ? null : of(initial.oneTime) };
}

/** Draws what is written, all of it and nothing more. */
function scripted(script: Bytes): { readonly random: Random; readonly rest: () => number } {
  let at = 0;
  const random = (size: number): Bytes => {
    at += size;
    if (at > script.length) throw new Error("more is drawn than is written");
    return script.slice(at - size, at);
  };
  return { random, rest: () => script.length - at };
}

interface Step {
  readonly by: 0 | 1;
  readonly do: "begin" | "encrypt" | "decrypt";
  readonly random: string;
  readonly prekey?: readonly [number, string, string];
  readonly one_time?: readonly [number, string] | null;
  readonly plaintext: string;
  readonly payload: string;
}

describe("the double ratchet", () => {
  test.each(ofKind("ratchet", "conversation", false))("%s", (_, vector) => {
    const { seeds, prekeys, steps } = vector.value as unknown as {
      seeds: [string, string];
      prekeys: [Secrets, Secrets];
      steps: Step[];
    };
    const own = seeds.map((seed) => new Identity(unhex(seed))) as [Identity, Identity];
    const sessions = [new Sessions(own[0], own[1].id), new Sessions(own[1], own[0].id)] as [Sessions, Sessions];
    for (const step of steps) {
      const { random, rest } = scripted(unhex(step.random));
      const here = sessions[step.by];
      if (step.do === "begin") {
        const [id = 0, key = ""] = step.prekey ?? [];
        const oneTime = step.one_time ?? null;
        here.begin(
          { prekey: { id, key: unhex(key) }, oneTime: oneTime === null ? null : { id: oneTime[0], key: unhex(oneTime[1]) } },
          random,
        );
      } else if (step.do === "encrypt") {
        expect(hex(encodeMessage(here.encrypt(unhex(step.plaintext), random)))).toBe(step.payload);
      } else {
        const message = decodeMessage(unhex(step.payload));
        expect(hex(here.decrypt(message, secretsFor(message, prekeys[step.by]), random))).toBe(step.plaintext);
      }
      expect(rest()).toBe(0);
      sessions[step.by] = new Sessions(own[step.by], own[step.by === 0 ? 1 : 0].id, here.toBytes());
    }
    expect(sessions.map((one) => hex(one.toBytes()))).toEqual([vector.bytes, vector.value["other_state"]]);
  });

  test.each(ofKind("ratchet", "refused", true))("%s", (_, vector) => {
    const state = bytesOf(vector, "state");
    const sender = identityOf(vector, "sender_seed").id;
    const sessions = new Sessions(identityOf(vector, "seed"), sender, state.length === 0 ? null : state);
    const before = sessions.toBytes();
    expectRefusal(vector, () => {
      const message = decodeMessage(unhex(vector.bytes));
      sessions.decrypt(message, secretsFor(message, vector.value["prekeys"] as Secrets), (size) => new Uint8Array(size));
    });
    expect(sessions.toBytes()).toEqual(before);
  });

  test.each(ofKind("ratchet", "state", true))("%s", (_, vector) => {
    const [a, b] = [new Identity(new Uint8Array(32).fill(1)), new Identity(new Uint8Array(32).fill(2))];
    expectRefusal(vector, () => new Sessions(a, b.id, unhex(vector.bytes)));
  });
});

describe("letters", () => {
  const decoded = (vector: Vector, payload: Bytes): Message | Retry =>
    vector.value["letter"] === "message" ? decodeMessage(payload) : decodeRetry(payload);
  const expectFields = (letter: Message | Retry, vector: Vector): void =>
    expect(listed({ version: 1, ...letter })).toEqual(vector.value["fields"]);

  test.each([...ofKind("letters", "payload", false), ...ofKind("letters", "later", false)])("%s", (_, vector) => {
    const letter = decoded(vector, unhex(vector.bytes));
    expectFields(letter, vector);
    if (vector.value["kind"] === "later") return;
    expect(hex("box" in letter ? encodeMessage(letter) : encodeRetry(letter))).toBe(vector.bytes);
  });

  test.each(ofKind("letters", "payload", true))("%s", (_, vector) => {
    expectRefusal(vector, () => decoded(vector, unhex(vector.bytes)));
  });

  test.each(ofKind("letters", "sealed", false))("%s", (_, vector) => {
    const [recipient, sender] = [identityOf(vector, "recipient_seed"), identityOf(vector, "sender_seed")];
    const envelope = openSealed(unhex(vector.bytes), recipient);
    expect(envelope.sender.equals(sender.id)).toBe(true);
    const letter = decoded(vector, envelope.payload);
    expectFields(letter, vector);
    const keys = { sealingKey: bytesOf(vector, "sealing_key"), secret: bytesOf(vector, "ephemeral_secret") };
    const to = { recipient: recipient.id, ...keys };
    expect(hex("box" in letter ? sealMessage(letter, sender, to) : sealRetry(letter, sender, to))).toBe(vector.bytes);
  });

  test.each(ofKind("letters", "sealed", true))("%s", (_, vector) => {
    expectRefusal(vector, () => openSealed(unhex(vector.bytes), identityOf(vector, "recipient_seed")));
  });
});

/** The fields as the vectors write them: bytes in hex, records within as arrays. */
function listed(letter: object): unknown {
  return written(
    Object.fromEntries(
      Object.entries(letter).map(([name, value]: [string, unknown]) => {
        const isRecord = typeof value === "object" && value !== null && !(value instanceof Uint8Array);
        return [name, isRecord ? Object.values(value) : value];
      }),
    ),
  );
}
