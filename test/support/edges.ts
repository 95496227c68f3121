import type { Fault, Experiment } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Call, Observations, Sample } from "../../src/model/observation.ts";
import type { HypothesisType, Judgement } from "../../src/model/hypothesis-type.ts";
import { keyedRandom } from "../../src/math/random.ts";
import type { Random } from "../../src/model/fault-type.ts";
import { faultSeen, hypothesisOf, observe, probeNamed, windows } from "./hand-made.ts";

/** Chooses where the next call of a request goes; undefined: it gives up. `failures`: of this request's calls so far, the edges that failed. */
export type Client = (request: { readonly n: number; readonly atMs: number; readonly failed: readonly string[] }) => string | undefined;
/** A client that learns: told how each call went. */
export interface Learner {
  readonly choose: Client;
  readonly learn: (edge: string, ok: boolean, atMs: number) => void;
}

export interface EdgesRun {
  readonly edges: readonly string[];
  readonly perSecond?: number;
  readonly seed?: string;
  readonly client: (random: Random) => Learner;
  /** Which edges the fault is on, default the first; how it fails calls. */
  readonly hurt?: readonly string[];
  readonly kind?: "reset" | "error" | "hang";
  /** Of the calls on a hurt edge. */
  readonly rateShare?: number;
  /** Edges that fail by themselves. */
  readonly sick?: readonly string[];
  /** A number of the connection that a call is on. Default: one for each. */
  readonly connOf?: (edge: string, n: number) => number;
  readonly isJoined?: boolean;
  /** Calls of nobody's, on all edges in turn, per second. */
  readonly pings?: number;
  readonly isDisturbed?: (dueMs: number) => boolean;
  /** How long a hung call is waited for. */
  readonly givesUpMs?: number;
  readonly experiment?: Partial<Experiment>;
  readonly overrides?: Partial<Observations>;
}

