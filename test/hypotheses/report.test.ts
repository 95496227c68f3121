import { describe, expect, test } from "vitest";
import { report } from "../../src/hypotheses/report.ts";
import type { FaultObservation, Observations } from "../../src/model/observation.ts";
import { boundOf, callFor, faultSeen, hypothesisOf, observe, requests, windows } from "../support/hand-made.ts";
import type { Answered, HandMade } from "../support/hand-made.ts";
import { simulate } from "../support/simulate.ts";

const steadyState = [{ probe: "checkout", claims: [{ metric: "success", bound: boundOf("share", ">= 99%") } as const], during: [], settleMs: 0 }];
const claim = hypothesisOf("claim", { probe: "checkout", available: ">= 90%" });

interface Weather {
  readonly before?: () => Answered;
  readonly during?: () => Answered;
  readonly after?: () => Answered;
  readonly overrides?: Partial<Observations>;
  readonly experiment?: HandMade["experiment"];
}

const good = (): Answered => ({});
const bad = (): Answered => ({ grade: "bad" });

function concluded({ before = good, during = good, after = good, overrides = {}, experiment = {} }: Weather = {}): { readonly exitCode: number; readonly outcome: string; readonly because?: string } {
  const samples = [...requests("checkout", "before", 20, before), ...requests("checkout", "during", 20, during), ...requests("checkout", "after", 20, after)];
  const { exitCode, outcome, because } = report(observe({ samples, overrides, experiment: { steadyState, hypotheses: [claim], ...experiment } }));
  return { exitCode, outcome, ...(because === undefined ? {} : { because }) };
}

