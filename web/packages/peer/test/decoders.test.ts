/** Whatever comes from the network is hostile: each decoder gives a value or a typed error, and nothing else. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Address, InviteLink, parseWho } from "../src/address.ts";
import { base58, unbase58 } from "../src/base58.ts";
import { type Bytes, concat } from "../src/bytes.ts";
import { decode as decodeConnectionFrame, encode as encodeConnectionFrame } from "../src/connection/frames.ts";
import { EndpointAddress, UdpAddress } from "../src/endpoints.ts";
import { openEnvelope } from "../src/envelope.ts";
import { WherryError } from "../src/errors.ts";
import { Identity } from "../src/identity.ts";
import { formatIp, parseIp } from "../src/ip.ts";
import { keyOfText, keyToText } from "../src/keystore.ts";
import { MessageParser, encodeMessage } from "../src/messages.ts";
import { type Value, pack, unpack } from "../src/msgpack.ts";
import { PeerId } from "../src/peer-id.ts";
import { checkDocument } from "../src/record.ts";
import { openSignal } from "../src/signals.ts";
import { decodeFrame, decodeHandover } from "../src/wire.ts";
import { load } from "./vectors.ts";

const somebody = new Identity(new Uint8Array(32).fill(7));

/** Random bytes, and golden ones with a byte changed, cut, or doubled: what nearly decodes finds more. */
function hostile(room: string): fc.Arbitrary<Bytes> {
  const golden = load(room).flatMap(({ bytes }) => (bytes === "" ? [] : [Uint8Array.from(Buffer.from(bytes, "hex"))]));
  const damaged = fc.tuple(fc.constantFrom(...golden), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(3));
  return fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((data) => new Uint8Array(data)),
    damaged.map(([data, at, byte, how]) => {
      if (how === 0) return data.slice(0, at % data.length);
      if (how === 1) return concat(data, data.slice(0, at % data.length));
      return data.map((old, i) => (i === at % data.length ? byte : old));
    }),
  );
}

function expectTyped(decoder: () => unknown): void {
  let thrown: unknown = null;
  try {
    decoder();
  } catch (error) {
    thrown = error;
  }
  expect(thrown === null || thrown instanceof WherryError ? null : thrown).toBeNull();
}

const decoders: readonly [string, string, (data: Bytes) => unknown][] = [
  ["frames of a socket", "wire", decodeFrame],
  ["what is handed on", "wire", decodeHandover],
  ["frames of a connection", "frames", decodeConnectionFrame],
  ["envelopes", "envelope", (data) => openEnvelope(data)],
  ["documents", "record", (data) => checkDocument(data, 1_800_000_000)],
  ["signals", "signals", (data) => openSignal(data, somebody)],
  ["endpoints", "endpoints", (data) => EndpointAddress.fromBytes(data)],
  ["UDP addresses", "endpoints", (data) => UdpAddress.fromBytes(data)],
  ["peer ids", "identity", (data) => new PeerId(data)],
  ["messages", "frames", (data) => new MessageParser().feed(data)],
];

describe("any bytes are a value or a typed error", () => {
  test.each(decoders)("%s", (_, room, decoder) => {
    fc.assert(fc.property(hostile(room), (data) => expectTyped(() => decoder(data))), { numRuns: 200 });
  });

  test("any text is somebody or a typed error", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom("wherry:", "http://h:1/#/add/", "12D3KooW", "/ip4/1.2.3.4/tcp/1/ws/p2p/").chain((start) =>
        fc.string().map((rest) => start + rest),
      ),
    );
    const parsers = [parseWho, Address.parse, InviteLink.parse, PeerId.parse, EndpointAddress.parse, keyOfText];
    fc.assert(fc.property(texts, fc.constantFrom(...parsers), (text, parse) => expectTyped(() => parse(text))));
  });
});

describe("what is written is read again", () => {
  test("msgpack", () => {
    const { tree } = fc.letrec<{ tree: Value }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3, depthSize: "small" },
        fc.maxSafeNat(),
        fc.boolean(),
        fc.string({ unit: "binary" }),
        fc.uint8Array({ maxLength: 300 }).map((data) => new Uint8Array(data)),
        fc.array(tie("tree"), { maxLength: 6 }),
      ),
    }));
    fc.assert(fc.property(tree, (value) => void expect(unpack(pack(value))).toEqual(value)));
  });

  test("base58", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
        expect(unbase58(base58(data))).toEqual(new Uint8Array(data));
      }),
    );
  });

  test("IP addresses", () => {
    const of = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });
    const ips = fc.oneof(of(4), of(16));
    fc.assert(
      fc.property(ips, (data) => {
        expect(parseIp(formatIp(new Uint8Array(data)))).toEqual(new Uint8Array(data));
      }),
    );
  });

  test("keys as text", () => {
    const [seed, nospam] = [new Uint8Array(32).fill(3), new Uint8Array(8).fill(4)];
    expect(keyOfText(` ${keyToText(seed, nospam)}\n`)).toEqual({ seed, nospam });
    expect(() => keyOfText(keyToText(seed, nospam).replace(/..\./, "."))).toThrow("characters are missing");
  });

  test("messages, however they are cut", () => {
    const messages = fc.array(
      fc.record({
        opcode: fc.nat(2000),
        id: fc.nat(),
        replyTo: fc.nat(),
        body: fc.uint8Array({ maxLength: 200 }).map((data) => new Uint8Array(data)),
      }),
    );
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const parser = new MessageParser();
        const whole = concat(...sent.map(encodeMessage));
        const got = [];
        for (let at = 0, i = 0; at < whole.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          got.push(...parser.feed(whole.slice(at, at + size)));
          at += size;
        }
        expect(got).toEqual(sent);
      }),
    );
  });

  test("a frame of a connection never has a text with half a character", () => {
    const frame = { kind: "close", code: 1, text: "ä€😀".repeat(60) } as const;
    expect(decodeConnectionFrame(encodeConnectionFrame(frame))).toMatchObject({ kind: "close", code: 1 });
  });
});
