import type { Event, ExchangeEnd, ExchangeRecord, Fact, FaultRecord, JournalHeader, SampleRecord } from "../../src/model/event.ts";
import type { Experiment, Fault, Hypothesis, Load, PhaseName, Probe, SteadyState } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Observations } from "../../src/model/observation.ts";
import type { PlannedPhase } from "../../src/model/plan.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Observer } from "../../src/evidence/observer.ts";
import { keyedRandom } from "../../src/math/random.ts";
import { encodeRequestKey, requestId } from "../../src/math/request-key.ts";
import { plannedParams } from "./planned-params.ts";
import { createService } from "./simulated-service.ts";
import type { CallResult, ServiceKnobs } from "./simulated-service.ts";

/**
 * A whole run in simulated time: probe load, a service with knobs, a proxy that injects one fault, a dependency. Pure and seeded.
 * Times are ms; the run's clock begins 50 ms before the load. The probe is `checkout`, the proxy `payments`, the fault `fault`.
 */
export interface Simulation {
  readonly seed?: string | number;
  readonly perSecond?: number;
  readonly serial?: boolean;
  readonly timeoutMs?: number;
  readonly phases?: Partial<{ readonly warmupMs: number; readonly beforeMs: number; readonly duringMs: number; readonly afterMs: number; readonly epochs: number }>;
  /** `false`: nothing is injected. */
  readonly fault?: FaultKnobs | false;
  readonly service?: ServiceKnobs;
  /** Uniform. Default 4..14 ms. */
  readonly dependencyMs?: readonly [number, number];
  readonly dependencyFails?: boolean;
  /** How a request's id reaches the proxy. Default trace. */
  readonly correlation?: "trace" | "content" | "none";
  /** Calls per second that no request of ours causes. */
  readonly background?: number;
  /** Probes `ready` (good while the breaker is closed) and `live` (always good), so many per second each. */
  readonly health?: number;
  /** The process dies then, and is back after `downMs`; `seen`: the run started it, so its exit is in the journal. */
  readonly crash?: { readonly atMs: number; readonly downMs: number; readonly seen: boolean };
  /** Stalls of the main thread. */
  readonly stalls?: readonly { readonly atMs: number; readonly lateMs: number }[];
  readonly hypotheses?: readonly Partial<Hypothesis>[];
  readonly steadyState?: readonly SteadyState[];
  readonly confidence?: number;
  readonly faultParams?: JsonObject;
}

export interface FaultKnobs {
  readonly kind: "error" | "latency" | "hang" | "drop" | "reset" | "down";
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly delayMs?: number;
  /** Of the delay, uniform around it. */
  readonly jitterMs?: number;
  readonly rateShare?: number;
  /** Only the first so many calls of a request. */
  readonly attempts?: number;
  readonly fromMs?: number;
  readonly forMs?: number;
}

export interface Simulated {
  readonly header: JournalHeader;
  readonly events: readonly Event[];
  readonly observations: Observations;
}

const loadStartMs = 50;
const tracePrefix = "5a17c0de5a17c0de";

export function simulate(options: Simulation = {}): Simulated {
  const header = makeHeader(options);
  const events = runSimulation(options, header);
  const observer = new Observer(header);
  for (const event of events) observer.add(event);
  return { header, events, observations: observer.finish() };
}

