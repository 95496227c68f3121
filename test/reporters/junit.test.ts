import { expect, test } from "vitest";
import { report } from "../../src/hypotheses/report.ts";
import { junit } from "../../src/reporters/junit.ts";
import type { Report } from "../../src/model/report.ts";
import { boundOf, hypothesisOf, observe, requests } from "../support/hand-made.ts";

const options = { colour: true, width: 80, verbose: false };
const steadyState = [{ probe: "checkout", claims: [{ metric: "success", bound: boundOf("share", ">= 99%") } as const], during: [], settleMs: 0 }];
const hypotheses = [hypothesisOf("claim", { probe: "checkout", available: ">= 90%" }, { name: "held <one>" }), hypothesisOf("claim", { probe: "checkout", p95: "<= 1ms" }, { name: "violated" }), hypothesisOf("claim", { probe: "checkout", success: ">= 99.9%" }, { name: "open" })];
const seen = report(observe({ samples: [...requests("checkout", "before", 20), ...requests("checkout", "during", 20), ...requests("checkout", "after", 20, () => ({ grade: "bad" }))], experiment: { title: 'A "test" & more', steadyState, hypotheses } }));

function cases(xml: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...xml.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>\s*<([\w-]+))/g)].map(([, name, child]) => [name ?? "", child ?? "passed"]));
}

test("violated is a failure, inconclusive an error, held a pass", () => {
  expect(cases(junit.render([seen], options))).toEqual({
    "the run": "passed", "steady state of checkout before": "system-out", "steady state of checkout after": "failure",
    "held &lt;one&gt;": "system-out", violated: "failure", open: "error",
  });
});

test("counts what it holds", () => {
  expect(junit.render([seen, seen], options)).toMatch(/<testsuites name="chaos" tests="12" failures="4" errors="2" time="62\.000">/);
  expect(junit.render([seen], options)).toMatch(/<testsuite name="A &quot;test&quot; &amp; more" tests="6" failures="2" errors="1" skipped="0"/);
});

test("a run that ended early is an error of its own, a service that died a failure", () => {
  const failed: Report = { ...seen, outcome: "failed", exitCode: 6, because: "port 8080 is taken", hypotheses: [] };
  expect(junit.render([failed], options)).toContain('<error type="failed" message="port 8080 is taken">');
  const died: Report = { ...seen, services: [{ name: "shop", replica: 1, exitedAtMs: 9000, code: 1 }] };
  expect(junit.render([died], options)).toContain('<failure type="service-ended" message="shop ended by itself">');
  const withWords: Report = { ...seen, services: [{ name: "shop", replica: 1, exitedAtMs: 9000, code: 1, lastLines: ["one <tag>", "no\u001B[31m memory"] }] };
  expect(junit.render([withWords], options)).toContain("The last lines of shop:\n  one &lt;tag&gt;\n  no\uFFFD[31m memory</failure>");
});

test("is well-formed whatever a service said", () => {
  const nasty: Report = { ...seen, because: "\u0000\u001B[31m]]> \uD800 <b>\n", outcome: "failed" };
  const xml = junit.render([nasty], options);
  expect(xml).toContain('message="\uFFFD\uFFFD[31m]]&gt; \uFFFD &lt;b&gt;&#10;"');
  expect(xml).not.toMatch(/[^\P{Cc}\n]/u);
});
