/** Every golden vector of the frozen formats: what is right reads and writes alike, what is wrong has its code. */

import { describe, expect, test } from "vitest";
import { Address, InviteLink, parseWho } from "../src/address.ts";
import { hex, unhex, utf8 } from "../src/bytes.ts";
import * as domains from "../src/domains.ts";
import { EndpointAddress, UdpAddress } from "../src/endpoints.ts";
import { openEnvelope, seal, sign, unseal } from "../src/envelope.ts";
import { ERRORS } from "../src/error-table.ts";
import { ClientHandshake, Cipher } from "../src/handshake.ts";
import { Identity, exchange, verify, x25519Of, x25519Public } from "../src/identity.ts";
import { PeerId } from "../src/peer-id.ts";
import {
  type InboxRecord,
  type PeerRecord,
  checkDocument,
  dhtKey,
  signInboxRecord,
  signPeerRecord,
} from "../src/record.ts";
import { type Signal, decodeSignal, openSignal, payloadOf, sealSignal } from "../src/signals.ts";
import { type Frame, decodeFrame, decodeHandover, encodeFrame, encodeHandover } from "../src/wire.ts";
import { type Vector, expectRefusal, load, number, ofKind, text, written } from "./vectors.ts";

const NOBODY = hex(domains.NOBODY);

function bytesOf(vector: Vector, field: string): ReturnType<typeof unhex> {
  return unhex(text(vector, field));
}

function recipientOf(vector: Vector): PeerId | null {
  const recipient = text(vector, "recipient");
  return recipient === NOBODY ? null : new PeerId(unhex(recipient));
}

describe("errors", () => {
  const { FAILED: _failed, LOCAL_ERROR: _local, REMOTE_ERROR: _remote, ...named } = ERRORS;
  const table = load<{ code: string; side: string; wire?: number }>("errors");

  test("each is the one that Python's classes have", () => {
    const ours = table.filter(({ code }) => code in named);
    const shared = ours.map(({ code, ...kind }) => [code, { wire: null, ...kind }]);
    expect(Object.fromEntries(shared)).toEqual(named);
  });

  test("whatever can come from the other side is known", () => {
    for (const { code } of table.filter(({ side }) => side === "remote")) expect(Object.keys(ERRORS)).toContain(code);
  });
});

describe("domains", () => {
  test.each(ofKind("domains", "purpose", false))("%s", (_, vector) => {
    expect(hex(domains.domainOf(number(vector, "purpose") as domains.Purpose))).toBe(vector.bytes);
  });

  test.each(ofKind("domains", "join", false))("%s", (_, vector) => {
    const parts = (vector.value["parts"] as string[]).map(unhex);
    expect(hex(domains.join(...parts))).toBe(vector.bytes);
  });

  test("every domain of this package is in the table", () => {
    const table = ofKind("domains", "domain", false).map(([, vector]) => vector.bytes);
    const { SEAL, SEALING_KEY, HANDSHAKE_CLIENT, HANDSHAKE_SERVER, SESSION_KEYS, LANE_KEYS, DHT_KEYS } = domains;
    const used = [SEAL, SEALING_KEY, HANDSHAKE_CLIENT, HANDSHAKE_SERVER, SESSION_KEYS, LANE_KEYS];
    for (const domain of [...used, ...Object.values(DHT_KEYS)]) expect(table).toContain(hex(domain));
  });
});

describe("identity", () => {
  test.each(ofKind("identity", "identity", false))("%s", (_, vector) => {
    const identity = new Identity(bytesOf(vector, "seed"));
    expect(hex(identity.id.key)).toBe(vector.bytes);
    expect(String(identity.id)).toBe(text(vector, "peer_id"));
    expect(hex(identity.sealingSecret)).toBe(text(vector, "sealing_secret"));
    expect(hex(identity.sealingPublic)).toBe(text(vector, "sealing_public"));
    expect(hex(x25519Of(identity.id))).toBe(text(vector, "exchange_public"));
  });

  test.each(ofKind("identity", "signature", false))("%s", (_, vector) => {
    const identity = new Identity(bytesOf(vector, "seed"));
    const domain = utf8(text(vector, "domain"));
    const [recipient, payload] = [bytesOf(vector, "recipient"), bytesOf(vector, "payload")];
    expect(hex(domains.join(domain, recipient, payload))).toBe(text(vector, "signed"));
    expect(hex(identity.sign(domain, recipient, payload))).toBe(vector.bytes);
    verify(identity.id.key, domain, recipient, payload, unhex(vector.bytes));
  });

  test.each(ofKind("identity", "peer id", false))("%s", (_, vector) => {
    const peer = PeerId.parse(text(vector, "text"));
    expect(hex(peer.key)).toBe(vector.bytes);
    expect(String(peer)).toBe(text(vector, "canonical"));
  });

  test.each(ofKind("identity", "peer id", true))("%s", (_, vector) => {
    expectRefusal(vector, () => PeerId.parse(text(vector, "text")));
  });
});