describe("the exit code", () => {
  const interrupted = { kind: "interrupted", atMs: 9000, message: "interrupted", signal: "SIGINT" } as const;
  const failed = { kind: "failed", atMs: 9000, message: "payments was not ready within 10s" } as const;
  const guard = { kind: "guard-tripped", atMs: 9000, message: "checkout available was 3%, expected >= 20%" } as const;

  test("is 0 when all held, without a reason", () => {
    expect(concluded()).toEqual({ exitCode: 0, outcome: "held" });
  });

  test("is 1 for a violated hypothesis, and names the defect", () => {
    expect(concluded({ during: bad })).toMatchObject({ exitCode: 1, outcome: "violated", because: expect.stringMatching(/^claim: The share of good or degraded answers was 0%/) });
  });

  test("is 1 for a steady state that did not come back", () => {
    expect(concluded({ after: bad })).toMatchObject({ exitCode: 1, because: "The steady state did not hold after the fault: of checkout, success was 0%, expected >= 99%." });
  });

  test("is 1 for a service that ended by itself with the fault in force, 4 before it", () => {
    expect(concluded({ overrides: { services: [{ service: "shop", replica: 1, diedMs: 9000, signal: "SIGSEGV" }] } })).toMatchObject({ exitCode: 1, because: "shop ended by itself by SIGSEGV at 9s, with the fault in force or after it." });
    expect(concluded({ overrides: { services: [{ service: "shop", replica: 1, diedMs: 900, code: 2 }] } })).toMatchObject({ exitCode: 4 });
  });

  test("counts the phase during as the fault where the load is the stress and no fault is planned", () => {
    const experiment = { faults: [], hypotheses: [hypothesisOf("claim", { probe: "checkout", available: ">= 90%" }, { faults: [] })] };
    const died = (diedMs: number): HandMade["overrides"] => ({ services: [{ service: "shop", replica: 1, diedMs, code: 1 }] });
    expect(concluded({ experiment, overrides: died(9000) ?? {} })).toMatchObject({ exitCode: 1 });
    expect(concluded({ experiment, overrides: died(900) ?? {} })).toMatchObject({ exitCode: 4 });
    expect(concluded({ experiment, overrides: { interruptions: [guard] } })).toMatchObject({ exitCode: 5 });
    expect(concluded({ experiment })).toMatchObject({ exitCode: 0 });
  });

  test("is 3 where a proxy failed calls at a limit of its own, whatever the steady state and the verdicts would be", () => {
    const overrides = { witnessIssues: [{ proxy: "payments", code: "too-many-headers", message: "11 headers", count: 1 }] };
    for (const weather of [{}, { during: bad }, { after: bad }]) expect(concluded({ ...weather, overrides })).toMatchObject({ exitCode: 3, outcome: "inconclusive", because: expect.stringContaining("The proxy payments failed calls by itself") });
    expect(concluded({ after: bad, overrides, experiment: { hypotheses: [] } })).toMatchObject({ exitCode: 3, because: expect.stringMatching(/^The proxy payments failed/) });
  });

  test("is 3 when a verdict is open, when a phase never ran, and when the machine let nothing be seen", () => {
    expect(concluded({ overrides: { faults: [faultSeen({ felt: 0 })] } })).toMatchObject({ exitCode: 3, outcome: "inconclusive", because: expect.stringContaining("only 0 of them felt it") });
    expect(concluded({ overrides: { phases: windows.slice(0, 2) } })).toMatchObject({ exitCode: 3, because: "The phase after never ran." });
    let i = 0;
    expect(concluded({ after: () => ({ grade: "bad", disturbed: (i += 1) % 3 === 0 }) })).toMatchObject({ exitCode: 3, because: expect.stringContaining("The machine disturbed") });
  });

  test("is 3 when nothing but a steady state is claimed, and nobody felt a fault under it", () => {
    const faultsOf = (faults: readonly FaultObservation[], unwitnessed: Observations["unwitnessed"] = []): Weather => ({ overrides: { faults, unwitnessed }, experiment: { hypotheses: [] } });
    expect(concluded(faultsOf([faultSeen({ eligible: 0, applied: 0, felt: 0 })]))).toEqual({ exitCode: 3, outcome: "inconclusive", because: "No call through payments was eligible for slow, so nothing was proved." });
    expect(concluded(faultsOf([faultSeen({ felt: 0 })]))).toMatchObject({ exitCode: 3, because: expect.stringContaining("only 0 of them felt it") });
    expect(concluded(faultsOf([faultSeen({ felt: 2 })]))).toMatchObject({ exitCode: 0 });
    expect(concluded(faultsOf([faultSeen({ felt: 0 }), faultSeen({ felt: 9, epoch: 2 })]))).toMatchObject({ exitCode: 0 });
    // Where calls cannot be witnessed, what the probe saw tells.
    const gap = [{ proxy: "payments", startMs: 5000, endMs: 20_000 }];
    expect(concluded({ ...faultsOf([faultSeen({ applied: 0, felt: 0 })], gap), during: bad })).toMatchObject({ exitCode: 0 });
    expect(concluded(faultsOf([faultSeen({ eligible: 0, applied: 0, felt: 0 })], gap))).toMatchObject({ exitCode: 3 });
    // Without any fault there is nothing to be felt.
    expect(concluded({ experiment: { hypotheses: [], faults: [] } })).toMatchObject({ exitCode: 0 });
  });

  test("is 4 when the steady state did not hold before, whatever came after", () => {
    expect(concluded({ before: bad, during: bad })).toMatchObject({ exitCode: 4, outcome: "baseline-not-met" });
    expect(concluded({ overrides: { interruptions: [{ kind: "baseline", atMs: 5000, message: "the baseline was not met" }], phases: windows.slice(0, 1), faults: [] } })).toMatchObject({ exitCode: 4, because: "the baseline was not met." });
    expect(concluded({ overrides: { interruptions: [{ ...guard, atMs: 4000 }], phases: windows.slice(0, 1), faults: [] } })).toMatchObject({ exitCode: 4, outcome: "baseline-not-met" });
  });

  test("is told with what most bad answers were blamed for, where a steady state did not hold", () => {
    const blamed = requests("checkout", "before", 20, () => ({ grade: "bad" })).map((sample, i) => ({ ...sample, blame: i % 4 === 0 ? `got ${i}` : "the connection was reset" }));
    const { because, steadyState: [row] } = report(observe({ samples: blamed, experiment: { steadyState, hypotheses: [] }, overrides: { phases: windows.slice(0, 1), faults: [] } }));
    expect(because).toBe("The steady state did not hold before the fault: of checkout, success was 0%, expected >= 99%; 75 of 100 bad answers: the connection was reset.");
    const noisy = blamed.map((sample, i) => ({ ...sample, disturbed: i % 4 === 0 }));
    const decided = [{ kind: "baseline", atMs: 5000, message: "the baseline was not met" }] as const;
    expect(report(observe({ samples: noisy, experiment: { steadyState, hypotheses: [] }, overrides: { phases: windows.slice(0, 1), faults: [], interruptions: decided } })).because).toMatch(/of checkout, success was 0%.*75 of 75 bad answers/);
    expect(row?.commonBlame).toEqual({ blame: "the connection was reset", count: 75 });
    expect(report(observe({ samples: [...requests("checkout", "before", 20, (_, i) => ({ grade: i === 0 ? "bad" : "good" }))], experiment: { steadyState, hypotheses: [] } })).steadyState[0]).not.toHaveProperty("commonBlame");
  });

  test("is 5 for a guard, 6 for a failure, 130 and 143 for an interrupt: each before those that follow", () => {
    expect(concluded({ before: bad, overrides: { interruptions: [guard] } })).toMatchObject({ exitCode: 5, outcome: "guard-stopped" });
    expect(concluded({ overrides: { interruptions: [guard, failed] } })).toMatchObject({ exitCode: 6, because: "payments was not ready within 10s." });
    expect(concluded({ overrides: { interruptions: [failed, interrupted] } })).toMatchObject({ exitCode: 130, outcome: "interrupted" });
    expect(concluded({ overrides: { interruptions: [{ ...interrupted, signal: "SIGTERM" }] } })).toMatchObject({ exitCode: 143 });
  });

  test("is 6 when something is left or the journal has no end, even of an interrupted run", () => {
    expect(concluded({ overrides: { cleanedUp: false, left: ["process 4711"], interruptions: [interrupted] } })).toMatchObject({ exitCode: 6, because: "The clean-up could not be confirmed: process 4711 may be left." });
    expect(concluded({ overrides: { finished: false } })).toMatchObject({ exitCode: 6, because: expect.stringContaining("no end") });
  });
});

