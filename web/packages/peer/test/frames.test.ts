/** Every golden vector of the connection's frames. */

import { describe, expect, test } from "vitest";
import { hex, unhex } from "../src/bytes.ts";
import { codeFor, errorFor } from "../src/connection/codes.ts";
import { type Frame, decode, encode } from "../src/connection/frames.ts";
import { type Vector, expectRefusal, load, number, written } from "./vectors.ts";

const vectors = load("frames");
const titled = (refused: boolean): [string, Vector][] =>
  vectors.filter((one) => (one.error !== undefined) === refused).map((one) => [one.name, one]);

/** A decoded frame as the vectors write it: a record in a frame lies flat in it. */
function flat(frame: Frame): unknown {
  const { kind, ...fields } = frame;
  const inside = "resume" in fields ? fields.resume : "hello" in fields ? fields.hello : {};
  const { resume: _resume, hello: _hello, ...rest } = { resume: null, hello: null, ...fields };
  const name = kind.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  return { kind: name, ...(written({ ...rest, ...inside }) as object) };
}

describe("frames", () => {
  test.each(titled(false).filter(([, { value }]) => typeof value["kind"] === "string"))("%s", (name, vector) => {
    const frame = decode(unhex(vector.bytes)) as Frame;
    expect(flat(frame)).toEqual(vector.value);
    const isLater = /later|unknown|reserved|more|trailing|behind/.test(name);
    expect(isLater ? vector.bytes : hex(encode(frame))).toBe(vector.bytes);
  });

  test.each(titled(false).filter(([, { value }]) => typeof value["kind"] !== "string"))("%s", (_, vector) => {
    expect(decode(unhex(vector.bytes))).toEqual({ kind: "unknown", number: number(vector, "kind") });
  });

  test.each(titled(true))("%s", (_, vector) => {
    expectRefusal(vector, () => decode(unhex(vector.bytes)));
  });
});

describe("codes", () => {
  test("an application's code comes out as the reason of a reset", () => {
    expect(errorFor(7)).toMatchObject({ code: "STREAM_RESET", reason: 7 });
  });

  test("an error's code comes out as that error, a policy's as a refusal", () => {
    expect(errorFor(codeFor("PEER_RESTARTED")).code).toBe("PEER_RESTARTED");
    expect(errorFor(codeFor("POLICY_REFUSED")).code).toBe("REFUSED_BY_PEER");
    expect(errorFor(2 ** 31 + 999).code).toBe("STREAM_RESET");
  });
});
