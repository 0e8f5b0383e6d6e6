import { describe, expect, it } from "vitest";
import type { Friend } from "../engine/friends.ts";
import { friend, ICE_FAILED, NOW } from "../engine/stage-parts.ts";
import type { Link } from "../model/link.ts";
import { blockWords, friendSentence, friendWords, removeWords, standingOf, waitingWords } from "./friends.ts";

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

describe("how it stands with a friend", () => {
  const kept = "What you write is kept, sealed, at 2 places until Bela is back, or until 4 Dec.";
  const yesterday: Link = { code: "waiting", seen: NOW - 86_400_000 };

  it.each<[Link, string]>([
    [{ code: "direct_lan" }, "You and Bela are on the same network. Nobody is in between."],
    [DIRECT, "Bytes go straight to Bela. Nobody is in between."],
    [{ code: "relayed", by: null }, "A relay passes on what you and Bela say, encrypted, and cannot read it. Nothing to do. A direct way would be faster."],
    [{ code: "signaling", by: "Ada" }, "Only web traffic passes here, so Ada carries every byte. Slow, and encrypted. Another network may allow a direct way."],
    [{ code: "connecting", since: NOW, phase: "look_up" }, "Asking introducers where Bela is."],
    [AWAY, `Bela was last here at 13:40. ${kept}`],
    [yesterday, `Bela was last here on 19 Nov 14:02. ${kept}`],
    [{ code: "waiting", seen: null }, `Bela is not here now. ${kept}`],
    [{ code: "unreachable", error: null }, `There is no way to Bela now. Try again in a minute. ${kept}`],
    [{ code: "self_offline" }, "Bela can be reached once you are back. Wherry goes on by itself when there is a network."],
    [{ code: "self_offline", node: true }, "Bela can be reached once your node runs again. Start it with “wherry up”."],
  ])("%j: %s", (link, words) => {
    expect(friendSentence(friend("Bela", { places: 2 }), link, null, "Bela", NOW)).toBe(words);
  });

  it("says where nobody keeps anything, and only what is known", () => {
    const away = (places: number | null): string => friendSentence(friend("Bela", { places }), AWAY, null, "Bela", NOW);
    expect(away(0)).toBe("Bela was last here at 13:40. Nobody keeps messages for Bela: what you write waits on this device until you are both here.");
    expect(away(null)).toBe("Bela was last here at 13:40. What you write is kept, sealed, until Bela is back, or until 4 Dec.");
  });

  it("says why the last attempt failed, of one who is away", () => {
    const said = (link: Link): string => friendSentence(friend("Bela", { places: 2 }), link, ICE_FAILED, "Bela", NOW);
    expect(said(AWAY)).toMatch(/^Bela was last here at 13:40\. Bela answered, but no path leads there.*\. What you write is kept/);
    expect(said(DIRECT)).toBe("Bytes go straight to Bela. Nobody is in between.");
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
