/** The file of a whole profile: the golden vectors, and nothing but a typed error for whatever is none. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, random, unhex } from "../src/bytes.ts";
import { WherryError } from "../src/errors.ts";
import { Float, pack, unpack } from "../src/msgpack.ts";
import { type Entry, decodeEntry, encodeEntry } from "../src/profile/entries.ts";
import { read, writing } from "../src/profile/file.ts";
import { isProfile } from "../src/profile/magic.ts";
import { type Vector, load, ofKind, text } from "./vectors.ts";

const CHEAP = { passes: 1, memoryKib: 8 };
const OWNER: Entry = { is: "owner", seed: new Uint8Array(32).fill(7), name: "Ada", made: 1.5 };

function takes(data: Bytes): (size: number) => Promise<Bytes> {
  let at = 0;
  return async (size) => data.slice(at, (at += size));
}

async function opened(data: Bytes, passphrase: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const some of read(takes(data), passphrase)) entries.push(...some);
  return entries;
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T, void, void> {
  yield* values;
}

async function made(entries: readonly Entry[], passphrase: string, draw = random): Promise<Bytes> {
  const pieces: Bytes[] = [];
  const write = await writing(passphrase, { random: draw, cost: CHEAP });
  for await (const piece of write(each(entries))) pieces.push(piece);
  return concat(...pieces);
}

/** As the vectors write it: bytes in hex, records as arrays. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof Float) return value.value;
  return Array.isArray(value) ? value.map(plain) : value;
}

const bytesOf = (vector: Vector): Bytes => unhex(vector.bytes);

describe("the file of a profile", () => {
  test.each([...ofKind("export", "file", false), ...ofKind("export", "read", false)])("%s", async (_, vector) => {
    const entries = await opened(bytesOf(vector), text(vector, "passphrase"));
    expect(plain(entries.map(encodeEntry))).toEqual(vector.value["entries"]);
  });

  test.each(ofKind("export", "file", false))("is written as it was: %s", async (_, vector) => {
    const drawn = [unhex(text(vector, "salt")), unhex(text(vector, "prefix"))];
    const entries = (vector.value["entries"] as unknown[][]).length;
    const known = await opened(bytesOf(vector), text(vector, "passphrase"));
    expect(known).toHaveLength(entries);
    expect(await made(known, text(vector, "passphrase"), () => drawn.shift() ?? random(0))).toEqual(bytesOf(vector));
  });

  test.each(ofKind("export", "file", true))("is none: %s", async (_, vector) => {
    await expect(opened(bytesOf(vector), text(vector, "passphrase"))).rejects.toMatchObject({ code: vector.error });
  });

  test("has a part for each mebibyte, and what is longer in one", async () => {
    const about = { is: "message", key: new Uint8Array(32), ours: true, data: null, reason: null, replyTo: null } as const;
    const message = (n: number, size: number): Entry => {
      const id = new Uint8Array(16).fill(n);
      return { ...about, id, text: "x".repeat(size), state: "read", sent: n, kept: n };
    };
    const entries = [OWNER, ...[600_000, 600_000, 5_000_000, 10].map((size, n) => message(n, size))];
    const data = await made(entries, "p");
    const sizes: number[] = [];
    for (let at = 53; at < data.length; at += 4 + (sizes.at(-1) ?? 0)) sizes.push(new DataView(data.buffer).getUint32(at));
    expect(sizes.map((size) => Math.round(size / 100_000))).toEqual([0, 12, 50, 0]);
    expect(await opened(data, "p")).toEqual(entries);
  });

  test("whatever bytes come in, what comes out are entries or a typed error", async () => {
    const whole = await made([OWNER, { is: "choice", name: "presence", value: "away" }], "p");
    const start = whole.slice(0, 53);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (data, isFile) => {
        const error = await failure(opened(concat(...(isFile ? [start] : []), data), "p"));
        expect(error.code).toMatch(/^EXPORT_(CORRUPT|LOCKED)$/);
      }),
    );
  });

  test("no byte can be flipped, and none cut off, without that being said", async () => {
    const whole = await made([OWNER, { is: "choice", name: "presence", value: "away" }], "p");
    for (let at = 0; at < whole.length; at++) {
      const flipped = whole.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << at % 8);
      expect((await failure(opened(flipped, "p"))).code).toMatch(/^(EXPORT_(CORRUPT|LOCKED)|VERSION_MISMATCH)$/);
      expect((await failure(opened(whole.slice(0, at), "p"))).code).toBe("EXPORT_CORRUPT");
    }
  });

  test("whatever an entry is made of, it is one or a typed error", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom("owner", "friend", "message", "peer", "choice", "__proto__", "toString"),
        fc.oneof(fc.maxSafeNat(), fc.boolean(), fc.constant(null), fc.string()),
        fc.double().map((one) => new Float(one)),
        fc.uint8Array({ maxLength: 40 }).map((one) => new Uint8Array(one)),
        fc.array(tie("any"), { maxLength: 13 }),
      ),
    })).any as fc.Arbitrary<Parameters<typeof pack>[0]>;
    fc.assert(
      fc.property(value, (one) => {
        try {
          expect(unpack(pack(encodeEntry(decodeEntry(unpack(pack(one))))))).toBeInstanceOf(Array);
        } catch (error) {
          expect(WherryError.is(error, "MALFORMED")).toBe(true);
        }
      }),
    );
  });

  test("is told from a key by its first bytes", () => {
    for (const { bytes, value } of load("export")) {
      if (value["kind"] === "read") expect(isProfile(unhex(bytes))).toBe(true);
    }
    for (const beginning of ["wherry-key:", "WHERRYP", "WHERRYID", ""]) {
      expect(isProfile(new Uint8Array(Buffer.from(beginning)))).toBe(false);
    }
  });
});

async function failure(work: Promise<unknown>): Promise<WherryError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WherryError);
  return error as WherryError;
}
