/** Sessions between two peers in memory: whole mail for the invitations, whole connections for the streams. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PeerSession, SessionHandler, StreamSpec } from "../src/asking.ts";
import { hex, random, unhex, utf8 } from "../src/bytes.ts";
import type { Connection } from "../src/connection/connection.ts";
import type { Stream } from "../src/connection/stream.ts";
import { WherryError } from "../src/errors.ts";
import { later } from "../src/loading.ts";
import { CLAIM_MS, DATA_BYTES, UNCLAIMED } from "../src/sessions/limits.ts";
import { LazySessions } from "../src/sessions/lazy.ts";
import type { Flow } from "../src/sessions/session.ts";
import { Sessions } from "../src/sessions/sessions.ts";
import {
  CONTROL_STREAM,
  SESSION_STREAM,
  decodeAccept,
  decodeOpening,
  decodeRequest,
  encodeAccept,
  encodeOpening,
  encodeRequest,
  openingSize,
} from "../src/sessions/wire.ts";
import { Once, sleep } from "../src/tasks.ts";
import { type Home, World, befriended, failing, fakeTime, passing, realTime, until } from "./mail-world.ts";
import { type Side, join, side } from "./network-sides.ts";
import { type Vector, expectRefusal, ofKind, text, written } from "./vectors.ts";

const CALL: readonly Required<StreamSpec>[] = [
  { name: "audio", datagrams: true },
  { name: "control", datagrams: false },
  { name: "picture", datagrams: false },
];
const TOKEN = new Uint8Array(16).fill(1);

/** One end: a peer with mail that has sessions. */
interface End {
  readonly home: Home;
  readonly side: Side;
  readonly sessions: Sessions;
  handle(name: string, handler: SessionHandler): void;
  connect(): Promise<Connection>;
  /** How many streams are open with the other end, beside those of messages. */
  streams(): number;
}

/** @param dialMs - milliseconds until there is a connection */
function endOf(home: Home, own: Side, other: Side, dialMs = 0): End {
  const connect = async (): Promise<Connection> => {
    await sleep(dialMs);
    if (own.network.get(other.id) === null) await join(own, other);
    const connected = own.network.get(other.id);
    if (connected === null) throw new WherryError("PEER_CLOSED");
    return connected.connection;
  };
  const sessions = new Sessions({ network: own.network, invitations: home.invitations, connect, random });
  return {
    home,
    side: own,
    sessions,
    connect,
    handle: (name, handler) => {
      home.invitations.handle(`session:${name}`, async (invitation) => sessions.answer(name, handler, invitation));
    },
    streams: () => own.network.get(other.id)?.connection.streams.filter(({ name }) => name.includes("session")).length ?? 0,
  };
}

/** The scenario with Ada and Bela; afterwards nothing of a session is left at either end. */
function between(run: (ada: End, bela: End) => Promise<void>, dialMs = 0): () => Promise<void> {
  return async () => {
    const [a, b] = await befriended(new World());
    const [here, there] = [side(1, "Ada"), side(2, "Bela")];
    const [ada, bela] = [endOf(a, here, there, dialMs), endOf(b, there, here)];
    await run(ada, bela);
    await until(() => ada.sessions.idle && bela.sessions.idle, 120);
    await until(() => ada.streams() + bela.streams() === 0, 120);
    for (const end of [ada, bela]) {
      end.side.network.close({ told: true });
      await end.home.off();
    }
  };
}

async function request(from: End, to: End, name = "call/1", streams: readonly StreamSpec[] = CALL): Promise<PeerSession> {
  return passing(from.sessions.request(String(to.home.id), name, streams));
}

