import { describe, expect, it } from "vitest";
import { ago, bytes, count, duration, milliseconds, moment, rate } from "./units.ts";

describe("units", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [12_345, "12 kB"],
    [999_400, "999 kB"],
    [999_600, "1.0 MB"],
    [1_204_000_000, "1.2 GB"],
    [5e15, "5000 TB"],
  ])("%d bytes are %s", (value, said) => {
    expect(bytes(value)).toBe(said);
  });

  it.each([
    [0.42, "0.4 ms"],
    [9, "9 ms"],
    [18.2, "18 ms"],
    [999.7, "1.0 s"],
    [2100, "2.1 s"],
  ])("a round trip of %d ms is %s", (value, said) => {
    expect(milliseconds(value)).toBe(said);
  });

  it.each([
    [-5, "0 s"],
    [8400, "8 s"],
    [4 * 60_000, "4 min"],
    [134 * 60_000, "2 h 14 min"],
    [2 * 3_600_000, "2 h"],
    [86_400_000, "1 day"],
    [3 * 86_400_000, "3 days"],
  ])("a wait of %d ms is %s", (value, said) => {
    expect(duration(value)).toBe(said);
  });

  it("says the date only of another day", () => {
    const now = new Date(2026, 11, 3, 0, 5).getTime();
    expect(moment(now - 60_000, now)).toBe("00:04");
    expect(moment(now - 600_000, now)).toBe("2 Dec 23:55");
  });

  it("says how long ago", () => {
    expect(ago(1000, 2000)).toBe("just now");
    expect(ago(0, 180_000)).toBe("3 min ago");
  });

  it("counts", () => {
    expect([count(1, "peer"), count(0, "peer"), rate(14e6)]).toEqual(["1 peer", "0 peers", "14 MB/s"]);
  });
});
