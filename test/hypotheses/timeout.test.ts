import { describe, expect, test } from "vitest";
import { judge } from "../../src/hypotheses/judge.ts";
import { timeout } from "../../src/hypotheses/timeout.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { simulateHalfClosing } from "../support/half-closing.ts";
import { countVerdicts, judgeOne } from "../support/judge-one.ts";
import { experimentOf, feltCallFor, requests, scopeOf } from "../support/hand-made.ts";
import { makeHeader, simulate } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";

const seeds = 6;
const usual = { proxy: "payments", givesUp: "400ms..650ms", closesConnection: true };
const slow = { kind: "latency", delayMs: 3000 } as const;
const hang = { kind: "hang" } as const;
const retry = { attempts: 3, backoff: "exponential", firstMs: 100, jitter: 0.5 } as const;

const table: readonly (readonly [verdict: VerdictWord, what: string, claims: object, simulation: Simulation])[] = [
  ["held", "of 500ms around slow calls", usual, { fault: slow, service: { timeoutMs: 500, retry } }],
  ["held", "of 500ms around calls that hang", usual, { fault: hang, service: { timeoutMs: 500 } }],
  ["held", "whose calls carry no trace", { proxy: "payments", givesUp: "<= 650ms" }, { fault: hang, correlation: "none", service: { timeoutMs: 500 } }],
  ["violated", "that is switched off", usual, { fault: slow, service: {} }],
  ["violated", "that is switched off, around calls that hang", usual, { fault: hang, perSecond: 15, service: {} }],
  ["violated", "of 900ms", usual, { fault: hang, service: { timeoutMs: 900 } }],
  ["violated", "of 200ms, too early", usual, { fault: hang, service: { timeoutMs: 200 } }],
  ["violated", "that answers, and leaves the call running", usual, { fault: slow, service: { timeoutMs: 500, leaks: true } }],
  ["violated", "that leaves its calls running while it retries", { proxy: "payments", closesConnection: true }, { fault: { kind: "latency", delayMs: 1400 }, service: { timeoutMs: 500, leaks: true, retry } }],
  ["inconclusive", "that nobody saw, as to closing", { proxy: "payments", closesConnection: true }, { fault: hang, service: {} }],
  ["inconclusive", "longer than twice what the fault holds", usual, { fault: { kind: "latency", delayMs: 800 }, service: { timeoutMs: 2000 } }],
  ["inconclusive", "where no fault keeps anyone waiting", usual, { fault: { kind: "error" }, service: { timeoutMs: 500 } }],
  ["inconclusive", "seen in 34 calls", usual, { fault: hang, perSecond: 5, phases: { beforeMs: 8000, duringMs: 8000 }, service: { timeoutMs: 500 } }],
  ["inconclusive", "when nothing was injected", usual, { fault: false, service: { timeoutMs: 500 } }],
];