/** Answers by saying yes, and stays until the session is over; what it accepted. */
function accepting(end: End, name = "call/1"): Once<PeerSession> {
  const there = new Once<PeerSession>();
  end.handle(name, async (asked) => {
    const session = await asked.accept();
    there.resolve(session);
    await session.ended;
  });
  return there;
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<string[]> {
  const got: string[] = [];
  for await (const chunk of chunks) got.push(new TextDecoder().decode(chunk));
  return got;
}

describe("a session", () => {
  beforeEach(fakeTime);
  afterEach(realTime);

  test("has streams of both kinds, which begin and end as one", between(async (ada, bela) => {
    const heard: string[] = [];
    const there = new Once<PeerSession>();
    bela.handle("call/1", async (asked) => {
      expect(asked).toMatchObject({ peer: String(ada.home.id), name: "call/1", streams: CALL, data: utf8("ring") });
      const session = await asked.accept(utf8("hello"));
      there.resolve(session);
      for await (const word of session.stream("control")) {
        heard.push(new TextDecoder().decode(word));
        await session.stream("picture").write(utf8("MUTE"));
      }
      heard.push(...(await all(session.datagrams("audio"))));
    });
    const session = await passing(ada.sessions.request(String(bela.home.id), "call/1", CALL, utf8("ring")));
    expect(session).toMatchObject({ peer: String(bela.home.id), name: "call/1", streams: CALL, data: utf8("hello"), over: false });
    session.datagrams("audio").send(utf8("sound"));
    await session.stream("control").write(utf8("mute"));
    expect(await passing(session.stream("picture").read())).toEqual(utf8("MUTE"));
    await passing(session.close());
    expect(await passing((await there.promise).ended)).toBeNull();
    expect([session.over, session.error]).toEqual([true, null]);
    await until(() => heard.length === 2);
    expect(heard).toEqual(["mute", "sound"]);
    for (const wrong of [() => session.stream("audio"), () => session.datagrams("control"), () => session.stream("x")]) {
      expect(wrong).toThrow(RangeError);
    }
  }));

  test("has what was written before its end read after it", between(async (ada, bela) => {
    const got = new Once<number>();
    bela.handle("call/1", async (asked) => {
      const session = await asked.accept();
      expect(await session.ended).toBeNull();
      await sleep(1000);
      got.resolve((await all(session.stream("control"))).join("").length);
    });
    const session = await request(ada, bela);
    await session.stream("control").write(new Uint8Array(50_000).fill(120));
    await passing(session.close());
    expect(await passing(got.promise)).toBe(50_000);
  }));

  test("is refused with the reason, and nothing is opened", between(async (ada, bela) => {
    const again = new Once<unknown>();
    bela.handle("call/1", async (asked) => {
      asked.decline("not now");
      again.resolve(await asked.accept().catch((error: unknown) => error));
    });
    bela.handle("silent/1", async () => undefined);
    bela.handle("raising/1", async () => {
      throw new WherryError("REQUEST_DECLINED", "busy");
    });
    bela.handle("broken/1", async () => {
      throw new Error("secret");
    });
    for (const [name, code, detail] of [
      ["call/1", "REQUEST_DECLINED", "not now"],
      ["silent/1", "REQUEST_DECLINED", "status 1"],
      ["raising/1", "REQUEST_DECLINED", "busy"],
      ["broken/1", "REFUSED_BY_PEER", "status 3"],
      ["nobody/1", "UNSUPPORTED", "nobody answers to session:nobody/1 here"],
    ] as const) {
      expect(await failing(request(ada, bela, name))).toMatchObject({ code, detail });
    }
    expect(await again.promise).toMatchObject({ code: "BAD_REQUEST" });
    expect(ada.side.network.all).toEqual([]);
  }));

  test("ends with the error of one stream that fails", between(async (ada, bela) => {
    const there = accepting(bela);
    const session = await request(ada, bela);
    const reading = failing(session.stream("control").read());
    const other = await there.promise;
    session.stream("picture").reset(7);
    const seven = { code: "STREAM_RESET", reason: 7 };
    expect(await passing(other.ended)).toMatchObject(seven);
    await expect(other.stream("control").read()).rejects.toMatchObject(seven);
    expect(() => other.datagrams("audio").send(utf8("x"))).toThrow("The peer reset the stream");
    expect(await reading).toMatchObject(seven);
    expect(session.error).toMatchObject(seven);
    await session.close();
  }));

  test("ends with a handler that fails, and with what an application says", between(async (ada, bela) => {
    bela.handle("call/1", async (asked) => {
      await asked.accept();
      throw new WherryError("LIMIT_EXCEEDED", "enough");
    });
    const session = await request(ada, bela);
    expect(await passing(session.ended)).toMatchObject({ code: "LIMIT_EXCEEDED" });
    const there = accepting(bela, "call/2");
    const second = await request(ada, bela, "call/2");
    second.fail(new WherryError("UNSUPPORTED"));
    expect(await passing((await there.promise).ended)).toMatchObject({ code: "UNSUPPORTED" });
  }));

  test("ends with the connection, at both ends", between(async (ada, bela) => {
    const there = accepting(bela);
    const session = await request(ada, bela);
    await ada.side.network.disconnect(bela.home.id);
    expect(await passing(session.ended)).toMatchObject({ code: "CLOSED" });
    expect(await passing((await there.promise).ended)).toMatchObject({ code: "PEER_CLOSED" });
  }));

  test("ends with the page, and none begins after it", between(async (ada, bela) => {
    const there = accepting(bela);
    const session = await request(ada, bela);
    ada.sessions.close();
    expect(session.error).toMatchObject({ code: "CLOSED" });
    expect(await passing((await there.promise).ended)).toMatchObject({ code: "STREAM_RESET", reason: 0 });
  }));

  test("is not had by who changes his mind while it rings", between(async (ada, bela) => {
    const late = new Once<unknown>();
    const off = new AbortController();
    bela.handle("call/1", async (asked) => {
      off.abort();
      await sleep(1000);
      late.resolve(await asked.accept().catch((error: unknown) => error));
    });
    const asking = ada.sessions.request(String(bela.home.id), "call/1", CALL, undefined, { signal: off.signal });
    expect((await failing(asking)).code).toBe("CLOSED");
    expect(await passing(late.promise)).toMatchObject({ code: "DIAL_TIMEOUT" });
    expect(ada.side.network.all).toEqual([]);
  }));

  test("is answered too late: the handler hears that nobody waits", between(async (ada, bela) => {
    const late = new Once<unknown>();
    bela.handle("call/1", async (asked) => {
      await new Promise((resolve) => asked.signal.addEventListener("abort", resolve));
      late.resolve(await asked.accept().catch((error: unknown) => error));
    });
    const asking = ada.sessions.request(String(bela.home.id), "call/1", CALL, undefined, { timeoutMs: 10_000 });
    expect((await failing(asking)).code).toBe("RECEIVE_TIMEOUT");
    expect(await passing(late.promise)).toMatchObject({ code: "CLOSED" });
  }));

  test("leaves nothing, whenever it is called off", between(async (ada, bela) => {
    accepting(bela);
    for (let delayMs = 0; delayMs < 200; delayMs += 13) {
      const off = new AbortController();
      setTimeout(() => off.abort(), delayMs);
      const asking = ada.sessions.request(String(bela.home.id), "call/1", CALL, undefined, { signal: off.signal });
      const [outcome] = await passing(Promise.allSettled([asking]));
      if (outcome.status === "fulfilled") outcome.value.fail();
      else expect(outcome.reason).toMatchObject({ code: "CLOSED" });
      await until(() => ada.sessions.idle && bela.sessions.idle, 120);
    }
  }, 50));

  test.each<readonly [string, string, (control: Stream) => Promise<unknown>]>([
    ["says nothing", "DIAL_TIMEOUT", async () => new Promise(() => undefined)],
    ["says something else", "PROTOCOL_VIOLATION", async (control) => control.write(Uint8Array.of(2))],
    ["ends it before it began", "PEER_CLOSED", async (control) => control.finish()],
    ["refuses it", "STREAM_REFUSED", async (control) => control.fail(new WherryError("STREAM_REFUSED"))],
  ])("leaves nothing where the other end %s", async (_, code, start) => {
    const [a, b] = await befriended(new World());
    const [here, there] = [side(1, "Ada"), side(2, "Bela")];
    const ada = endOf(a, here, there);
    const rule = { allow: "anyone", opensPerMinute: 240, bytesPerMinute: null } as const;
    const hold = async (flow: Flow): Promise<void> => void (await flow.ended());
    there.network.serve(SESSION_STREAM, rule, hold, hold);
    there.network.serve(CONTROL_STREAM, rule, async (control) => {
      await start(control);
      await control.ended();
    });
    b.invitations.handle("session:call/1", async () => ({ data: encodeAccept(TOKEN, new Uint8Array()) }));
    expect((await failing(ada.sessions.request(String(b.id), "call/1", CALL))).code).toBe(code);
    const off = new AbortController();
    setTimeout(() => off.abort(), 5000);
    const asking = ada.sessions.request(String(b.id), "call/1", CALL, undefined, { signal: off.signal });
    expect((await failing(asking)).code).toBe(code === "DIAL_TIMEOUT" ? "CLOSED" : code);
    await until(() => ada.streams() === 0, 60);
    expect(ada.sessions.idle).toBe(true);
    for (const { network } of [here, there]) network.close({ told: true });
    await a.off();
    await b.off();
  });

  test("that was not accepted is refused, and its streams with it", between(async (ada, bela) => {
    const connection = await passing(ada.connect());
    const flow = connection.openStream(SESSION_STREAM);
    const control = connection.openStream(CONTROL_STREAM);
    await control.write(encodeOpening({ token: TOKEN, numbers: [{ name: "control", number: flow.number }] }));
    expect((await failing(control.read())).code).toBe("STREAM_REFUSED");
    const start = performance.now();
    expect((await failing(flow.read())).code).toBe("STREAM_REFUSED");
    expect(performance.now() - start).toBeLessThanOrEqual(CLAIM_MS + 1000);
    for (const said of [Uint8Array.of(255, 255), Uint8Array.of(0, 1, 0xc0), Uint8Array.of(0)]) {
      const nonsense = connection.openStream(CONTROL_STREAM);
      await nonsense.write(said);
      void nonsense.finish().catch(() => undefined); // it is refused
      expect(["STREAM_RESET", "PROTOCOL_VIOLATION"]).toContain((await failing(nonsense.read())).code);
    }
    expect(bela.sessions.idle).toBe(true);
  }));

  test("that never claims its streams: their number is bounded", between(async (ada) => {
    const connection = await passing(ada.connect());
    const flows = Array.from({ length: UNCLAIMED + 1 }, () => connection.openStream(SESSION_STREAM));
    expect((await failing(flows[UNCLAIMED]?.read() ?? Promise.resolve())).code).toBe("LIMIT_EXCEEDED");
    for (const flow of flows) flow.reset();
  }));

  test("has the streams that were asked for, and no others", between(async (ada, bela) => {
    const refused = new Once<unknown>();
    bela.handle("call/1", async (asked) => refused.resolve(await asked.accept().catch((error: unknown) => error)));
    const asked = encodeRequest(CALL.slice(0, 1), new Uint8Array());
    const reply = await passing(ada.home.invitations.invite(String(bela.home.id), "session:call/1", asked));
    const { token } = decodeAccept(new Uint8Array(reply.data));
    const connection = await passing(ada.connect());
    const { number } = connection.openStream(SESSION_STREAM);
    for (const numbers of [
      [{ name: "audio", number }, { name: "more", number: 5 }],
      [{ name: "other", number }],
      [{ name: "audio", number }], // of the other kind
    ]) {
      const control = connection.openStream(CONTROL_STREAM);
      await control.write(encodeOpening({ token, numbers }));
      expect((await failing(control.read())).code).toBe("STREAM_RESET");
    }
    expect(await passing(refused.promise)).toMatchObject({ code: "DIAL_TIMEOUT" });
  }));

  test("that cannot be asked for", between(async (ada, bela) => {
    const named = (...names: readonly string[]): StreamSpec[] => names.map((name) => ({ name }));
    const ask = async (name: string, streams: readonly StreamSpec[], size = 0): Promise<unknown> =>
      ada.sessions.request(String(bela.home.id), name, streams, new Uint8Array(size));
    const seventeen = Array.from({ length: 17 }, (_, i) => `${i}`);
    for (const names of [[], ["a", "a"], [""], ["x".repeat(41)], ["a\u00a0b"], seventeen]) {
      await expect(ask("call/1", named(...names))).rejects.toMatchObject({ code: "BAD_REQUEST" });
    }
    for (const name of ["", "x".repeat(65), "a\nb"]) await expect(ask(name, CALL)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await expect(ask("call/1", CALL, DATA_BYTES + 1)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  }));

  test("is one of sixteen with a peer", between(async (ada, bela) => {
    accepting(bela);
    const sessions = await Promise.all(Array.from({ length: 16 }, async () => request(ada, bela, "call/1", CALL.slice(0, 1))));
    expect((await failing(request(ada, bela))).code).toBe("LIMIT_EXCEEDED");
    await passing(Promise.all(sessions.map(async (session) => session.close())));
    expect(sessions.map(({ error }) => error)).toEqual(sessions.map(() => null));
  }));
});

describe("sessions, where a page has them", () => {
  beforeEach(fakeTime);
  afterEach(realTime);

  test("are loaded when they are wanted, serve until they are stopped, and are none after the end", async () => {
    await later(); // from the disk, during which the tests' time would run away
    const [a, b] = await befriended(new World());
    const [here, there] = [side(1, "Ada"), side(2, "Bela")];
    const lazy = (own: Side, other: Side, home: Home): LazySessions =>
      new LazySessions({
        network: own.network,
        invitations: home.invitations,
        random,
        connect: async () => {
          await join(own, other);
          return own.network.get(other.id)?.connection ?? Promise.reject(new WherryError("PEER_CLOSED"));
        },
      });
    const [ada, bela] = [lazy(here, there, a), lazy(there, here, b)];
    expect(() => bela.serve("", async () => undefined, "friends")).toThrow("The request is not usable");
    const stop = bela.serve("call/1", async (asked) => void (await asked.accept()), "friends");
    const session = await passing(ada.request(String(b.id), "call/1", CALL));
    expect(await passing(session.ended)).toBeNull();
    stop();
    expect((await failing(ada.request(String(b.id), "call/1", CALL))).code).toBe("UNSUPPORTED");
    ada.close();
    bela.close();
    const closed = lazy(side(3, "Cy"), here, a);
    closed.close();
    expect((await failing(closed.request(String(b.id), "call/1", CALL))).code).toBe("CLOSED");
    await a.off();
    await b.off();
  });
});

describe("what is said about a session", () => {
  const decoders = {
    request: decodeRequest,
    accept: decodeAccept,
    opening: (data: ReturnType<typeof unhex>) => {
      openingSize(data);
      return decodeOpening(data.subarray(2));
    },
  } as const;
  const decode = (kind: string, vector: Vector): unknown => decoders[kind as keyof typeof decoders](unhex(vector.bytes));

  const encoded = { request: encodeRequest, accept: encodeAccept } as const;
  test.each(ofKind("sessions", "request", false))("%s", (_, vector) => {
    const { streams, data } = decoders.request(unhex(vector.bytes));
    expect(written({ streams, data })).toEqual(vector.value["fields"]);
    expect(hex(encoded.request(streams, data))).toBe(vector.bytes);
  });

  test.each(ofKind("sessions", "accept", false))("%s", (_, vector) => {
    const { token, data } = decoders.accept(unhex(vector.bytes));
    expect(written({ token, data })).toEqual(vector.value["fields"]);
    expect(hex(encoded.accept(token, data))).toBe(vector.bytes);
  });

  test.each(ofKind("sessions", "opening", false))("%s", (_, vector) => {
    const opening = decoders.opening(unhex(vector.bytes));
    expect(written(opening)).toEqual(vector.value["fields"]);
    expect(hex(encodeOpening(opening))).toBe(vector.bytes);
  });

  test.each(ofKind("sessions", "later", false))("%s", (_, vector) => {
    expect(written(decode(text(vector, "body"), vector))).toEqual(vector.value["fields"]);
  });

  const refused = ["request", "accept", "opening"].flatMap((kind) => ofKind("sessions", kind, true));
  test.each(refused)("%s", (_, vector) => {
    expectRefusal(vector, () => decode(text(vector, "kind"), vector));
  });
});