describe("strict signatures", () => {
  test.each(ofKind("strict", "key", true))("%s", (_, vector) => {
    const key = bytesOf(vector, "key");
    expect(() => new PeerId(key)).toThrow("Not a peer id");
    expectRefusal(vector, () => verify(key, utf8("d"), domains.NOBODY, utf8("p"), new Uint8Array(64)));
  });

  const signatures = [...ofKind("strict", "signature", true), ...ofKind("strict", "signature", false)];
  test.each(signatures)("%s", (_, vector) => {
    const parts = ["key", "recipient", "payload", "signature"].map((field) => bytesOf(vector, field));
    const [key, recipient, payload, signature] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const check = (): void => verify(key, utf8(text(vector, "domain")), recipient, payload, signature);
    if (vector.error === undefined) check();
    else expectRefusal(vector, check);
  });

  test.each(ofKind("strict", "exchange", true))("%s", (_, vector) => {
    expectRefusal(vector, () => exchange(bytesOf(vector, "secret"), unhex(vector.bytes)));
  });
});

describe("endpoints", () => {
  test.each(ofKind("endpoints", "endpoint", false))("%s", (_, vector) => {
    const endpoint = EndpointAddress.parse(text(vector, "text"));
    expect(String(endpoint)).toBe(text(vector, "canonical"));
    expect(hex(endpoint.toBytes())).toBe(vector.bytes);
    expect([endpoint.host, endpoint.port, endpoint.tls]).toEqual([
      vector.value["host"],
      vector.value["port"],
      vector.value["tls"],
    ]);
    expect(String(EndpointAddress.fromBytes(unhex(vector.bytes), endpoint.peer))).toBe(text(vector, "canonical"));
  });

  test.each(ofKind("endpoints", "endpoint alias", false))("%s", (_, vector) => {
    for (const read of [EndpointAddress.parse(text(vector, "text")), EndpointAddress.fromBytes(unhex(vector.bytes))]) {
      expect(String(read)).toBe(text(vector, "canonical"));
      expect(hex(read.toBytes())).toBe(text(vector, "canonical_bytes"));
    }
  });

  test.each(ofKind("endpoints", "udp", false))("%s", (_, vector) => {
    const address = UdpAddress.parse(text(vector, "text"));
    expect(hex(address.toBytes())).toBe(vector.bytes);
    expect(String(UdpAddress.fromBytes(unhex(vector.bytes)))).toBe(text(vector, "canonical"));
  });

  test.each(ofKind("endpoints", "endpoint text", true))("%s", (_, vector) => {
    expectRefusal(vector, () => EndpointAddress.parse(text(vector, "text")));
  });
  test.each(ofKind("endpoints", "udp text", true))("%s", (_, vector) => {
    expectRefusal(vector, () => UdpAddress.parse(text(vector, "text")));
  });
  test.each(ofKind("endpoints", "endpoint bytes", true))("%s", (_, vector) => {
    expectRefusal(vector, () => EndpointAddress.fromBytes(unhex(vector.bytes)));
  });
  test.each(ofKind("endpoints", "udp bytes", true))("%s", (_, vector) => {
    expectRefusal(vector, () => UdpAddress.fromBytes(unhex(vector.bytes)));
  });
});

describe("addresses and links", () => {
  test.each(ofKind("address", undefined, false))("%s", (_, vector) => {
    const address = Address.parse(text(vector, "text"));
    expect(String(address)).toBe(text(vector, "canonical"));
    expect(String(address.peer)).toBe(text(vector, "peer_id"));
    expect(hex(address.nospam)).toBe(text(vector, "nospam"));
  });

  test.each(ofKind("address", undefined, true))("%s", (_, vector) => {
    expectRefusal(vector, () => Address.parse(text(vector, "text")));
  });

  test.each(ofKind("links", undefined, false))("%s", (_, vector) => {
    const link = InviteLink.parse(text(vector, "text"));
    expect(String(link.address)).toBe(text(vector, "address"));
    expect(link.vias.map(String)).toEqual(vector.value["vias"]);
    expect(String(link)).toBe(text(vector, "canonical"));
    expect(String(parseWho(text(vector, "text")))).toBe(text(vector, "canonical"));
  });

  test.each(ofKind("links", undefined, true))("%s", (_, vector) => {
    expectRefusal(vector, () => InviteLink.parse(text(vector, "text")));
  });
});