function faultOn(proxy: string, type: string): Fault {
  return { name: `hurt-${proxy}`, type, layer: "exchange", proxy, direction: "both", selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" }, params: {} };
}

/** A run of one probe, `checkout`, whose service calls several edges; phases as of observations made by hand. The fault is in force from 5 s to 20 s. */
export function runEdges(options: EdgesRun): { readonly observations: Observations; readonly faults: readonly string[] } {
  const { edges, perSecond = 40, hurt = edges.slice(0, 1), kind = "reset", rateShare = 1, sick = [], isJoined = true } = options;
  const random = keyedRandom(options.seed ?? "edges", "client");
  const client = options.client(random);
  const samples: Sample[] = [];
  const calls: Call[] = [];
  const applied: number[] = [];
  let conns = 0;
  const everyMs = 1000 / perSecond;
  const add = (edge: string, startMs: number, n: number | undefined): { readonly ok: boolean; readonly endMs: number } => {
    const isHurt = hurt.includes(edge) && startMs >= 5000 && startMs < 20_000 && random() < rateShare;
    const isSick = sick.includes(edge);
    const tookMs = isHurt ? (kind === "hang" ? (options.givesUpMs ?? 500) : 1) : 8 + 6 * random();
    const ok = !isHurt && !isSick;
    // Lifting the fault resets what hangs.
    const isReleased = isHurt && kind === "hang" && startMs + tookMs >= 20_000;
    const endMs = isReleased ? 20_000 : startMs + tookMs;
    if (isHurt) applied.push(startMs);
    calls.push({
      proxy: edge, caller: "default", conn: options.connOf?.(edge, conns++) ?? ++conns, nth: 1, method: "POST", path: "/charges", startMs, endMs, passedOn: !isHurt,
      ...(isReleased || (isHurt && kind === "reset") ? { end: "reset" as const } : isHurt && kind === "hang" ? { end: "client-left" as const, leftMs: endMs, leftBy: "fin" as const } : { end: "complete" as const, status: ok ? 200 : 503 }),
      faults: isHurt ? [{ fault: `hurt-${edge}`, decision: "applied", effect: kind === "error" ? "respond" : kind, actedMs: startMs, ...(isReleased && { releasedMs: endMs }) }] : [],
      faulted: isHurt, felt: isHurt,
      ...(isJoined && n !== undefined && { request: { probe: "checkout", n } }),
    });
    if (n !== undefined) client.learn(edge, ok, endMs);
    return { ok, endMs };
  };
  for (let n = 1, dueMs = 0; dueMs < 30_000; n += 1, dueMs = (n - 1) * everyMs) {
    const window = windows.find(({ startMs, endMs }) => dueMs >= startMs && dueMs < endMs);
    const failed: string[] = [];
    let [atMs, isGood] = [dueMs + 1, false];
    for (let edge = client.choose({ n, atMs, failed }); edge !== undefined; edge = isGood ? undefined : client.choose({ n, atMs, failed })) {
      const { ok, endMs } = add(edge, atMs, n);
      atMs = endMs + 1;
      isGood = ok;
      if (!ok) failed.push(edge);
    }
    samples.push({ probe: "checkout", n, phase: window?.name ?? "after", epoch: 1, dueMs, sentMs: dueMs, endMs: atMs, grade: isGood ? "good" : "bad", status: isGood ? 200 : 502, latencyMs: atMs - dueMs, disturbed: options.isDisturbed?.(dueMs) ?? false });
    if (options.pings !== undefined && (n * options.pings) % perSecond < options.pings) for (const edge of edges) add(edge, dueMs + 3, undefined);
  }
  calls.sort((a, b) => a.startMs - b.startMs);
  const byRequest = new Map<string, Call[]>();
  for (const call of calls) {
    const key = `${call.proxy} ${call.request?.n ?? "nobody"}`;
    byRequest.set(key, [...(byRequest.get(key) ?? []), call]);
  }
  const faults = hurt.map((edge) => faultOn(edge, kind));
  const observations = observe({
    samples, calls,
    experiment: { proxies: edges.map((name) => ({ name, upstream: "http://127.0.0.1:1", lane: "http1" as const, listen: { host: "127.0.0.1", port: 0 }, host: "keep" as const, correlate: { by: "trace" as const } })), probes: [probeNamed("checkout", perSecond)], faults, ...options.experiment },
    overrides: {
      faults: faults.map((fault) => {
        const hits = calls.filter(({ proxy, faulted }) => proxy === fault.proxy && faulted).map(({ startMs }) => startMs);
        const [first] = hits;
        const base = faultSeen({ fault, eligible: hits.length, applied: hits.length, felt: hits.length });
        const { firstAppliedMs: _first, ...never } = base;
        return first === undefined ? never : { ...base, firstAppliedMs: first };
      }),
      callsOf: ({ n }, proxy) => byRequest.get(`${proxy} ${n}`) ?? [],
      rung: (_probe, proxy) => (isJoined && calls.some((call) => call.proxy === proxy && call.request !== undefined) ? "trace" : "statistical"),
      ...options.overrides,
    },
  });
  return { observations, faults: faults.map(({ name }) => name) };
}

export function judgeEdges<P>(type: HypothesisType<P>, params: JsonObject, run: EdgesRun): Judgement {
  const { observations, faults } = runEdges(run);
  return type.judge(type.params.parse(params), { hypothesis: hypothesisOf(type.type, params, { faults }), observations, epoch: 1, confidence: 0.99 });
}

/** Claim and verdict of each. */
export function wordsOf({ claims }: Judgement): Readonly<Record<string, string>> {
  return Object.fromEntries(claims.map(({ claim, verdict }) => [claim, verdict]));
}

/** Always the first that has not failed for this request: tries the next on failure, and remembers nothing. */
export function inRequest(edges: readonly string[]): Learner {
  return { choose: ({ failed }) => edges.find((edge) => !failed.includes(edge)), learn: () => undefined };
}

/** Leaves an edge after so many failures in a row, for a while; then tries it with one request. As nginx does with max_fails and fail_timeout. */
export function ejecting(edges: readonly string[], options: { readonly failures: number; readonly forMs: number; readonly retries?: boolean; readonly isActivePassive?: boolean; readonly returns?: boolean; readonly counts?: (edge: string) => boolean }): Learner {
  const inARow = new Map<string, number>();
  const outUntilMs = new Map<string, number>();
  let turn = 0;
  const isIn = (edge: string, atMs: number): boolean => (outUntilMs.get(edge) ?? Number.NEGATIVE_INFINITY) <= atMs;
  return {
    choose: ({ atMs, failed }) => {
      if (failed.length > 0 && options.retries === false) return undefined;
      const left = edges.filter((edge) => !failed.includes(edge));
      const able = left.filter((edge) => isIn(edge, atMs));
      const among = able.length > 0 ? able : left;
      const chosen = options.isActivePassive === true ? among[0] : among[turn++ % Math.max(1, among.length)];
      // One request tries it; the others wait for what becomes of that.
      if (chosen !== undefined && (inARow.get(chosen) ?? 0) >= options.failures) outUntilMs.set(chosen, atMs + options.forMs);
      return chosen;
    },
    learn: (edge, ok, atMs) => {
      if (options.counts?.(edge) === false) return;
      inARow.set(edge, ok ? 0 : (inARow.get(edge) ?? 0) + 1);
      if ((inARow.get(edge) ?? 0) >= options.failures) outUntilMs.set(edge, options.returns === false ? Number.POSITIVE_INFINITY : atMs + options.forMs);
      else outUntilMs.delete(edge);
    },
  };
}
