import type { Api, Experiment, Plan, Report } from "../../src/cli/api.ts";
import type { Context, InterruptSignal, Output } from "../../src/cli/command.ts";
import * as real from "../../src/index.ts";
import * as remote from "../../src/remote.ts";

export interface FakeContext extends Context {
  readonly out: () => string;
  readonly err: () => string;
  readonly exits: number[];
  interrupt(signal: InterruptSignal): void;
  hangUp(): void;
  /** An error that nobody caught. */
  defect(error: unknown): void;
}

function fakeOutput(written: string[]): Output {
  return { write: (text) => void written.push(text), colour: false, width: 80, live: false };
}

/** A context that remembers what was written; its clock and process are nobody's. */
export function fakeContext(api: Partial<Api> = {}, stdin: readonly string[] = []): FakeContext {
  const out: string[] = [];
  const err: string[] = [];
  const exits: number[] = [];
  const listeners = new Set<(signal: InterruptSignal) => void>();
  const hangUpListeners = new Set<() => void>();
  const defectListeners: ((error: unknown) => void)[] = [];
  return {
    api: () => Promise.resolve(fakeApi(api)),
    remote: () => Promise.resolve(remote),
    stdout: fakeOutput(out),
    stderr: fakeOutput(err),
    stdin: (async function* input() { yield* stdin; })(),
    env: {},
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onHangUp: (listener) => {
      hangUpListeners.add(listener);
      return () => void hangUpListeners.delete(listener);
    },
    onDefect: (listener) => {
      defectListeners.push(listener);
      return () => void defectListeners.splice(defectListeners.indexOf(listener), 1);
    },
    exitNow: (code) => void exits.push(code),
    out: () => out.join(""),
    err: () => err.join(""),
    exits,
    interrupt: (signal) => {
      for (const listener of listeners) listener(signal);
    },
    hangUp: () => {
      for (const listener of hangUpListeners) listener();
    },
    defect: (error) => defectListeners.at(-1)?.(error),
  };
}

export function anExperiment(changes: Partial<Experiment> = {}): Experiment {
  return {
    version: 1, title: "A title", tags: [], confidence: 0.99, secrets: {}, services: [], proxies: [], probes: [], steadyState: [],
    phases: { warmupMs: 0, beforeMs: 1000, duringMs: 2000, afterMs: 1000, epochs: 1 }, faults: [], hypotheses: [], guards: [], ...changes,
  };
}

export function aPlan(experiment: Experiment = anExperiment(), seed = "s"): Plan {
  return {
    schema: "chaos/plan/1", file: "x.yaml", document: 0, seed, seedGiven: true, digest: "0", experiment, listeners: [],
    schedule: [
      { name: "before", epoch: 1, startMs: 0, endMs: 1000 },
      { name: "during", epoch: 1, startMs: 1000, endMs: 3000 },
      { name: "after", epoch: 1, startMs: 3000, endMs: 4000 },
    ],
  };
}

export function aReport(exitCode: number, title = "A title"): Report {
  return {
    schema: "chaos/report/1", runId: "r", file: "x.yaml", document: 0, title, tags: [], seed: "s", planDigest: "0", confidence: 0.99,
    tool: { version: "0", node: "v20" }, startedAt: "2025-01-01T00:00:00.000Z", durationMs: 4000, outcome: exitCode === 0 ? "held" : "violated", exitCode,
    phases: [], steadyState: [], faults: [], proxies: [], hypotheses: [], services: [], issues: [],
    timeline: { startMs: 0, binMs: 1000, probes: [], proxies: [], states: [], series: [] },
  };
}

/** The real API, but for what reads, runs and renders: every experiment is valid and held, unless the text says `error` or the changes say otherwise. */
function fakeApi(changes: Partial<Api>): Api {
  const reporters = ["text", "json"].map((format) => ({
    format,
    summary: `as ${format}`,
    render: (reports: readonly Report[], options: { readonly suite?: boolean }) => `${format}${options.suite === true ? " suite" : ""}: ${reports.map(({ exitCode }) => exitCode).join(" ")}`,
  }));
  return {
    ...real,
    parse: (text, { file }) => {
      const issues = text.includes("error") ? [{ code: "bad", severity: "error" as const, message: "it is bad", file, line: 2, column: 3 }] : [];
      return { documents: [{ document: 0, issues, ...(issues.length > 0 ? {} : { experiment: anExperiment({ title: text.trim(), tags: text.trim().split(" ") }) }) }], issues };
    },
    parseVars: () => ({}),
    plan: (experiment, { seed }) => aPlan(experiment, seed),
    run: () => Promise.resolve({ report: aReport(0), journalPath: "j" }),
    preflight: () => ({ hosts: ["127.0.0.1"] }),
    judgeJournal: () => Promise.resolve(aReport(0)),
    explainPlan: (plan) => `plan of ${plan.experiment.title}`,
    explainType: (name) => `about ${name}`,
    experimentJsonSchema: () => ({ type: "object" }),
    reporters,
    findReporter: (format) => reporters.find((reporter) => reporter.format === format),
    ...changes,
  };
}
