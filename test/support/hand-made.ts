import type { Bound } from "../../src/model/bound.ts";
import type { Experiment, Fault, Hypothesis, Load, PhaseName, Probe } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Call, FaultObservation, Observations, PhaseWindow, Sample } from "../../src/model/observation.ts";
import type { Scope } from "../../src/model/hypothesis-type.ts";
import { parseBound } from "../../src/units/bound.ts";
import type { QuantityKind } from "../../src/units/quantity.ts";
import { plannedParams } from "./planned-params.ts";

/** Observations made by hand, so that a test says exactly what was seen. Phases: before 0–5 s, during 5–20 s, after 20–30 s. */
export interface HandMade {
  readonly samples?: readonly Sample[];
  readonly calls?: readonly Call[];
  readonly experiment?: Partial<Experiment>;
  readonly overrides?: Partial<Observations>;
}

export const windows: readonly PhaseWindow[] = [
  { name: "before", epoch: 1, startMs: 0, endMs: 5000 },
  { name: "during", epoch: 1, startMs: 5000, endMs: 20_000 },
  { name: "after", epoch: 1, startMs: 20_000, endMs: 30_000 },
];

const slow: Fault = {
  name: "slow",
  type: "latency",
  layer: "exchange",
  proxy: "payments",
  direction: "both",
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" },
  params: { delay: "3s" },
};

export function boundOf(kind: QuantityKind, text: string): Bound {
  const bound = parseBound(kind, text);
  if (typeof bound === "string") throw new Error(bound);
  return bound;
}

function evenLoad(perSecond: number): Load {
  return { kind: "open", rates: { warmup: perSecond, before: perSecond, during: perSecond, after: perSecond }, burst: 1, arrivals: "even", pauseMs: 0, inFlight: 1000, connections: "reuse" };
}

export function probeNamed(name: string, perSecond = 20, params: JsonObject = { degraded: { status: 202 } }): Probe {
  return { name, type: "http", params, timeoutMs: 5000, load: evenLoad(perSecond) };
}

export function experimentOf(part: Partial<Experiment> = {}): Experiment {
  return {
    version: 1, title: "A test", tags: [], confidence: 0.99, secrets: {}, services: [], proxies: [{ name: "payments", upstream: "http://127.0.0.1:1", lane: "http1", listen: { host: "127.0.0.1", port: 0 }, host: "keep", correlate: { by: "trace" } }],
    probes: [probeNamed("checkout"), probeNamed("ready", 5), probeNamed("live", 5)],
    steadyState: [], phases: { warmupMs: 0, beforeMs: 5000, duringMs: 15_000, afterMs: 10_000, epochs: 1 }, faults: [slow], hypotheses: [], guards: [], ...part,
  };
}

export function faultSeen(part: Partial<FaultObservation> = {}): FaultObservation {
  return { fault: slow, epoch: 1, setMs: 5000, liftedMs: 20_000, firstAppliedMs: 5010, lastAppliedMs: 19_990, eligible: 50, applied: 50, felt: 50, missed: { match: 0, window: 0, ordinal: 0, rate: 0 }, ...part };
}

export function observe({ samples = [], calls = [], experiment = {}, overrides = {} }: HandMade = {}): Observations {
  const planned = experimentOf(experiment);
  return {
    header: {
      schema: "chaos/journal/1", runId: "r1", startedAt: "2024-01-01T00:00:00.000Z", tracePrefix: "0123456789abcdef", tool: { version: "0.0.0", node: "v20" },
      plan: { schema: "chaos/plan/1", file: "a.yaml", document: 0, seed: "s", seedGiven: true, digest: "d", experiment: planned, schedule: windows.map(({ name, epoch, startMs, endMs }) => ({ name, epoch, startMs, endMs })), listeners: [] },
    },
    phases: windows, faults: planned.faults.length === 0 ? [] : [faultSeen()], services: [], disturbances: [], strains: [], unwitnessed: [], barred: [], capped: [], witnessIssues: [], interruptions: [], endMs: 31_000, finished: true, cleanedUp: true, left: [],
    samples: ({ probe, phase, epoch }) => samples.filter((sample) => sample.probe === probe && (phase === undefined || sample.phase === phase) && (epoch === undefined || sample.epoch === epoch)),
    calls: ({ proxy, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY }) => calls.filter((call) => call.proxy === proxy && call.startMs >= fromMs && call.startMs < toMs),
    callsOf: ({ probe, n }, proxy) => calls.filter((call) => call.proxy === proxy && call.request?.probe === probe && call.request.n === n),
    rung: () => "trace",
    ...overrides,
  };
}

export function hypothesisOf(type: string, params: JsonObject, part: Partial<Hypothesis> = {}): Hypothesis {
  return { name: type, type, faults: ["slow"], confirm: false, shapes: [], params: plannedParams(type, params), ...part };
}

export function scopeOf(type: string, params: JsonObject, made: HandMade = {}, part: Partial<Hypothesis> = {}): Scope {
  return { hypothesis: hypothesisOf(type, params, part), observations: observe(made), epoch: 1, confidence: 0.99 };
}

/** How one request was answered. */
export interface Answered {
  readonly grade?: Sample["grade"];
  readonly latencyMs?: number;
  readonly disturbed?: boolean;
}

/** Requests due evenly over a phase; `answer` says of each, by its due time since the start of the phase, how it went. */
export function requests(probe: string, phase: PhaseName, perSecond: number, answer: (sinceMs: number, i: number) => Answered = () => ({})): readonly Sample[] {
  const window = windows.find(({ name }) => name === phase);
  if (window === undefined) throw new Error(`no window for ${phase}`);
  const everyMs = 1000 / perSecond;
  const offset = { warmup: 0, before: 0, during: 100_000, after: 200_000 }[phase];
  return Array.from({ length: Math.round(((window.endMs - window.startMs) * perSecond) / 1000) }, (_, i) => {
    const { grade = "good", latencyMs = 20, disturbed = false } = answer(i * everyMs, i);
    const dueMs = window.startMs + i * everyMs;
    return { probe, n: offset + i + 1, phase, epoch: 1, dueMs, sentMs: dueMs, ...(grade === "pending" || grade === "unsent" ? {} : { endMs: dueMs + latencyMs }), grade, status: grade === "good" ? 200 : grade === "degraded" ? 202 : 500, latencyMs, disturbed };
  });
}

export function callFor(sample: Sample, part: Partial<Call> = {}): Call {
  return { proxy: "payments", caller: "default", conn: 1, nth: 1, method: "POST", path: "/charges", startMs: sample.dueMs + 1, endMs: sample.dueMs + 10, end: "complete", status: 200, passedOn: true, faults: [], faulted: false, felt: false, request: { probe: sample.probe, n: sample.n }, ...part };
}

/** A call that was held until its caller left. */
export function feltCallFor(sample: Sample): Call {
  return callFor(sample, { end: "client-left", endMs: sample.dueMs + 500, leftMs: sample.dueMs + 500, leftBy: "rst", faulted: true, felt: true, faults: [{ fault: "slow", decision: "applied", n: 1, effect: "delay", actedMs: sample.dueMs + 2 }] });
}
