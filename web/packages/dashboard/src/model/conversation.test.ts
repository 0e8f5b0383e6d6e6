import { array, assert, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { idOf } from "../engine/cast.ts";
import type { Message } from "../engine/friends.ts";
import { message, NOW } from "../engine/stage-parts.ts";
import { daysOf, excerpt, merged } from "./conversation.ts";

const MINUTE = 60_000;

const some = array(record({ id: integer({ min: 0, max: 12 }), at: integer({ min: 0, max: 20 }) }), { maxLength: 20 });

describe("a conversation", () => {
  // However pages and events come, each message is there once, in its newest version, in the order of time.
  it("has each message once, in order", () => {
    assert(
      property(some, some, (known, news) => {
        const versions = new Map<string, Message>();
        const make = ({ id, at }: { readonly id: number; readonly at: number }): Message => {
          const first = versions.get(`${id}`);
          const one = message("Bela", "You", first?.at ?? at, "x", { id: `${id}` });
          versions.set(`${id}`, one);
          return one;
        };
        const all = merged(merged([], known.map(make)), news.map(make));
        expect(new Set(all.map((each) => each.id)).size).toBe(all.length);
        expect(all.map((each) => each.at)).toEqual(all.map((each) => each.at).toSorted((one, other) => one - other));
        expect(new Set(all)).toEqual(new Set(versions.values()));
      }),
    );
  });

  it("is drawn in days, and runs of one side that a pause ends", () => {
    const said = [
      message("Bela", "You", NOW - 26 * 60 * MINUTE, "a"),
      message("Bela", "You", NOW - 20 * MINUTE, "b"),
      message("Bela", "You", NOW - 19 * MINUTE, "c"),
      message("You", "Bela", NOW - 18 * MINUTE, "d"),
      message("You", "Bela", NOW - 2 * MINUTE, "e"),
    ];
    const days = daysOf(said, idOf("You"));
    expect(days.map((day) => day.runs.map((run) => [run.own, run.messages.map((each) => each.text).join("")]))).toEqual([
      [[false, "a"]],
      [
        [false, "bc"],
        [true, "d"],
        [true, "e"],
      ],
    ]);
  });
});

it("an excerpt is one line, cut where it is long", () => {
  expect(excerpt(" a\n b ")).toBe("a b");
  expect(excerpt("🛶".repeat(5), 3)).toBe("🛶🛶…");
});