describe("envelopes", () => {
  test.each(ofKind("envelope", "signed", false))("%s", (_, vector) => {
    const recipient = recipientOf(vector);
    const envelope = openEnvelope(unhex(vector.bytes), recipient);
    expect(hex(envelope.payload)).toBe(text(vector, "payload"));
    const identity = new Identity(bytesOf(vector, "sender_seed"));
    expect(envelope.sender.equals(identity.id)).toBe(true);
    expect(hex(sign(identity, envelope.purpose, envelope.payload, recipient))).toBe(vector.bytes);
  });

  test.each(ofKind("envelope", "signed", true))("%s", (_, vector) => {
    expectRefusal(vector, () => openEnvelope(unhex(vector.bytes), recipientOf(vector)));
  });

  test.each(ofKind("envelope", "sealed", false))("%s", (_, vector) => {
    const recipient = new PeerId(bytesOf(vector, "recipient"));
    const inside = unseal(unhex(vector.bytes), { recipient, sealingSecret: bytesOf(vector, "sealing_secret") });
    expect(hex(inside)).toBe(text(vector, "inside"));
    const to = { recipient, sealingKey: bytesOf(vector, "sealing_key"), secret: bytesOf(vector, "ephemeral_secret") };
    expect(hex(seal(inside, to))).toBe(vector.bytes);
  });

  test.each(ofKind("envelope", "sealed", true))("%s", (_, vector) => {
    const to = {
      recipient: new PeerId(bytesOf(vector, "recipient")),
      sealingSecret: bytesOf(vector, "sealing_secret"),
    };
    expectRefusal(vector, () => unseal(unhex(vector.bytes), to));
  });
});

describe("documents", () => {
  const records = [...ofKind("record", "peer-record", false), ...ofKind("record", "inbox-record", false)];
  test.each(records)("%s", (_, vector) => {
    const { record } = checkDocument(unhex(vector.bytes), number(vector, "now"));
    const { fields } = vector.value as { fields: Record<string, unknown> };
    expect(hex(record.peer.key)).toBe(fields["key"]);
    expect([record.sequence, record.issued, record.expires]).toEqual([
      fields["sequence"],
      fields["issued"],
      fields["expires"],
    ]);
    expect(hex(dhtKey(record.purpose, record.peer))).toBe(text(vector, "dht_key"));
    const named = (list: InboxRecord["mailboxes"]): unknown =>
      list.map((one) => [hex(one.peer.key), one.endpoints.map((endpoint) => String(endpoint.with(null)))]);
    if (record.purpose === domains.Purpose.PEER_RECORD) {
      expect(hex(record.instance)).toBe(fields["instance"]);
      expect(record.capabilities).toBe(fields["capabilities"]);
      expect(record.dht.map(String)).toEqual(fields["dht"]);
      expect(record.direct.map((endpoint) => String(endpoint.with(null)))).toEqual(fields["direct"]);
      expect(named(record.introducers)).toEqual(fields["introducers"]);
    } else {
      expect(written(Object.values(record.prekey))).toEqual(fields["prekey"]);
      expect(named(record.mailboxes)).toEqual(fields["mailboxes"]);
    }
    if (vector.value["trailing"] === false) expect(hex(signed(vector, record))).toBe(vector.bytes);
  });

  test.each(ofKind("record", "document", true))("%s", (_, vector) => {
    expectRefusal(vector, () => checkDocument(unhex(vector.bytes), number(vector, "now")));
  });

  test.each(ofKind("record", "dht key", false))("%s", (_, vector) => {
    const purpose = number(vector, "purpose") as PeerRecord["purpose"];
    expect(hex(dhtKey(purpose, new PeerId(bytesOf(vector, "key"))))).toBe(vector.bytes);
  });

  function signed(vector: Vector, record: PeerRecord | InboxRecord): Uint8Array {
    const identity = new Identity(bytesOf(vector, "seed"));
    return record.purpose === domains.Purpose.PEER_RECORD
      ? signPeerRecord(identity, record)
      : signInboxRecord(identity, record);
  }
});

