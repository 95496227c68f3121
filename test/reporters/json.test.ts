import { expect, test } from "vitest";
import { report } from "../../src/hypotheses/report.ts";
import { json } from "../../src/reporters/json.ts";
import { concludeSuite, exitCodeOfSuite } from "../../src/reporters/suite.ts";
import { observe, requests } from "../support/hand-made.ts";

const options = { colour: true, width: 40, verbose: false };
const one = report(observe({ samples: requests("checkout", "before", 20) }));

test("one experiment run once is the report itself", () => {
  expect(JSON.parse(json.render([one], options))).toEqual(one);
  expect(json.render([one], options).endsWith("}\n")).toBe(true);
});

test("several, or a series of one, are a suite with the worst outcome", () => {
  const worse = { ...one, outcome: "guard-stopped", exitCode: 5 } as const;
  expect(JSON.parse(json.render([one, worse], options))).toEqual({ schema: "chaos/suite/1", outcome: "guard-stopped", exitCode: 5, reports: [one, worse] });
  expect(JSON.parse(json.render([one], { ...options, suite: true }))).toMatchObject({ schema: "chaos/suite/1", exitCode: one.exitCode });
});

test("the worst exit code comes first in the order 130 143 6 5 1 4 3 0", () => {
  expect([[0, 3], [3, 4], [4, 1], [1, 5], [5, 6], [6, 130], [0]].map((codes) => exitCodeOfSuite(codes))).toEqual([3, 4, 1, 5, 6, 130, 0]);
  expect(concludeSuite([])).toEqual({ outcome: "held", exitCode: 0 });
});