function runSimulation(options: Simulation, header: JournalHeader): readonly Event[] {
  const seed = header.plan.seed;
  const random = keyedRandom(seed, "simulation");
  const facts: Fact[] = [];
  const agenda = createAgenda();
  const { schedule, experiment } = header.plan;
  const endOfLoadMs = loadStartMs + (schedule.at(-1)?.endMs ?? 0);
  const fault = options.fault === false ? undefined : (options.fault ?? { kind: "error" as const });
  const spans = schedule.filter(({ name }) => name === "during").map(({ epoch, startMs, endMs }) => ({ epoch, setMs: loadStartMs + startMs + 2, liftedMs: loadStartMs + endMs + 1 }));
  const uniform = ([low, high]: readonly [number, number]): number => low + random() * (high - low);
  const isDown = (atMs: number): boolean => options.crash !== undefined && atMs >= options.crash.atMs && atMs < options.crash.atMs + options.crash.downMs;
  const open: (() => void)[] = [];

  for (const { name, epoch, startMs, endMs } of schedule) {
    facts.push({ kind: "phase-started", atMs: loadStartMs + startMs + 0.4, phase: name, epoch });
    facts.push({ kind: "phase-ended", atMs: loadStartMs + endMs + 0.3, phase: name, epoch });
  }
  if (fault !== undefined) {
    for (const { epoch, setMs, liftedMs } of spans) {
      facts.push({ kind: "faults-set", atMs: setMs, epoch, faults: ["fault"] }, { kind: "faults-lifted", atMs: liftedMs, epoch });
      if (fault.kind === "down") facts.push({ kind: "listener-faulted", atMs: setMs, proxy: "payments", fault: "fault", n: 1, decision: "applied" }, { kind: "unwitnessed", atMs: liftedMs, proxy: "payments", startMs: setMs, endMs: liftedMs });
    }
  }
  for (const { atMs, lateMs } of options.stalls ?? []) facts.push({ kind: "stall", atMs: atMs + lateMs, thread: "main", lateMs });
  facts.push({ kind: "service-started", atMs: 5, service: "checkout", replica: 1, pid: 1 }, { kind: "service-ready", atMs: 40, service: "checkout", replica: 1 });
  if (options.crash?.seen === true) facts.push({ kind: "service-exited", atMs: options.crash.atMs, service: "checkout", replica: 1, code: 1, expected: false });

  // Connections: a pool of idle ones per caller.
  let conns = 0;
  const idle = new Map<string, { conn: number; nth: number }[]>();
  const attempts = new Map<number, number>();
  let eligible = 0;

  function connectionOf(caller: string): { conn: number; nth: number } {
    const pooled = idle.get(caller)?.pop();
    return pooled === undefined ? { conn: ++conns, nth: 1 } : { conn: pooled.conn, nth: pooled.nth + 1 };
  }

  interface Ended { readonly end: ExchangeEnd; readonly status?: number; readonly headMs?: number; readonly leftMs?: number; readonly retryAfterMs?: number; readonly passedOn: boolean }

  function witness(request: number | undefined, caller: string, method: string, timeoutMs: number | undefined, leaks: boolean, done: (result: CallResult) => void): void {
    const startMs = agenda.nowMs();
    const { conn, nth } = connectionOf(caller);
    const k = request === undefined ? 1 : (attempts.get(request) ?? 0) + 1;
    if (request !== undefined) attempts.set(request, k);
    const span = fault === undefined ? undefined : spans.find(({ setMs, liftedMs }) => startMs >= setMs && startMs < liftedMs);
    let told = false;
    const tell = (result: CallResult): void => {
      if (told) return;
      told = true;
      done(result);
    };
    if (fault?.kind === "down" && span !== undefined) return agenda.after(1, () => tell({ ok: false }));
    const record: FaultRecord | undefined = span === undefined || fault === undefined ? undefined : decide(fault, span.setMs, startMs, k);
    const requestEndMs = startMs + 0.2;
    const upstreamMs = uniform(options.dependencyMs ?? [4, 14]);
    let over = false;
    const finish = (ended: Ended, extra: Partial<FaultRecord> = {}): void => {
      if (over) return;
      over = true;
      const atMs = agenda.nowMs();
      const reusable = ended.end === "complete";
      if (reusable) idle.set(caller, [...(idle.get(caller) ?? []), { conn, nth }]);
      const exchange: ExchangeRecord = {
        kind: "exchange", atMs, proxy: "payments", caller, conn, nth, method, path: "/charges", startMs, requestEndMs,
        ...correlate(request),
        ...(ended.headMs !== undefined && { headMs: ended.headMs }),
        endMs: atMs,
        ...(ended.status !== undefined && { status: ended.status }),
        ...(ended.retryAfterMs !== undefined && { retryAfter: String(ended.retryAfterMs / 1000) }),
        requestBytes: 200, responseBytes: ended.status === undefined ? 0 : 120, end: ended.end,
        ...(ended.leftMs !== undefined && { leftMs: ended.leftMs, leftBy: "fin" as const }),
        passedOn: ended.passedOn,
        ...(record !== undefined && { faults: [{ ...record, ...extra }] }),
      };
      facts.push(exchange);
      const ok = ended.end === "complete" && (ended.status ?? 500) < 500 && ended.status !== 429;
      tell({ ok, ...(ended.status !== undefined && { status: ended.status }), ...(ended.retryAfterMs !== undefined && { retryAfterMs: ended.retryAfterMs }) });
    };
    const answer = (extra: Partial<FaultRecord> = {}): void => {
      const status = options.dependencyFails === true ? 500 : 200;
      finish({ end: "complete", status, headMs: agenda.nowMs(), passedOn: true }, extra);
    };
    open.push(() => finish({ end: "open", passedOn: true }, heldSince(record, startMs + 1)));
    const hold: Partial<FaultRecord> = heldSince(record, startMs + 1);
    if (options.crash !== undefined && startMs < options.crash.atMs) agenda.at(options.crash.atMs, () => finish({ end: "client-left", leftMs: agenda.nowMs(), passedOn: true }, hold));
    if (timeoutMs !== undefined) {
      agenda.after(timeoutMs + uniform(options.service?.overheadMs ?? [1, 8]), () => {
        if (leaks) tell({ ok: false });
        else finish({ end: "client-left", leftMs: agenda.nowMs(), passedOn: true }, hold);
      });
    }
    if (record?.decision !== "applied" || fault === undefined) return agenda.after(upstreamMs, () => answer());
    const promptly = (end: Ended): void => agenda.after(0.8, () => finish(end, { actedMs: agenda.nowMs() }));
    switch (fault.kind) {
      case "error":
        return promptly({ end: "complete", status: fault.status ?? 503, headMs: startMs + 0.8, passedOn: false, ...(fault.retryAfterMs !== undefined && { retryAfterMs: fault.retryAfterMs }) });
      case "drop": return promptly({ end: "dropped", passedOn: false });
      case "reset": return promptly({ end: "reset", passedOn: false });
      case "latency": {
        const delayMs = (fault.delayMs ?? 1000) + (fault.jitterMs ?? 0) * (2 * random() - 1);
        return agenda.after(upstreamMs + delayMs, () => answer({ ...hold, releasedMs: agenda.nowMs() }));
      }
      case "hang":
        return agenda.after((span?.liftedMs ?? startMs) - startMs, () => finish({ end: "reset", passedOn: true }, { ...hold, releasedMs: agenda.nowMs() }));
      case "down":
    }
  }

  function decide(knobs: FaultKnobs, setMs: number, startMs: number, k: number): FaultRecord {
    const sinceMs = startMs - setMs;
    if (sinceMs < (knobs.fromMs ?? 0) || (knobs.forMs !== undefined && sinceMs >= (knobs.fromMs ?? 0) + knobs.forMs)) return { fault: "fault", decision: "window" };
    const n = ++eligible;
    if (knobs.attempts !== undefined && k > knobs.attempts) return { fault: "fault", decision: "ordinal", n };
    if (random() >= (knobs.rateShare ?? 1)) return { fault: "fault", decision: "rate", n };
    return { fault: "fault", decision: "applied", n, effect: effectOf[knobs.kind] };
  }

  function correlate(request: number | undefined): Partial<Pick<ExchangeRecord, "trace" | "key">> {
    if (request === undefined || options.correlation === "none") return {};
    if (options.correlation === "content") return { key: requestId("checkout", request, tracePrefix) };
    return { trace: tracePrefix + encodeRequestKey(seed, 0, request) };
  }

  // A process that dies forgets: what it had in hand is gone, and a new one starts afresh.
  const isGone = (sinceMs: number): boolean => options.crash !== undefined && sinceMs < options.crash.atMs && agenda.nowMs() >= options.crash.atMs;
  const start = (): ReturnType<typeof createService> => createService(options.service ?? {}, {
    nowMs: () => agenda.nowMs(),
    after: (delayMs, action) => {
      const sinceMs = agenda.nowMs();
      agenda.after(delayMs, () => (isGone(sinceMs) ? undefined : action()));
    },
    call: (request, replica, method, timeoutMs, leaks, done) => {
      const sinceMs = agenda.nowMs();
      witness(request, (options.service?.replicas ?? 1) > 1 ? `checkout${replica === 0 ? "" : `#${replica + 1}`}` : "checkout", method, timeoutMs, leaks, (result) => (isGone(sinceMs) ? undefined : done(result)));
    },
  }, seed);
  let service = start();
  if (options.crash !== undefined) agenda.at(options.crash.atMs, () => { service = start(); });

  // Demand.
  const timeoutMs = options.timeoutMs ?? 5000;
  const gapMs = 1000 / (options.perSecond ?? 25);
  function send(n: number, dueMs: number, next: () => void = () => {}): void {
    agenda.at(dueMs, () => {
      const sentMs = dueMs + uniform([0, 1.5]);
      let over = false;
      const end = (part: Pick<SampleRecord, "grade"> & Partial<SampleRecord>, atMs: number): void => {
        if (over) return;
        over = true;
        facts.push({ kind: "sample", atMs, probe: "checkout", n, dueMs, sentMs, ...part });
        next();
      };
      open.push(() => end({ grade: "pending" }, agenda.nowMs()));
      if (isDown(sentMs)) return agenda.after(2, () => end({ endMs: agenda.nowMs(), grade: "bad", failure: "refused", blame: "connection refused" }, agenda.nowMs()));
      agenda.after(timeoutMs, () => end({ endMs: agenda.nowMs(), grade: "bad", failure: "timeout", blame: `no answer within ${timeoutMs}ms` }, agenda.nowMs()));
      if (options.crash !== undefined && sentMs < options.crash.atMs) agenda.at(options.crash.atMs, () => end({ endMs: agenda.nowMs(), grade: "bad", failure: "reset", blame: "connection reset" }, agenda.nowMs()));
      agenda.after(sentMs - dueMs + 0.5, () => service.handle(n, (status) => {
        const grade = status === 200 ? "good" : status === 202 ? "degraded" : "bad";
        end({ endMs: agenda.nowMs(), grade, status, ...(grade === "bad" && { blame: `expected status 200, got ${status}` }) }, agenda.nowMs());
      }));
    });
  }
  if (options.serial === true) {
    const one = (n: number): void => {
      const dueMs = Math.max(loadStartMs, agenda.nowMs() + 20);
      if (dueMs < endOfLoadMs) send(n, dueMs, () => one(n + 1));
    };
    one(1);
  } else {
    for (let n = 1; loadStartMs + (n - 1) * gapMs < endOfLoadMs; n += 1) send(n, loadStartMs + (n - 1) * gapMs);
  }
  if (options.background !== undefined) {
    for (let atMs = loadStartMs; atMs < endOfLoadMs; atMs += 1000 / options.background) agenda.at(atMs, () => witness(undefined, "checkout", "POST", options.service?.timeoutMs, false, () => {}));
  }
  for (const probe of options.health === undefined ? [] : ["ready", "live"]) {
    for (let n = 1, dueMs = loadStartMs; dueMs < endOfLoadMs; n += 1, dueMs += 1000 / (options.health ?? 5)) {
      const [number, due] = [n, dueMs];
      agenda.at(due, () => agenda.after(2, () => {
        const isGood = probe === "live" || service.isClosed();
        facts.push({ kind: "sample", atMs: agenda.nowMs(), probe, n: number, dueMs: due, sentMs: due, endMs: agenda.nowMs(), grade: isGood ? "good" : "bad", status: isGood ? 200 : 503 });
      }));
    }
  }

  agenda.runUntil(endOfLoadMs + 100);
  for (const end of open) end();
  facts.push({ kind: "ended", atMs: endOfLoadMs + 120, cleanedUp: true, left: [] });
  const known = new Set(experiment.probes.map(({ name }) => name));
  return facts
    .filter((fact) => fact.kind !== "sample" || known.has(fact.probe))
    .sort((a, b) => a.atMs - b.atMs)
    .map((fact, seq) => ({ ...fact, seq }));
}

const effectOf = { error: "respond", latency: "delay", hang: "hang", drop: "close", reset: "reset", down: "refuse" } as const;

function heldSince(record: FaultRecord | undefined, atMs: number): Partial<FaultRecord> {
  return record?.effect === "delay" || record?.effect === "hang" ? { actedMs: atMs } : {};
}

interface Agenda {
  nowMs(): number;
  at(atMs: number, action: () => void): void;
  after(delayMs: number, action: () => void): void;
  runUntil(endMs: number): void;
}

/** A clock that jumps from one thing to do to the next; those of one moment in the order given. */
function createAgenda(): Agenda {
  const heap: { atMs: number; order: number; action: () => void }[] = [];
  let nowMs = 0;
  let orders = 0;
  const before = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]];
    return a !== undefined && b !== undefined && (a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  };
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]];
    if (a !== undefined && b !== undefined) [heap[i], heap[j]] = [b, a];
  };
  const at = (atMs: number, action: () => void): void => {
    let i = heap.push({ atMs: Math.max(atMs, nowMs), order: orders++, action }) - 1;
    while (i > 0 && before(i, (i - 1) >> 1)) {
      swap(i, (i - 1) >> 1);
      i = (i - 1) >> 1;
    }
  };
  const take = (): { atMs: number; action: () => void } | undefined => {
    swap(0, heap.length - 1);
    const first = heap.pop();
    for (let i = 0; ;) {
      const least = [2 * i + 1, 2 * i + 2].reduce((best, child) => (before(child, best) ? child : best), i);
      if (least === i) return first;
      swap(i, least);
      i = least;
    }
  };
  return {
    nowMs: () => nowMs,
    at,
    after: (delayMs, action) => at(nowMs + delayMs, action),
    runUntil(endMs) {
      while (heap[0] !== undefined && heap[0].atMs <= endMs) {
        const next = take();
        nowMs = next?.atMs ?? nowMs;
        next?.action();
      }
      nowMs = endMs;
    },
  };
}

