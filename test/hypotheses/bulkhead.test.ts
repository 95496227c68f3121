import { describe, expect, test } from "vitest";
import { bulkhead } from "../../src/hypotheses/bulkhead.ts";
import type { Call, Sample } from "../../src/model/observation.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { countVerdicts, judgeOne } from "../support/judge-one.ts";
import { callFor, requests, scopeOf } from "../support/hand-made.ts";
import type { HandMade } from "../support/hand-made.ts";
import { makeHeader } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";

const seeds = 3;
const limited = { proxy: "payments", probe: "checkout", maxConcurrent: 5 };
const rejecting = { ...limited, rejects: { answersWithin: "100ms" } };
const slow = { kind: "latency", delayMs: 300 } as const;
const hang = { kind: "hang" } as const;
const busy = { perSecond: 60 };
const five = { pool: 5, queue: 5 };

const table: readonly (readonly [verdict: VerdictWord, what: string, claims: object, simulation: Simulation])[] = [
  ["held", "of 5 with a queue of 5, under slow calls", rejecting, { ...busy, fault: slow, service: five }],
  ["held", "of 5 without a queue", rejecting, { ...busy, fault: slow, service: { pool: 5, queue: 0 } }],
  ["held", "of 5 under calls that hang", limited, { ...busy, fault: hang, service: { ...five, timeoutMs: 500 } }],
  ["held", "of 5 under calls that hang and are never given up", rejecting, { ...busy, fault: hang, service: five }],
  ["held", "of 3, when 5 are claimed", limited, { ...busy, fault: slow, service: { pool: 3, queue: 0 } }],
  ["held", "that is a pool with an endless queue, as to its limit", limited, { ...busy, fault: slow, service: { pool: 5 } }],
  ["held", "of 5 in each of three replicas", limited, { perSecond: 180, fault: slow, service: { replicas: 3, pool: 5, queue: 2 } }],
  ["inconclusive", "that is none, before a breaker that opens with 5 calls live", limited, { perSecond: 10, fault: hang, service: { timeoutMs: 500, breaker: { trips: { consecutive: 1 }, coolDownMs: 1000 } } }],
  ["violated", "that is a pool with an endless queue, as to turning away", rejecting, { ...busy, fault: slow, service: { pool: 5 } }],
  ["violated", "that is none", limited, { ...busy, fault: slow, service: {} }],
  ["violated", "of 6, when 5 are claimed", limited, { ...busy, fault: slow, service: { pool: 6, queue: 5 } }],
  ["violated", "whose timeout frees its place while the call runs on", limited, { ...busy, fault: { kind: "latency", delayMs: 2000 }, service: { ...five, timeoutMs: 200, leaks: true } }],
  ["violated", "whose timeout frees its place while the call hangs on", limited, { ...busy, fault: hang, service: { ...five, timeoutMs: 200, leaks: true } }],
  ["inconclusive", "that is none, under a load that never asks for more than 5", limited, { perSecond: 10, fault: slow, service: {} }],
  ["inconclusive", "of 5 under such a load", limited, { perSecond: 10, fault: slow, service: five }],
  ["inconclusive", "under a load of one request at a time", limited, { serial: true, fault: slow, service: five }],
  ["inconclusive", "with a breaker that opens at errors", limited, { ...busy, fault: { kind: "error" }, service: { breaker: { trips: { consecutive: 3 }, coolDownMs: 3000 } } }],
  ["inconclusive", "with a breaker that opens at timeouts, before more were asked for", limited, { perSecond: 9, fault: hang, service: { timeoutMs: 500, breaker: { trips: { consecutive: 3 }, coolDownMs: 3000 } } }],
  ["inconclusive", "whose calls carry no trace", limited, { ...busy, correlation: "none", fault: slow, service: five }],
  ["inconclusive", "when nothing was injected", limited, { ...busy, fault: false, service: five }],
  ["inconclusive", "whose process ends", limited, { ...busy, fault: slow, service: five, crash: { atMs: 8000, downMs: 500, seen: false } }],
  ["inconclusive", "on a machine that stalls all the time", limited, { ...busy, fault: slow, service: {}, stalls: Array.from({ length: 60 }, (_, i) => ({ atMs: 5000 + i * 200, lateMs: 120 })) }],
];

