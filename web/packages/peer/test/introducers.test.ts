/** Which introducers are kept: three, spread, replaced when lost, none let go before another has taken its place. */

import { describe, expect, test } from "vitest";
import { EndpointAddress } from "../src/endpoints.ts";
import { Identity } from "../src/identity.ts";
import type { PeerId } from "../src/peer-id.ts";
import { IntroducerSet } from "../src/signaling/introducer-set.ts";
import { NetworkTime } from "../src/signaling/network-time.ts";

const own = idOf(200);

function idOf(seed: number): PeerId {
  return new Identity(new Uint8Array(32).fill(seed)).id;
}

/** Ten candidates in ten networks, and the set of three. */
function begun(hosts = Array.from({ length: 10 }, (_, i) => `11.0.${i}.1`)): {
  readonly set: IntroducerSet;
  readonly at: (i: number) => EndpointAddress;
  readonly open: (now: number) => number;
} {
  const set = new IntroducerSet({ own, random: () => 0.5 });
  const addresses = hosts.map((host, i) => new EndpointAddress(host, 4770, { peer: idOf(i + 1) }));
  set.add(addresses, 0);
  const at = (i: number): EndpointAddress => addresses[i] ?? new EndpointAddress("192.0.2.1", 1);
  const open = (now: number): number => {
    const { dial } = set.plan(now);
    for (const address of dial) {
      const i = addresses.findIndex((one) => String(one) === String(address));
      set.opened(address, idOf(i + 1), 20, now);
    }
    return dial.length;
  };
  return { set, at, open };
}

describe("introducers", () => {
  test("three are held; one more than needed is dialled, since some are dead", () => {
    const { set, open } = begun();
    expect(open(0)).toBe(4);
    expect(set.held()).toHaveLength(3);
    expect(set.plan(10)).toEqual({ dial: [], ask: false });
  });

  test("a lost one is replaced at once", () => {
    const { set, open } = begun();
    open(0);
    const lost = set.held()[0]?.address;
    if (lost === undefined) throw new Error("nobody is held");
    set.lost(lost, 1000);
    expect(open(1000)).toBeGreaterThan(0);
    expect(set.held()).toHaveLength(3);
    expect(set.held().map((one) => String(one.address))).not.toContain(String(lost));
  });

  test("spread over networks where there are several", () => {
    const { set, open } = begun(["11.0.0.1", "11.0.0.2", "11.0.0.3", "11.0.0.4", "12.0.0.1", "13.0.0.1"]);
    open(0);
    expect(new Set(set.held().map((one) => one.network)).size).toBe(3);
  });

  test("ourselves, and an introducer under another address, are unfit", () => {
    const { set, at } = begun();
    const { dial } = set.plan(0);
    const [first, second, third] = dial;
    if (first === undefined || second === undefined || third === undefined) throw new Error("too few are dialled");
    expect(set.opened(first, own, 1, 0)).toBe(false);
    expect(set.opened(second, idOf(77), 1, 0)).toBe(true);
    expect(set.opened(third, idOf(77), 1, 0)).toBe(false);
    expect(set.held()).toHaveLength(1);
    expect(at(0)).toBeDefined();
  });

  test("make before break: who is replaced still works until the new record is stored", () => {
    const { set, open, at } = begun(["11.0.0.1", "11.0.0.2", "11.0.0.3"]);
    open(0);
    set.add([new EndpointAddress("12.0.0.1", 4770, { peer: idOf(50) })], 100);
    const { dial } = set.plan(200_000);
    expect(dial.map(String)).toEqual([`/ip4/12.0.0.1/tcp/4770/ws/p2p/${idOf(50)}`]);
    expect(set.opened(new EndpointAddress("12.0.0.1", 4770), idOf(50), 20, 200_100)).toBe(true);
    const [leaving] = set.leaving();
    expect(leaving?.host).toMatch(/^11\.0\.0\./);
    expect(set.held()).toHaveLength(3);
    if (leaving !== undefined) set.left(leaving, 200_200);
    expect(set.leaving()).toEqual([]);
    expect(at(0)).toBeDefined();
  });

  test("who fails is tried again later, each time later", () => {
    const { set } = begun(["11.0.0.1"]);
    const [only] = set.plan(0).dial;
    if (only === undefined) throw new Error("nobody is dialled");
    set.failed(only, 0);
    const first = set.deadline(0);
    expect(set.plan(first).dial).toHaveLength(1);
    set.failed(only, first);
    expect(set.deadline(first) - first).toBeGreaterThan(first);
  });

  test("a renewal keeps the place, and who is leaving is not renewed", () => {
    const { set, open } = begun();
    open(0);
    const one = set.held()[0]?.address;
    if (one === undefined) throw new Error("nobody is held");
    expect(set.renew(one)).toBe(true);
    expect(set.held()).toHaveLength(3);
    set.renewed(one);
    expect(set.held()[0]?.state).toBe("reserved");
  });
});

describe("network time", () => {
  test("one liar does not move it, and too few say nothing", () => {
    const time = new NetworkTime();
    time.tell("a", 100);
    time.tell("b", 120);
    expect(time.offsetMs).toBeNull();
    time.tell("liar", 1e12);
    expect(time.offsetMs).toBe(120);
  });
});
