import type { Report, SteadyStateReport } from "../model/report.ts";
import type { Reporter } from "../model/reporter.ts";
import type { Verdict } from "../model/verdict.ts";

/**
 * One testsuite per experiment, one testcase per hypothesis and per steady state that was judged, and one for the run itself.
 * Violated is a `<failure>`. Inconclusive is an `<error>`: a test that could not be carried out, which CI shows in red but apart from
 * failures; `<skipped>` would be green, and what is not shown must not look like what was. A run that ended early has an `<error>` too.
 */
export const junit: Reporter = {
  format: "junit",
  summary: "For CI: a testcase per hypothesis and steady state, violated = failure, inconclusive = error",
  render(reports) {
    const suites = reports.map(toSuite);
    const total = (of: (suite: Suite) => number): number => suites.reduce((sum, suite) => sum + of(suite), 0);
    const head = tag("testsuites", { name: "chaos", tests: total(({ cases }) => cases.length), failures: total((suite) => count(suite, "failure")), errors: total((suite) => count(suite, "error")), time: seconds(reports.reduce((sum, { durationMs }) => sum + durationMs, 0)) });
    return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites.flatMap(renderSuite), "</testsuites>", ""].join("\n");
  },
};

interface Case {
  readonly name: string;
  readonly classname: string;
  readonly problem?: { readonly kind: "failure" | "error"; readonly type: string; readonly message: string; readonly detail: readonly string[] };
  readonly output: readonly string[];
}

interface Suite {
  readonly report: Report;
  readonly cases: readonly Case[];
}

function toSuite(report: Report): Suite {
  return { report, cases: [runCase(report), ...report.steadyState.flatMap((row) => gateCase(report, row)), ...report.hypotheses.map((verdict) => verdictCase(report, verdict))] };
}

/** What concerns the run as a whole: it failed, was stopped or interrupted, a service died. */
function runCase(report: Report): Case {
  const { title, outcome, because = "", services } = report;
  const died = services.filter(({ exitedAtMs }) => exitedAtMs !== undefined);
  const endedEarly = outcome === "failed" || outcome === "guard-stopped" || outcome === "interrupted" || outcome === "baseline-not-met";
  const problem = endedEarly
    ? { kind: "error", type: outcome, message: because, detail: [] } as const
    : died.length > 0 ? { kind: "failure", type: "service-ended", message: died.map(({ name }) => `${name} ended by itself`).join(", "), detail: [because, ...died.flatMap(({ name, lastLines = [] }) => (lastLines.length === 0 ? [] : [`The last lines of ${name}:`, ...lastLines.map((line) => `  ${line}`)]))] } as const : undefined;
  return { name: "the run", classname: title, ...(problem === undefined ? {} : { problem }), output: [] };
}

function gateCase({ title }: Report, row: SteadyStateReport): readonly Case[] {
  if (row.met === undefined) return [];
  const name = `steady state of ${row.probe} ${row.phase}${row.epoch > 1 ? ` (epoch ${row.epoch})` : ""}`;
  const output = row.claims.map(({ metric, expected, observed, met }) => `${met ? "met" : "not met"}: ${metric} ${observed}, expected ${expected}`);
  if (row.met) return [{ name, classname: title, output }];
  const message = row.claims.filter(({ met }) => !met).map(({ metric, observed, expected, reason }) => reason ?? `${metric} was ${observed}, expected ${expected}`).join("; ");
  const { commonBlame, bad } = row;
  const blame = commonBlame === undefined ? [] : [`${commonBlame.count} of ${bad} bad answers: ${commonBlame.blame}`];
  return [{ name, classname: title, problem: { kind: "failure", type: "steady-state", message, detail: [...output, ...blame] }, output: [] }];
}

function verdictCase({ title }: Report, verdict: Verdict): Case {
  const output = verdict.claims.map((claim) => `${claim.verdict}: ${claim.claim} ${claim.observed}, expected ${claim.expected}`);
  const base = { name: verdict.name, classname: title };
  if (verdict.verdict === "held") return { ...base, output };
  const next = verdict.nextStep === undefined ? [] : [`Next: ${verdict.nextStep}`];
  const witnesses = verdict.evidence.map(({ atMs, what }) => `at ${seconds(atMs)}s: ${what}`);
  return { ...base, problem: { kind: verdict.verdict === "violated" ? "failure" : "error", type: verdict.verdict, message: verdict.reason, detail: [`Expected: ${verdict.expected}`, ...output, ...witnesses, ...next] }, output: [] };
}

function renderSuite(suite: Suite): readonly string[] {
  const { report, cases } = suite;
  const attributes = { name: report.title, tests: cases.length, failures: count(suite, "failure"), errors: count(suite, "error"), skipped: 0, time: seconds(report.durationMs), timestamp: report.startedAt.replace(/(?:\.\d+)?Z$/, ""), file: report.file };
  const properties = [["seed", report.seed], ["runId", report.runId], ["planDigest", report.planDigest], ["outcome", report.outcome], ["exitCode", String(report.exitCode)]] as const;
  return [
    `  ${tag("testsuite", attributes)}`,
    "    <properties>",
    ...properties.map(([name, value]) => `      ${tag("property", { name, value }, true)}`),
    "    </properties>",
    ...cases.flatMap(renderCase),
    "  </testsuite>",
  ];
}

function renderCase({ name, classname, problem, output }: Case): readonly string[] {
  if (problem === undefined && output.length === 0) return [`    ${tag("testcase", { name, classname }, true)}`];
  const body = problem === undefined
    ? [`      <system-out>${escape(output.join("\n"))}</system-out>`]
    : [`      ${tag(problem.kind, { type: problem.type, message: problem.message })}${escape(problem.detail.join("\n"))}</${problem.kind}>`];
  return [`    ${tag("testcase", { name, classname })}`, ...body, "    </testcase>"];
}

function count({ cases }: Suite, kind: "failure" | "error"): number {
  return cases.filter(({ problem }) => problem?.kind === kind).length;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function tag(name: string, attributes: Readonly<Record<string, string | number>>, isEmpty = false): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value)).replaceAll("\n", "&#10;")}"`).join("");
  return `<${name}${written}${isEmpty ? "/" : ""}>`;
}

/** As XML 1.0 allows: control characters and lone surrogates have no form in it at all. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]|\p{Surrogate}/gu, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