describe("a bulkhead", () => {
  test.each(table)("is %s: one %s", (verdict, _what, claims, simulation) => {
    expect(countVerdicts(bulkhead, claims, simulation, seeds)).toEqual({ held: 0, violated: 0, inconclusive: 0, [verdict]: seeds });
  });

  test("is told in numbers, and drawn", () => {
    const { observed, series } = judgeOne(bulkhead, rejecting, { ...busy, fault: slow, service: five });
    expect(observed).toMatchObject({ inFlightMax: 5, waitingMax: expect.any(Number) });
    expect(observed["turnedAway"]).toBeGreaterThan(200);
    expect(observed["offeredAtOnceMax"]).toBeGreaterThanOrEqual(15);
    expect(series).toMatchObject([{ name: "calls in flight on payments", unit: "count", limit: 5 }]);
    expect(Math.max(...(series?.[0]?.points ?? []).map(([, live]) => live))).toBe(5);
    expect(series?.[0]?.points.length).toBeLessThanOrEqual(500);
  });

  test("that makes requests wait and turns none away looks like a pool of connections", () => {
    expect(judgeOne(bulkhead, limited, { ...busy, fault: slow, service: { pool: 5 } }).equivalentTo).toEqual(["a connection pool with a queue"]);
    expect(judgeOne(bulkhead, limited, { ...busy, fault: slow, service: five }).equivalentTo).toEqual([]);
  });

  test("that leaks is shown by the calls that were live together", () => {
    const said = judgeOne(bulkhead, limited, { ...busy, fault: { kind: "latency", delayMs: 2000 }, service: { ...five, timeoutMs: 200, leaks: true } });
    expect(said.evidence?.[0]?.what).toMatch(/^6 calls of checkout on payments were live at once, for more than 20ms$/);
    expect(said.evidence).toHaveLength(3);
  });

  test("says how much load would have decided", () => {
    const { nextStep } = judgeOne(bulkhead, limited, { perSecond: 10, fault: slow, service: five }).claim("maxConcurrent");
    expect(nextStep).toMatch(/^Offer checkout at 3[0-9]\/s or more \(calls on payments take some 3\d\dms\), .* at least 10 at once\.$/);
  });

  test("claims something, and no lower limit", () => {
    expect(bulkhead.params.safeParse({ proxy: "payments", probe: "checkout" }).success).toBe(false);
    for (const maxConcurrent of ["== 5", ">= 5", 0, "< 1"]) expect(bulkhead.params.safeParse({ ...limited, maxConcurrent }).success).toBe(false);
    expect(bulkhead.params.safeParse({ ...limited, maxConcurrent: "<= 5" }).success).toBe(true);
    expect(bulkhead.explain(bulkhead.params.parse(rejecting))).toBe("While payments is slow and checkout asks for more, at most 5 calls to payments are live at once, requests of checkout that find no room are answered in <= 100ms (p95)");
  });

  test("is warned of when its load or its fault cannot fill it", () => {
    const codes = (simulation: Simulation): readonly string[] => {
      const { experiment } = makeHeader({ ...simulation, hypotheses: [{ type: "bulkhead" }] }).plan;
      const [hypothesis] = experiment.hypotheses;
      if (hypothesis === undefined) throw new Error("no hypothesis");
      return bulkhead.advise(bulkhead.params.parse(limited), hypothesis, experiment).map(({ code }) => code);
    };
    expect(codes({ perSecond: 60, fault: slow })).toEqual([]);
    expect(codes({ perSecond: 20, fault: slow })).toEqual(["too-little-demand"]);
    expect(codes({ perSecond: 60, fault: { kind: "error" } })).toEqual(["no-holding-fault"]);
    expect(codes({ serial: true, fault: slow })).toEqual(["serial-load"]);
  });
});

/** A run by hand: so many calls at once on payments, in groups begun together that last 400 ms; a neighbour beside it. */
function beside(neighbour: (phase: "before" | "during") => { readonly grade?: Sample["grade"]; readonly latencyMs?: number }, { live = 6, hit = false, overrides = {} }: { readonly live?: number; readonly hit?: boolean; readonly overrides?: HandMade["overrides"] } = {}): HandMade {
  const before = requests("checkout", "before", 50);
  const during = requests("checkout", "during", 50);
  const felt: Partial<Call> = { faulted: true, felt: true, faults: [{ fault: "slow", decision: "applied", n: 1, effect: "delay", actedMs: 1, releasedMs: 2 }] };
  const others = (["before", "during"] as const).flatMap((phase) => requests("ready", phase, 50, () => neighbour(phase)));
  return {
    samples: [...before, ...during.map((sample, i) => (i % 20 < live ? { ...sample, latencyMs: 410, endMs: sample.dueMs + 410 } : { ...sample, grade: "bad" as const, status: 503 })), ...others],
    calls: [
      ...before.map((sample) => callFor(sample)),
      ...during.flatMap((sample, i) => (i % 20 < live ? [callFor(sample, { ...felt, endMs: sample.dueMs + 380 })] : [])),
      ...(hit ? others.filter(({ phase }) => phase === "during").map((sample) => callFor(sample, felt)) : []),
    ],
    ...(overrides !== undefined && { overrides }),
  };
}

describe("a neighbour of a full bulkhead", () => {
  const claims = { proxy: "payments", probe: "checkout", maxConcurrent: 6, protects: { probe: "ready", success: ">= 98%", p95: "<= 100ms" } };
  const say = (made: HandMade, params: typeof claims = claims): readonly (readonly [string, string])[] => bulkhead.judge(bulkhead.params.parse(params), scopeOf("bulkhead", params, made)).claims.map(({ claim, verdict }) => [claim, verdict]);
  const starved = { grade: "bad", latencyMs: 900 } as const;
  const verdicts = (limit: VerdictWord, success: VerdictWord, p95: VerdictWord): readonly (readonly [string, string])[] => [["maxConcurrent", limit], ["protects.success", success], ["protects.p95", p95]];

  test("that goes on as before is protected", () => {
    expect(say(beside(() => ({})))).toEqual(verdicts("held", "held", "held"));
  });

  test("that starves shares it, and is not protected", () => {
    expect(say(beside((phase) => (phase === "before" ? {} : starved)))).toEqual(verdicts("held", "violated", "violated"));
  });

  test("says nothing where the bulkhead was never full", () => {
    expect(say(beside((phase) => (phase === "before" ? {} : starved), { live: 1 }), { ...claims, maxConcurrent: 40 })).toEqual(verdicts("inconclusive", "inconclusive", "inconclusive"));
  });

  test("that was unwell before says nothing", () => {
    expect(say(beside(() => starved))).toEqual(verdicts("held", "inconclusive", "inconclusive"));
  });

  test("that meets the fault itself says nothing", () => {
    expect(say(beside((phase) => (phase === "before" ? {} : starved), { hit: true }))).toEqual(verdicts("held", "inconclusive", "inconclusive"));
  });

  test("says nothing when the prober had reached its cap", () => {
    const capped = [{ probe: "checkout", atMs: 6000, limit: 1000 }];
    expect(say(beside(() => ({}), { overrides: { capped } }))).toEqual(verdicts("inconclusive", "inconclusive", "inconclusive"));
  });
});
