import { describe, expect, it } from "vitest";
import type { Message, MessageState } from "../engine/friends.ts";
import { friend, message, NOW } from "../engine/stage-parts.ts";
import type { Link } from "../model/link.ts";
import { awayLine, dayWords, failedWords, FAILED_REASONS, groupsOfFive, lastWords, stateSentence, STATE_WORDS } from "./chat.ts";

const DAY = 86_400_000;
const said = (state: MessageState, change: Partial<Message> = {}): Message => message("You", "Bela", NOW, "x", { state, ...change });

describe("a message's mark", () => {
  it.each<[Message, string]>([
    [said("queued"), "Waits on this device. It goes out by itself as soon as there is a way."],
    [said("held", { places: 2, until: NOW + 14 * DAY }), "Kept for Bela, sealed, at 2 places. Delivered when Bela is back, until 4 Dec."],
    [said("held", { places: 1 }), "Kept for Bela, sealed, at 1 place. Delivered when Bela is back."],
    [said("delivered"), "On Bela's device, not yet read there."],
    [said("read"), "Bela has read it."],
    [said("failed", { reason: "full" }), "Not sent: Bela's mailboxes are full."],
  ])("$state", (one, words) => {
    expect(stateSentence(one, "Bela", NOW)).toBe(words);
  });

  it("has a word for each state", () => {
    expect(STATE_WORDS).toEqual({ queued: "Queued", held: "Held", delivered: "Delivered", read: "Read", failed: "Not sent" });
  });
});

describe("why a message was not sent", () => {
  it.each(FAILED_REASONS)("%s has a clause", (reason) => {
    expect(failedWords(reason, "Bela")).toMatch(/^Not sent: [a-zB].*[^.][.]$/);
  });

  it("takes a code however it is spelled, and says as it is what it has no words for", () => {
    expect(failedWords("OLD_ADDRESS", "Bela")).toBe(failedWords("old address", "Bela"));
    expect(failedWords("the moon is wrong.", "Bela")).toBe("Not sent: the moon is wrong.");
    expect(failedWords(null, "Bela")).toBe("Not sent.");
  });
});

describe("the line over the box", () => {
  const line = (link: Link, places: number | null, gone = false): string | null =>
    awayLine(friend("Bela", { places }), link, "Bela", NOW, gone);

  it.each<[string, Link, number | null, string | null]>([
    ["is not there while it just arrives", { code: "direct" }, 2, null],
    ["is not there over the slow way either", { code: "signaling", by: null }, 2, null],
    ["is not there while it connects", { code: "connecting", since: NOW, phase: "ring" }, 2, null],
    ["says where it is kept, and until when", { code: "waiting", seen: NOW }, 2, "Bela is not here. What you write is kept, sealed, at 2 places until Bela is back, or until 4 Dec."],
    ["says only what is known", { code: "waiting", seen: NOW }, null, "Bela is not here. What you write is kept, sealed, until Bela is back, or until 4 Dec."],
    ["says where nobody keeps it", { code: "waiting", seen: null }, 0, "Bela is not here. Nobody keeps messages for Bela: what you write waits on this device until you are both here."],
    ["tells unreachable from away", { code: "unreachable", error: null }, 1, "Bela cannot be reached. What you write is kept, sealed, at 1 place until Bela is back, or until 4 Dec."],
    ["speaks of one's own network first", { code: "self_offline" }, 2, "You are offline. What you write waits here and goes out by itself."],
  ])("%s", (_, link, places, words) => {
    expect(line(link, places)).toBe(words);
  });

  it("speaks of the node where that has gone", () => {
    expect(line({ code: "self_offline" }, 2, true)).toBe("The node has stopped. What you write stays in this box until it is back.");
  });
});

describe("days and times", () => {
  it.each([
    [NOW, "Today"],
    [NOW - DAY, "Yesterday"],
    [NOW - 2 * DAY, "18 Nov"],
    [NOW - 365 * DAY, "20 Nov 2025"],
  ])("%s: %s", (at, words) => {
    expect(dayWords(at, NOW)).toBe(words);
  });

  it("are the time today, the date before that", () => {
    expect(lastWords(NOW - 60_000, NOW)).toBe("14:01");
    expect(lastWords(NOW - DAY, NOW)).toBe("19 Nov");
  });
});

it("a safety number is read in twelve groups of five", () => {
  const groups = groupsOfFive("04821 39077".repeat(6));
  expect(groups).toHaveLength(12);
  expect(groups[1]).toEqual({ at: 5, digits: "39077" });
});