/** The header of such a run, with the experiment as parsed. */
export function makeHeader(options: Simulation): JournalHeader {
  const seed = String(options.seed ?? "simulated");
  const phases = { warmupMs: 1000, beforeMs: 4000, duringMs: 10_000, afterMs: 8000, epochs: 1, ...options.phases };
  const schedule: PlannedPhase[] = [];
  const add = (name: PlannedPhase["name"], epoch: number, ms: number): void => {
    const startMs = schedule.at(-1)?.endMs ?? 0;
    if (ms > 0) schedule.push({ name, epoch, startMs, endMs: startMs + ms });
  };
  add("warmup", 1, phases.warmupMs);
  add("before", 1, phases.beforeMs);
  for (let epoch = 1; epoch <= phases.epochs; epoch += 1) {
    if (epoch > 1) add("pause", epoch, 730);
    add("during", epoch, phases.duringMs);
    add("after", epoch, phases.afterMs);
  }
  const fault = options.fault === false ? undefined : (options.fault ?? { kind: "error" as const });
  const faults = fault === undefined ? [] : [makeFault(fault, options.faultParams)];
  const probes = [makeProbe("checkout", options), ...(options.health === undefined ? [] : ["ready", "live"].map((name) => makeProbe(name, { perSecond: options.health ?? 5 })))];
  const experiment: Experiment = {
    version: 1, title: "Simulated", tags: [], seed, confidence: options.confidence ?? 0.99, secrets: {}, services: [],
    proxies: [{ name: "payments", upstream: "http://127.0.0.1:9", lane: "http1", listen: { host: "127.0.0.1", port: 0 }, host: "keep", correlate: options.serial === true ? { by: "serial" } : { by: "trace" } }],
    probes, steadyState: options.steadyState ?? [], phases, faults,
    hypotheses: (options.hypotheses ?? []).map((part, i) => ({ name: part.name ?? `hypothesis-${i + 1}`, type: "claim", faults: faults.map(({ name }) => name), confirm: false, shapes: [], ...part, params: plannedParams(part.type ?? "claim", part.params ?? {}) })),
    guards: [],
  };
  return {
    schema: "chaos/journal/1", runId: "simulated", startedAt: "2026-01-01T00:00:00.000Z", tracePrefix, tool: { version: "0.0.0", node: "20.19.0" },
    plan: { schema: "chaos/plan/1", file: "simulated.yaml", document: 0, seed, seedGiven: true, digest: "0".repeat(64), experiment, schedule, listeners: [{ proxy: "payments", caller: "checkout" }] },
  };
}

