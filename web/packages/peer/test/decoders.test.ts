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
import { decodeProfile, decodeWord, encodeProfile, encodeWord } from "../src/friends/bodies.ts";
import { imageType } from "../src/friends/images.ts";
import { Identity } from "../src/identity.ts";
import { decodeInvite, decodeReply } from "../src/invitations/replies.ts";
import { formatIp, parseIp } from "../src/ip.ts";
import { keyOfText, keyToText } from "../src/keystore.ts";
import {
  type Message as Letter,
  type Retry,
  decodeMessage as decodeLetter,
  decodeRetry,
  encodeMessage as encodeLetter,
  encodeRetry,
} from "../src/letters.ts";
import { MessageParser, encodeMessage } from "../src/messages.ts";
import { Kind, type Packet, decodePacket, encodePacket } from "../src/messages/packets.ts";
import { cut, decodeFragment } from "../src/messages/pieces.ts";
import { LATEST_MS, decodeContent, decodeRead, encodeContent, encodeRead } from "../src/messages/texts.ts";
import { type Value, fieldOf, pack, packMap, unpack } from "../src/msgpack.ts";
import { PeerId } from "../src/peer-id.ts";
import { checkDocument } from "../src/record.ts";
import { decodeAccept, decodeOpening, decodeRequest, openingSize } from "../src/sessions/wire.ts";
import { openSignal } from "../src/signals.ts";
import { decodeFrame, decodeHandover } from "../src/wire.ts";
import { load } from "./vectors.ts";

const ID = new Uint8Array(16).fill(9);
/** The head of a picture of one pixel. */
const PNG = new Uint8Array(Buffer.from("89504e470d0a1a0a0000000d494844520000000100000001", "hex"));
const PACKET: Packet = {
  epoch: 1_800_000_000_000,
  floor: 3,
  ack: { epoch: 7, through: 2, beyond: [4, 6], voided: [{ number: 5, reason: 1 }] },
  items: [{ number: 3, kind: Kind.TEXT, id: ID, expires: 1_800_000_000, body: PNG }],
  documents: [PNG],
};
const LETTER: Letter = {
  session: new Uint8Array(8),
  initial: { ephemeral: new Uint8Array(32), prekey: 5, oneTime: 0 },
  header: new Uint8Array(80),
  box: new Uint8Array(100),
};
const RETRY: Retry = {
  session: new Uint8Array(8),
  issued: 1,
  prekey: { id: 1, key: new Uint8Array(32), signature: new Uint8Array(64) },
  oneTime: { id: 2, key: new Uint8Array(32) },
};
const TOLD = { nospam: new Uint8Array(8), name: "Ada", hello: "hello", reason: "no", about: "ab".repeat(16) };
const CONTENT = { sent: 1, replyTo: "ab".repeat(16), text: "hello", data: null };

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
  ["invitations", "invitations", decodeInvite],
  ["replies to invitations", "invitations", decodeReply],
  ["requests for sessions", "sessions", decodeRequest],
  ["acceptances of sessions", "sessions", decodeAccept],
  ["openings of sessions", "sessions", (data) => [openingSize(data), decodeOpening(data.slice(2))]],
];

describe("any bytes are a value or a typed error", () => {
  test.each(decoders)("%s", (_, room, decoder) => {
    fc.assert(fc.property(hostile(room), (data) => expectTyped(() => decoder(data))), { numRuns: 200 });
  });

  /** Whatever each of these wrote, damaged in one place; and bytes that nobody wrote. */
  const mail: readonly [string, Bytes, (data: Bytes) => unknown][] = [
    ["packets", encodePacket(PACKET), decodePacket],
    ["messages of the ratchet", encodeLetter(LETTER), decodeLetter],
    ["retries", encodeRetry(RETRY), decodeRetry],
    ["requests", encodeWord(Kind.REQUEST, TOLD), (data) => decodeWord(Kind.REQUEST, data)],
    ["acceptances", encodeWord(Kind.ACCEPT, TOLD), (data) => decodeWord(Kind.ACCEPT, data)],
    ["declines", encodeWord(Kind.DECLINE, TOLD), (data) => decodeWord(Kind.DECLINE, data)],
    ["removals", encodeWord(Kind.REMOVE, TOLD), (data) => decodeWord(Kind.REMOVE, data)],
    ["profiles", encodeProfile({ name: "Ada", description: "x\ny", avatar: PNG, avatarType: "image/png" }), decodeProfile],
    ["texts", encodeContent(CONTENT).body, (data) => decodeContent(Kind.TEXT, data)],
    ["bytes", encodeContent({ ...CONTENT, data: PNG }).body, (data) => decodeContent(Kind.BYTES, data)],
    ["pieces", cut(Kind.TEXT, new Uint8Array(50_000))[0] ?? PNG, decodeFragment],
    ["receipts", encodeRead(["ab".repeat(16)]), decodeRead],
    ["pictures", PNG, imageType],
    ["bodies of messages", packMap({ sealed: PNG, name: "x" }), (data) => fieldOf(data, "name")],
  ];
  test.each(mail)("%s", (_, golden, decoder) => {
    decoder(golden);
    const damaged = fc.tuple(fc.nat(golden.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean()).map(([at, byte, isCut]) =>
      isCut ? golden.slice(0, at) : golden.map((old, i) => (i === at ? byte : old)),
    );
    const any = fc.uint8Array({ maxLength: 300 }).map((data) => new Uint8Array(data));
    fc.assert(fc.property(fc.oneof(damaged, any), (data) => expectTyped(() => decoder(data))), { numRuns: 200 });
  });

  test("a message is written before the year 10000", () => {
    const written = (sent: number): Bytes => pack([sent, new Uint8Array(), "hello"]);
    expect(decodeContent(Kind.TEXT, written(LATEST_MS)).sent).toBe(LATEST_MS);
    expect(new Date(LATEST_MS).toISOString()).toBe("9999-12-31T23:59:59.999Z");
    for (const sent of [LATEST_MS + 1, Number.MAX_SAFE_INTEGER]) {
      expect(() => decodeContent(Kind.TEXT, written(sent))).toThrow(WherryError);
      expect(() => decodeContent(Kind.BYTES, pack([sent, new Uint8Array(), PNG]))).toThrow(WherryError);
    }
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

  test("packets, with letters of the ratchet around them", () => {
    expect(decodePacket(encodePacket(PACKET))).toEqual(PACKET);
    expect(decodePacket(encodePacket({ ...PACKET, ack: null }))).toEqual({ ...PACKET, ack: null });
    expect(() => decodePacket(encodePacket({ ...PACKET, items: [...PACKET.items, ...PACKET.items] }))).toThrow("twice");
    expect(decodeLetter(encodeLetter(LETTER))).toEqual(LETTER);
    expect(decodeRetry(encodeRetry({ ...RETRY, oneTime: null }))).toEqual({ ...RETRY, oneTime: null });
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
