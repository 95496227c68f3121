import { expect, test } from "vitest";
import { parseVars } from "../../src/experiment/parse-vars.ts";

test("reads a map in YAML or JSON, with the types that are written", () => {
  expect(parseVars("rate: 40/s\nn: 3\non: true\n", "v.yaml")).toEqual({ rate: "40/s", n: 3, on: true });
  expect(parseVars('{ "rate": "40/s", "deep": { "x": 1 } }', "v.json")).toEqual({ rate: "40/s", deep: { x: 1 } });
});

test.each([
  ["a list", "- a\n", "v.yaml: expected one map of variables, got a list"],
  ["a text", "rate\n", 'v.yaml: expected one map of variables, got "rate"'],
  ["two documents", "a: 1\n---\nb: 2\n", "got several documents"],
  ["a key that stands twice, at its place", "a: 1\na: 2\n", "v.yaml:2:1"],
  ["what is not YAML, at its place", "a: [1\n", "v.yaml:"],
])("refuses %s", (_claim, text, message) => {
  expect(() => parseVars(text, "v.yaml")).toThrow(message);
});