function makeProbe(name: string, options: Pick<Simulation, "perSecond" | "serial" | "timeoutMs">): Probe {
  const rate = options.perSecond ?? 25;
  const rates: Readonly<Record<PhaseName, number>> = { warmup: rate, before: rate, during: rate, after: rate };
  const load: Load = { kind: options.serial === true ? "serial" : "open", rates, burst: 1, arrivals: "even", pauseMs: 20, inFlight: 1000, connections: "reuse" };
  return { name, type: "http", params: { url: "http://127.0.0.1:9/", json: { order: "${request.id}" } }, timeoutMs: options.timeoutMs ?? 5000, load };
}

function makeFault(knobs: FaultKnobs, params?: JsonObject): Fault {
  const selection: Selection = { fromMs: knobs.fromMs ?? 0, ...(knobs.forMs !== undefined && { forMs: knobs.forMs }), after: 0, every: 1, ...(knobs.attempts !== undefined && { attempt: { min: 1, max: knobs.attempts } }), rateShare: knobs.rateShare ?? 1, per: "fault" };
  const own: JsonObject = params ?? (knobs.kind === "error" ? { status: knobs.status ?? 503 } : knobs.kind === "latency" ? { delayMs: knobs.delayMs ?? 1000, jitterMs: 0, distribution: "uniform", at: "response" } : {});
  return { name: "fault", type: knobs.kind, layer: knobs.kind === "down" ? "connection" : "exchange", proxy: "payments", direction: "both", selection, params: own };
}