describe("the report", () => {
  const { observations } = simulate({
    perSecond: 25, health: 5, fault: { kind: "latency", delayMs: 3000, forMs: 6000 }, service: { timeoutMs: 300, fallback: true },
    steadyState, hypotheses: [{ name: "back", type: "recovery", params: { probe: "checkout", within: "3s" } }],
  });
  const seen = report(observations);

  test("is the same, byte for byte, of the same journal", () => {
    expect(JSON.stringify(report(observations))).toBe(JSON.stringify(seen));
  });

  test("holds only plain finite data", () => {
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
    expect(JSON.stringify(seen)).not.toMatch(/\.\d{7}/);
  });

  test("tells when each fault could act and what it did", () => {
    const [fault] = seen.faults;
    expect((fault?.endMs ?? 0) - (fault?.startMs ?? 0)).toBeCloseTo(6000, 6);
    expect(fault?.felt).toBeGreaterThan(100);
    expect(fault?.eligible).toBe(fault?.applied);
  });

  test("counts the calls of each phase and their rate", () => {
    const [proxy] = seen.proxies;
    expect(proxy?.perPhase.before).toMatchObject({ exchanges: 100, faulted: 0 });
    expect(proxy?.perPhase.before?.perSecond).toBeCloseTo(25, 1);
    expect(proxy?.perPhase.during?.faulted).toBeGreaterThan(100);
  });

  test("draws every request once, in at most 120 bins", () => {
    const [checkout] = seen.timeline.probes;
    const drawn = [checkout?.good, checkout?.degraded, checkout?.bad].flatMap((series) => series ?? []).reduce((sum, count) => sum + count, 0);
    expect(drawn).toBe([...observations.samples({ probe: "checkout" })].length);
    expect(checkout?.good.length).toBeLessThanOrEqual(120);
  });

  test("survives a journal in which nothing happened", () => {
    const nothing = report(observe({ overrides: { phases: [], faults: [], endMs: 0, finished: false, cleanedUp: false } }));
    expect(nothing).toMatchObject({ exitCode: 6, phases: [], timeline: { startMs: 0 } });
  });

  test("says what a reader should know beside the verdicts", () => {
    const { issues } = report(observe({
      calls: requests("checkout", "during", 5).map((sample) => callFor(sample)),
      overrides: {
        faults: [faultSeen({ eligible: 0, applied: 0, felt: 0 })],
        capped: [{ probe: "checkout", atMs: 6000, limit: 1000 }, { probe: "checkout", atMs: 7000, limit: 1000 }],
        disturbances: [{ startMs: 1000, endMs: 1500, what: "a stall" }],
        witnessIssues: [{ proxy: "payments", code: "head-too-large", message: "a request head was over 64KiB", count: 2 }, { proxy: "payments", code: "malformed-response", message: "upstream sent two lengths", count: 1 }],
      },
    }));
    expect(issues.map(({ code, message }) => [code, message])).toEqual([
      ["fault-not-felt", "nobody felt slow: it was applied to no call"],
      ["in-flight-cap", "checkout had 1000 requests unfinished at 6s, its cap: further ones were not sent"],
      ["disturbed", "this machine was busy or stalled once, 500ms in all: samples that overlap are left out"],
      ["head-too-large", "payments: a request head was over 64KiB (2 times)"],
      ["malformed-response", "payments: upstream sent two lengths"],
    ]);
    const warning = { code: "unused-probe", severity: "warning", message: "nothing is claimed of the probe live", line: 3, column: 5 } as const;
    const { header, ...rest } = observe({ overrides: { faults: [faultSeen({ felt: 0 })] } });
    expect(report({ ...rest, header: { ...header, plan: { ...header.plan, issues: [warning] } } }).issues).toMatchObject([warning, { code: "fault-not-felt" }]);
    const [spared] = report(observe({ overrides: { faults: [faultSeen({ eligible: 180, applied: 0, felt: 0 })] } })).issues;
    expect(spared).toMatchObject({ message: "nobody felt slow: it was applied to none of 180 that were eligible", hint: expect.stringContaining("loosen") });
    const [mild] = report(observe({ overrides: { faults: [faultSeen({ applied: 1, felt: 0 })] } })).issues;
    expect(mild).toMatchObject({ message: "nobody felt slow: it was applied to one call that did not notice", hint: expect.stringContaining("stronger") });
    const [gap] = report(observe({ overrides: { unwitnessed: [{ proxy: "payments", startMs: 5000, endMs: 9000 }] } })).issues;
    expect(gap).toMatchObject({ code: "unwitnessed", message: "payments refused connections for 4s: calls made then cannot be witnessed" });
  });
});
