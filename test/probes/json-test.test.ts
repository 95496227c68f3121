import { describe, expect, test } from "vitest";
import type { Json } from "../../src/model/json.ts";
import { explainJson, jsonFault, valueAt } from "../../src/probes/json-test.ts";
import type { JsonTest } from "../../src/probes/json-test.ts";

const order: Json = { status: "queued", total: 12, items: [{ id: "a" }, { id: "b/c" }], "a/b": { "~": 1 }, none: null };

describe("a place in a JSON document", () => {
  test.each([
    ["/status", "queued"],
    ["/items/1/id", "b/c"],
    ["/a~1b/~0", 1],
    ["items.0.id", "a"],
    ["$.items[1].id", "b/c"],
    ["$", order],
    ["", order],
    ["/none", null],
    ["/items/2", undefined],
    ["/status/length", undefined],
    ["/constructor", undefined],
  ])("%j is found by JSON pointer or dotted path", (path, value) => {
    expect(valueAt(order, path)).toEqual(value);
  });
});

describe("a test on a place", () => {
  const passing: readonly JsonTest[] = [
    { path: "/status" },
    { path: "/none", equals: null },
    { path: "/gone", exists: false },
    { path: "/items", equals: [{ id: "a" }, { id: "b/c" }] },
    { path: "/status", oneOf: ["paid", "queued"] },
    { path: "/items", contains: { id: "a" } },
    { path: "/status", contains: "eue" },
    { path: "/status", matches: "^q" },
    { path: "/total", atLeast: 12, atMost: 12 },
  ];
  test.each(passing)("%j holds", (one) => {
    expect(jsonFault(one, order)).toBeUndefined();
  });

  const failing: readonly (readonly [JsonTest, string])[] = [
    [{ path: "/gone" }, "expected /gone in the JSON body, got none"],
    [{ path: "/status", exists: false }, 'expected no /status, got "queued"'],
    [{ path: "/status", equals: "paid" }, 'expected /status to be "paid", got "queued"'],
    [{ path: "/total", equals: "12" }, 'expected /total to be "12", got 12'],
    [{ path: "/total", matches: "1" }, "expected /total to be a text that matches /1/, got 12"],
    [{ path: "/total", atLeast: 13 }, "expected /total to be at least 13, got 12"],
    [{ path: "/status", atMost: 13 }, 'expected /status to be at most 13, got "queued"'],
    [{ path: "/items", contains: "a" }, 'expected /items to be something that contains "a", got [{"id":"a"},{"id":"b/c"}]'],
  ];
  test.each(failing)("%j says what it expected and got", (one, sentence) => {
    expect(jsonFault(one, order)).toBe(sentence);
  });

  test("explains itself", () => {
    expect(explainJson({ path: "/status", equals: "queued" })).toBe('/status is "queued"');
    expect(explainJson({ path: "/status" })).toBe("/status is there");
    expect(explainJson({ path: "/n", atLeast: 1, atMost: 2 })).toBe("/n is at least 1 and is at most 2");
  });
});