describe("signals", () => {
  const purposes = new Map<unknown, domains.Purpose>(
    Object.entries(domains.Purpose).map(([name, purpose]) => [name.toLowerCase(), purpose]),
  );

  test.each(ofKind("signals", "payload", false))("%s", (_, vector) => {
    const signal = decodeSignal(purposes.get(vector.value["signal"]) ?? 1, unhex(vector.bytes));
    expectFields(signal, vector);
    expect(hex(payloadOf(signal))).toBe(vector.bytes);
  });

  test.each(ofKind("signals", "sealed", false))("%s", (_, vector) => {
    const recipient = new Identity(bytesOf(vector, "recipient_seed"));
    const opened = openSignal(unhex(vector.bytes), recipient);
    if (vector.value["fields"] === undefined) return;
    expectFields(opened.signal, vector);
    const sender = new Identity(bytesOf(vector, "sender_seed"));
    expect(opened.sender.equals(sender.id)).toBe(true);
    if (vector.value["envelope"] === undefined) return;
    const to = { sealingKey: bytesOf(vector, "sealing_key"), secret: bytesOf(vector, "ephemeral_secret") };
    const again = sealSignal(opened.signal, sender, { recipient: recipient.id, ...to });
    if (!vector.name.includes("later version")) expect(hex(again)).toBe(vector.bytes);
  });

  test.each(ofKind("signals", "sealed", true))("%s", (_, vector) => {
    expectRefusal(vector, () => openSignal(unhex(vector.bytes), new Identity(bytesOf(vector, "recipient_seed"))));
  });

  function expectFields({ kind, ...fields }: Signal, vector: Vector): void {
    expect(kind).toBe(vector.value["signal"]);
    expect({ version: 1, ...(written(fields) as object) }).toEqual(vector.value["fields"]);
  }
});

describe("frames", () => {
  test.each([...ofKind("wire", "frame", false), ...ofKind("wire", "later", false)])("%s", (_, vector) => {
    const { kind, ...fields } = decodeFrame(unhex(vector.bytes)) as Frame;
    expect(kind.toLowerCase()).toBe(text(vector, "frame").toLowerCase());
    expect(written(fields)).toEqual(vector.value["fields"]);
    if (vector.value["kind"] === "frame") expect(hex(encodeFrame({ kind, ...fields } as Frame))).toBe(vector.bytes);
  });

  test.each(ofKind("wire", "unknown", false))("%s", (_, vector) => {
    expect(decodeFrame(unhex(vector.bytes))).toEqual({ kind: "unknown", number: vector.value["number"] });
  });

  test.each(ofKind("wire", "frame", true))("%s", (_, vector) => {
    expectRefusal(vector, () => decodeFrame(unhex(vector.bytes)));
  });

  test.each(ofKind("wire", "handover", false))("%s", (_, vector) => {
    const handover = decodeHandover(unhex(vector.bytes));
    expect(written(handover)).toEqual(vector.value["fields"]);
    expect(hex(encodeHandover(handover))).toBe(vector.bytes);
  });

  test.each(ofKind("wire", "handover", true))("%s", (_, vector) => {
    expectRefusal(vector, () => decodeHandover(unhex(vector.bytes)));
  });
});

describe("the handshake, from the client's side", () => {
  const steps = load("handshake").filter((vector) => vector.value["kind"] === "handshake");
  const runs = new Set(steps.map((vector) => vector.name.replace(/: [^:]*$/, "")));

  function handshakeOf(vector: Vector): ClientHandshake {
    const dialled = text(vector, "dialled");
    return new ClientHandshake(new Identity(bytesOf(vector, "client_seed")), {
      role: number(vector, "role") as 0 | 1,
      secret: bytesOf(vector, "client_secret"),
      nonce: bytesOf(vector, "client_nonce"),
      dialled: dialled === NOBODY ? null : new PeerId(unhex(dialled)),
      features: typeof vector.value["client_features"] === "number" ? vector.value["client_features"] : 0,
      host: text(vector, "host"),
    });
  }

  test.each([...runs])("%s", (run) => {
    const of = (step: string): Vector => {
      const found = steps.find((one) => one.name === `${run}: ${step}`);
      if (found === undefined) throw new Error(`no ${step}`);
      return found;
    };
    const handshake = handshakeOf(of("hello"));
    expect(hex(handshake.hello())).toBe(of("hello").bytes);
    const { session, prove } = handshake.receive(unhex(of("welcome").bytes));
    expect(session.features).toBe(of("hello").value["server_features"]);
    expect(hex(prove)).toBe(of("prove").bytes);
    for (const step of [of("first frame of the client"), of("second frame of the client")]) {
      expect(hex(session.cipher.seal(bytesOf(step, "plain")))).toBe(step.bytes);
    }
    for (const step of [of("first frame of the endpoint"), of("second frame of the endpoint")]) {
      expect(hex(session.cipher.open(unhex(step.bytes)))).toBe(text(step, "plain"));
    }
  });

  test.each(ofKind("handshake", "client", true))("%s", (_, vector) => {
    expectRefusal(vector, () => handshakeOf(vector).receive(unhex(vector.bytes)));
  });

  test("a frame that is repeated ends the session", () => {
    const key = x25519Public(new Uint8Array(32).fill(7));
    const [sender, receiver] = [new Cipher(key, key), new Cipher(key, key)];
    const frame = sender.seal(utf8("once"));
    receiver.open(frame);
    expect(() => receiver.open(frame)).toThrow("injected, repeated or left out");
  });
});
