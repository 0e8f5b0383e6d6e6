/** Several tabs of one page: one leads, the others follow, and when it goes another takes over. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WherryError } from "../src/errors.ts";
import type { Channel, TabMessage } from "../src/tabs/channel.ts";
import { Follower } from "../src/tabs/follower.ts";
import { type Leadership, standForLeader } from "../src/tabs/leadership.ts";
import { friendsBy, messagesBy } from "../src/tabs/features.ts";
import { Served } from "../src/tabs/served.ts";
import { Serving } from "../src/tabs/serving.ts";
import type { PeerEvent, PeerState, PeerStream } from "../src/types.ts";

/** What tabs share: messages arrive later, and a tab that is frozen hears them when it wakes. */
class Page {
  readonly tabs = new Map<string, (message: TabMessage) => void>();
  readonly frozen = new Set<string>();

  channel(id: string): Channel {
    const listeners: ((message: TabMessage) => void)[] = [];
    this.tabs.set(id, (message) => {
      for (const listener of listeners) listener(message);
    });
    return {
      id,
      post: (message) => {
        if (this.frozen.has(id)) return;
        for (const [other, deliver] of this.tabs) {
          if (other !== id) setTimeout(() => !this.frozen.has(other) && deliver(structuredClone(message)), 1);
        }
      },
      listen: (listener) => listeners.push(listener),
      close: () => this.tabs.delete(id),
    };
  }
}

interface Tab {
  readonly channel: Channel;
  readonly leadership: Leadership;
  role: "leads" | "follows" | "none";
}

function open(page: Page, id: string): Tab {
  const channel = page.channel(id);
  const said: { role: Tab["role"] } = { role: "none" };
  const leadership = standForLeader(channel, {
    onLead: () => (said.role = "leads"),
    onFollow: () => (said.role = "follows"),
    onLost: () => (said.role = "none"),
  });
  return Object.defineProperty({ channel, leadership } as Tab, "role", { get: () => said.role });
}

describe("leading and following, without Web Locks", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("navigator", {});
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const roles = (...tabs: readonly Tab[]): string[] => tabs.map((tab) => tab.role);

  test("the first leads, the next follow", async () => {
    const page = new Page();
    const first = open(page, "m");
    await vi.advanceTimersByTimeAsync(500);
    const [second, third] = [open(page, "a"), open(page, "z")];
    await vi.advanceTimersByTimeAsync(500);
    expect(roles(first, second, third)).toEqual(["leads", "follows", "follows"]);
  });

  test("of many that open at once, one leads", async () => {
    const page = new Page();
    const tabs = ["d", "b", "a", "c"].map((id) => open(page, id));
    await vi.advanceTimersByTimeAsync(3000);
    expect(roles(...tabs).toSorted()).toEqual(["follows", "follows", "follows", "leads"]);
  });

  test("when the leader says goodbye another takes over at once, and when it dies within seconds", async () => {
    const page = new Page();
    const [first, second, third] = [open(page, "a"), open(page, "b"), open(page, "c")];
    await vi.advanceTimersByTimeAsync(3000);
    expect(first.role).toBe("leads");
    first.leadership.close();
    first.channel.post({ type: "bye", from: "a" });
    await vi.advanceTimersByTimeAsync(500);
    expect(roles(second, third)).toEqual(["leads", "follows"]);
    second.leadership.close();
    page.tabs.delete("b");
    await vi.advanceTimersByTimeAsync(6000);
    expect(third.role).toBe("leads");
  });

  test("a leader that slept and finds another steps down", async () => {
    const page = new Page();
    const [first, second] = [open(page, "a"), open(page, "b")];
    await vi.advanceTimersByTimeAsync(3000);
    page.frozen.add("a");
    await vi.advanceTimersByTimeAsync(8000);
    expect(second.role).toBe("leads");
    page.frozen.delete("a");
    await vi.advanceTimersByTimeAsync(3000);
    expect(roles(first, second)).toEqual(["follows", "leads"]);
  });
});

describe("what a following tab asks for", () => {
  const stream: PeerStream = {
    name: "/x/1",
    peer: "p",
    write: async () => undefined,
    read: vi.fn<PeerStream["read"]>().mockResolvedValueOnce(Uint8Array.of(1, 2)).mockResolvedValue(null),
    finish: async () => undefined,
    reset: vi.fn<PeerStream["reset"]>(),
    stop: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield new Uint8Array();
    },
  };

  function pairOfTabs(): { readonly follower: Follower; readonly serving: Serving; readonly events: PeerEvent[] } {
    const page = new Page();
    const peer = {
      state: { id: "me", tab: "leader" } as PeerState,
      traces: () => [],
      openStream: async () => stream,
      friends: { add: async (text: string, hello: string) => `asked ${text}: ${hello}` },
      messages: {
        send: async () => {
          throw new WherryError("NOT_FRIENDS");
        },
      },
      ping: async () => {
        throw new WherryError("PEER_NOT_FOUND", "nobody knows", { peer: "x" });
      },
    } as unknown as ConstructorParameters<typeof Serving>[1];
    const events: PeerEvent[] = [];
    const serving = new Serving(page.channel("leader"), peer);
    return { serving, events, follower: new Follower(page.channel("follower"), (event) => events.push(event)) };
  }

  test("the state, as a follower's", async () => {
    const { follower, events } = pairOfTabs();
    await follower.start();
    expect(follower.state).toMatchObject({ id: "me", tab: "follower" });
    expect(events).toHaveLength(1);
  });

  test("streams, read and ended through the leading tab", async () => {
    const { follower } = pairOfTabs();
    const followed = await follower.openStream("p", "/x/1");
    expect(await followed.read()).toEqual(Uint8Array.of(1, 2));
    expect(await followed.read()).toBeNull();
    followed.reset(3);
    await vi.waitFor(() => expect(stream.reset).toHaveBeenCalledWith(3));
  });

  test("friends and messages, which the leading tab has", async () => {
    const { follower } = pairOfTabs();
    const friends = friendsBy((room, name, args) => follower.call("feature", room, name, args));
    const messages = messagesBy((room, name, args) => follower.call("feature", room, name, args));
    expect(await friends.add("an address", "hello")).toBe("asked an address: hello");
    await expect(messages.send("p", "x")).rejects.toMatchObject({ code: "NOT_FRIENDS" });
    await expect(follower.call("feature", "friends", "toString", [])).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  test("errors, with their code and hint", async () => {
    const { follower } = pairOfTabs();
    const said = { code: "PEER_NOT_FOUND", detail: "nobody knows", peer: "x" };
    await expect(follower.ping("x")).rejects.toMatchObject(said);
  });

  test("who waits hears it when the leading tab changes", async () => {
    const { follower } = pairOfTabs();
    const opening = follower.openStream("p", "/x/1");
    follower.close();
    await expect(opening).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("what a page serves", () => {
  test("is served whenever its tab leads, until it is stopped", () => {
    const served = new Served<string>();
    const log: string[] = [];
    const begin = (name: string) => (engine: string) => {
      log.push(`${engine} serves ${name}`);
      return () => log.push(`${engine} stops ${name}`);
    };
    const stop = served.add("stream /x/1", begin("x"));
    expect(() => served.add("stream /x/1", begin("x"))).toThrow("the stream /x/1 is served already");
    served.lead("first");
    served.add("session y", begin("y"));
    served.follow();
    served.lead("second");
    stop();
    stop();
    served.follow();
    served.lead("third");
    const [first, second] = [["first serves x", "first serves y"], ["second serves x", "second serves y", "second stops x"]];
    expect(log).toEqual([...first, ...second, "third serves y"]);
  });
});
