import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOf, parseRoute, type Route } from "./router.ts";

describe("the address bar", () => {
  it.each([
    ["", { at: "you" }],
    ["#/", { at: "you" }],
    ["#/nothing", { at: "you" }],
    ["#/friends", { at: "friends" }],
    ["#/mesh", { at: "mesh" }],
    ["#/settings", { at: "settings", part: "" }],
    ["#/settings/restore", { at: "settings", part: "restore" }],
    ["#/peer/", { at: "you" }],
    ["#/chat/", { at: "you" }],
    ["#/chat/12D3KooWX", { at: "chat", id: "12D3KooWX" }],
    ["#/about/12D3KooWX", { at: "about", id: "12D3KooWX" }],
    ["#/add/", { at: "add", text: "" }],
    ["#/add/wherry:3kT?via=203.0.113.77:4770", { at: "add", text: "wherry:3kT?via=203.0.113.77:4770" }],
    ["#/add/100%", { at: "add", text: "100%" }],
  ])("%s", (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  // Whatever was pasted survives its way through the address bar.
  it("gives back what it was given", () => {
    assert(
      property(string(), (text) => {
        const route: Route = { at: "add", text };
        expect(parseRoute(hashOf(route))).toEqual(route);
      }),
    );
  });
});
