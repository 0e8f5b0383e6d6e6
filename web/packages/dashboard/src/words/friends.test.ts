import { describe, expect, it } from "vitest";
import type { Friend } from "../engine/friends.ts";
import { friend, NOW } from "../engine/stage-parts.ts";
import type { Link } from "../model/link.ts";
import { blockWords, friendWords, removeWords, standingOf, waitingWords } from "./friends.ts";

const DIRECT: Link = { code: "direct" };
const AWAY: Link = { code: "waiting", seen: NOW - 22 * 60_000 };

describe("a row", () => {
  it.each<[Partial<Friend>, Link, string]>([
    [{}, DIRECT, "Direct"],
    [{ presence: "away" }, DIRECT, "Away · Direct"],
    [{ presence: "busy" }, { code: "relayed", by: null }, "Busy · Relayed · encrypted"],
    [{ presence: "away" }, AWAY, "Not here since 13:40"],
    [{ waiting: 1 }, AWAY, "Not here since 13:40 · 1 message waits"],
    [{ waiting: 3 }, { code: "self_offline" }, "You are offline · 3 messages wait"],
    [{ waiting: 3 }, DIRECT, "Direct"],
    [{ state: "sent" }, AWAY, "Request sent · waiting for them"],
    [{ state: "received" }, DIRECT, "Wants to be your friend"],
    [{ state: "declined" }, AWAY, "Declined your request"],
    [{ state: "declined", reason: "expired" }, AWAY, "Request did not arrive"],
    [{ state: "blocked" }, AWAY, "Blocked"],
    [{ state: "stranger" }, AWAY, "No longer a friend"],
  ])("%j, %j: %s", (change, link, words) => {
    expect(friendWords(friend("Bela", change), link, "Bela", NOW)).toBe(words);
  });

  it("counts in words", () => {
    expect([waitingWords(1), waitingWords(2)]).toEqual(["1 message waits", "2 messages wait"]);
  });
});

describe("what holds where there is no friendship", () => {
  const reasons = [null, "expired", "old_address", "full", "refused", "something new"];
  const states = (["received", "sent", "blocked", "stranger"] as const).map((state) => ({ state, reason: null }));
  const declined = reasons.map((reason) => ({ state: "declined" as const, reason }));

  it.each([...states, ...declined])("$state, $reason: a title and whole sentences", (change) => {
    const { title, text } = standingOf(friend("Bela", change), "Bela", NOW);
    expect(title).toMatch(/^\p{Lu}.*[^.]$/u);
    expect(text).toMatch(/^\p{Lu}.*[.]$/u);
  });

  it("says where a request is kept, as far as that is known", () => {
    const sent = (places: number | null): string => standingOf(friend("Bela", { state: "sent", places, since: NOW }), "Bela", NOW).text;
    expect(sent(2)).toBe("Sent 14:02. Kept for Bela, sealed, at 2 places. You see here when Bela answers.");
    expect(sent(null)).toBe("Sent 14:02. Waiting for Bela. It goes out by itself as soon as there is a way.");
  });
});

it("ending it says what that means", () => {
  expect(removeWords("Bela")).toContain("Bela is told");
  expect(blockWords("Bela")).toContain("You can undo it");
});