describe("a timeout", () => {
  test.each(table)("is %s: one %s", { timeout: 120_000 }, (verdict, _what, claims, simulation) => {
    expect(countVerdicts(timeout, claims, simulation, seeds)).toEqual({ held: 0, violated: 0, inconclusive: 0, [verdict]: seeds });
  });

  test("is told in numbers", () => {
    const { observed } = judgeOne(timeout, usual, { fault: slow, service: { timeoutMs: 500 } });
    expect(observed["givesUpP50Ms"]).toBeGreaterThan(500);
    expect(observed["givesUpP95Ms"]).toBeLessThan(510);
    expect(observed["leakedShare"]).toBe(0);
    expect(judgeOne(timeout, usual, { fault: slow, service: { timeoutMs: 500, leaks: true } }).observed).toEqual({ leakedShare: 1, kind: "notify-only or leak" });
  });

  test("is held when every epoch shows it, and each tells what it saw", () => {
    const { observations } = simulate({ fault: hang, phases: { epochs: 2 }, service: { timeoutMs: 500 }, hypotheses: [{ type: "timeout", params: usual, shapes: ["hang"] }] });
    const [verdict] = judge(observations).hypotheses;
    expect(verdict).toMatchObject({ verdict: "held", claims: [{ claim: "givesUp (hang)" }, { claim: "closesConnection (hang)" }], observed: { epochs: [{ kind: "total or idle or first-byte" }, { kind: "total or idle or first-byte" }] } });
    const [half] = judge({ ...observations, phases: observations.phases.filter(({ epoch }) => epoch === 1) }).hypotheses;
    expect(half).toMatchObject({ verdict: "inconclusive", reason: "It was held in epoch 1, and in epoch 2: The phase during never ran in epoch 2." });
  });

  test("is told with what would have looked the same", () => {
    expect(judgeOne(timeout, usual, { fault: hang, service: { timeoutMs: 500 } }).equivalentTo).toEqual([
      "a limit on the whole call, or a limit on silence, or a limit on the wait for the answer's head: shapes: [headers-hang, drip] would tell", "a deadline over all tries: no request made a second",
    ]);
    expect(judgeOne(timeout, usual, { fault: slow, service: { timeoutMs: 500, retry } }).equivalentTo?.join()).not.toContain("deadline over all tries");
    expect(judgeOne(timeout, usual, { fault: { kind: "error" }, service: { timeoutMs: 500 } }).equivalentTo).toEqual([]);
  });

  test("that leaks is shown by calls that outlived the answer", () => {
    const said = judgeOne(timeout, usual, { fault: slow, service: { timeoutMs: 500, leaks: true } });
    expect(said.evidence?.[0]?.what).toMatch(/^POST \/charges of request \d+ of checkout was held for .* and never left, although its request had been answered$/);
  });

  test("is judged for each shape asked for, and not for shapes that no fault has", () => {
    const said = judgeOne(timeout, usual, { fault: hang, service: { timeoutMs: 500 } }, { shapes: ["hang", "headers-hang"] });
    expect(said.claim("givesUp (hang)").verdict).toBe("held");
    expect(said.claim("givesUp (headers-hang)")).toMatchObject({ verdict: "inconclusive", nextStep: "Add a fault of this shape: { type: hang, headers: true }." });
  });

  test.each([["hang", hang, { timeoutMs: 500 }], ["a delay", slow, { timeoutMs: 500 }], ["hang, with no timeout at all", hang, {}]] as const)("of callers that close their half and read on is not seen in a FIN: %s", (_what, fault, service) => {
    const simulation = { fault, service, hypotheses: [{ type: "timeout" }] };
    const observations = simulateHalfClosing(simulation);
    const [hypothesis] = observations.header.plan.experiment.hypotheses;
    if (hypothesis === undefined) throw new Error("no hypothesis");
    const { claims, observed } = timeout.judge(timeout.params.parse(usual), { hypothesis, observations, epoch: 1, confidence: 0.99 });
    expect(claims.map(({ claim, verdict }) => [claim, verdict])).toEqual([["givesUp", "inconclusive"], ["closesConnection", "inconclusive"]]);
    for (const { reason } of claims) expect(reason).toMatch(/^(\d+) of \1 held calls on payments came from callers that close their sending half with each request and read on/);
    expect(observed).toEqual({});
  });

  test("claims something, and no more than it can", () => {
    expect(timeout.params.safeParse({ proxy: "payments" }).success).toBe(false);
    expect(timeout.params.safeParse({ proxy: "payments", closesConnection: false }).success).toBe(false);
    expect(timeout.explain(timeout.params.parse(usual))).toBe("Callers of payments that are kept waiting give up after 400ms..650ms (p95) and close the connection when they do");
  });

  test("is warned of when its fault is too short, or keeps nobody waiting", () => {
    const codes = (fault: Simulation["fault"]): readonly string[] => {
      const { experiment } = makeHeader({ fault: fault ?? hang, hypotheses: [{ type: "timeout" }] }).plan;
      const [hypothesis] = experiment.hypotheses;
      if (hypothesis === undefined) throw new Error("no hypothesis");
      return timeout.advise(timeout.params.parse(usual), hypothesis, experiment).map(({ code }) => code);
    };
    expect(codes({ kind: "latency", delayMs: 800 })).toEqual(["fault-too-short"]);
    expect(codes({ kind: "error" })).toEqual(["no-holding-fault"]);
    expect(codes(hang)).toEqual([]);
    expect(codes(slow)).toEqual([]);
  });

  test.each([["blackhole", "http1", "held"], ["half-open", "http1", "held"], ["blackhole", "tcp", "inconclusive"]] as const)("under %s on a proxy of the lane %s is %s: there calls are seen, and who leaves them", (type, lane, verdict) => {
    const fault = { name: "slow", type, layer: "connection", proxy: "payments", direction: "both", params: {}, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" } } as const;
    const samples = requests("checkout", "during", 10);
    const calls = samples.map((sample) => ({ ...feltCallFor(sample), faults: [{ fault: "slow", decision: "applied", effect: "silence", actedMs: sample.dueMs, releasedMs: 20_000 }] as const }));
    const proxies = experimentOf().proxies.map((proxy) => ({ ...proxy, lane }));
    const { claims } = timeout.judge(timeout.params.parse({ proxy: "payments", givesUp: "<= 650ms" }), scopeOf("timeout", { proxy: "payments", givesUp: "<= 650ms" }, { samples, calls, experiment: { faults: [fault], proxies } }));
    expect(claims).toMatchObject([{ claim: "givesUp", verdict }]);
  });
});
