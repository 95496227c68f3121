import { describe, expect, test } from "vitest";
import { combineEpochs, conjoin } from "../../src/hypotheses/epochs.ts";
import { judge, needsConfirmation } from "../../src/hypotheses/judge.ts";
import { limitIssues } from "../../src/model/limits.ts";
import type { Observations } from "../../src/model/observation.ts";
import type { PlannedPhase } from "../../src/model/plan.ts";
import type { ClaimVerdict, VerdictWord } from "../../src/model/verdict.ts";
import { hypothesisOf, observe, requests, windows } from "../support/hand-made.ts";
import { simulate } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";

const said = (verdict: VerdictWord, claim = "success"): ClaimVerdict => ({ claim, verdict, expected: ">= 99%", observed: "1", n: 10, reason: `It was ${verdict}.` });
const epochs = (...words: readonly VerdictWord[]): readonly ClaimVerdict[] => combineEpochs(words.map((word, i) => ({ epoch: i + 1, judgement: { claims: [said(word)], observed: {}, samples: 10 } })));

describe("epochs", () => {
  test("agree or are inconclusive", () => {
    const word = (...words: readonly VerdictWord[]): string | undefined => epochs(...words)[0]?.verdict;
    expect(word("held", "held")).toBe("held");
    expect(word("violated", "violated")).toBe("violated");
    expect(word("held", "violated")).toBe("inconclusive");
    expect(word("held", "inconclusive")).toBe("inconclusive");
    expect(word("violated", "inconclusive")).toBe("inconclusive");
    expect(word("violated")).toBe("violated");
  });

  test("that disagree are told apart in the reason, and their samples are added", () => {
    expect(epochs("held", "violated")[0]).toMatchObject({ n: 20, reason: "The epochs disagree: held in epoch 1 (1), violated in epoch 2 (1)." });
    expect(epochs("held", "inconclusive")[0]?.reason).toBe("In epoch 2: It was inconclusive.");
  });

  test("of which one lacks a claim do not decide it", () => {
    const combined = combineEpochs([{ epoch: 1, judgement: { claims: [said("held"), said("held", "p95")], observed: {}, samples: 1 } }, { epoch: 2, judgement: { claims: [said("held")], observed: {}, samples: 1 } }]);
    expect(combined.map(({ claim, verdict }) => [claim, verdict])).toEqual([["success", "held"], ["p95", "inconclusive"]]);
  });
});

test("a hypothesis is violated when one claim is, held when all are, and never without a claim", () => {
  expect(conjoin(["held", "inconclusive", "violated"])).toBe("violated");
  expect(conjoin(["held", "inconclusive"])).toBe("inconclusive");
  expect(conjoin(["held", "held"])).toBe("held");
  expect(conjoin([])).toBe("inconclusive");
});

describe("the judge", () => {
  const available = hypothesisOf("claim", { probe: "checkout", available: ">= 90%" });
  const recovery = hypothesisOf("recovery", { probe: "checkout", within: "3s" });
  const samples = [...requests("checkout", "during", 20), ...requests("checkout", "after", 20)];

  test("says what was expected and takes the reason from the claim that decides", () => {
    const [verdict] = judge(observe({ samples, experiment: { hypotheses: [hypothesisOf("claim", { probe: "checkout", available: ">= 90%", p95: "<= 1ms" })] } })).hypotheses;
    expect(verdict).toMatchObject({ verdict: "violated", expected: "While the fault is in force, the share of good or degraded answers is >= 90% and the p95 latency is <= 1ms for checkout" });
    expect(verdict?.reason).toBe(verdict?.claims[1]?.reason);
    expect(verdict?.nextStep).toBeUndefined();
  });

  test("judges no pattern of a service that died, but what callers saw", () => {
    const services = [{ service: "shop", replica: 1, diedMs: 9000, code: 1 }];
    const verdicts = judge(observe({ samples, experiment: { hypotheses: [available, recovery] }, overrides: { services } })).hypotheses;
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(["held", "inconclusive"]);
    expect(verdicts[1]?.reason).toBe("shop ended by itself with exit code 1 at 9s: what was seen may be its absence, not the pattern (continuity).");
  });

  test("rests no verdict on calls that a proxy failed at a limit of its own, and says which to raise", () => {
    const violated = hypothesisOf("claim", { probe: "checkout", p95: "<= 1ms" });
    const judged = (code: string) => judge(observe({ samples, experiment: { hypotheses: [available, violated] }, overrides: { witnessIssues: [{ proxy: "stock", code: "malformed-request", message: "a", count: 1 }, { proxy: "payments", code, message: "11 headers", count: 1 }] } })).hypotheses;
    expect(judged("malformed-response").map(({ verdict }) => verdict)).toEqual(["held", "violated"]);
    expect([...limitIssues].flatMap((code) => judged(code).map(({ verdict }) => verdict))).toEqual(Array.from({ length: 2 * limitIssues.size }, () => "inconclusive"));
    const [verdict] = judged("too-many-headers");
    expect(verdict?.reason).toBe("The proxy payments failed calls by itself, at a limit of its own (11 headers): what came of it says nothing of the service.");
    expect(verdict?.nextStep).toBe("Raise limits.headers of payments, or let what meets it keep within it.");
    expect(verdict?.claims).toMatchObject([{ verdict: "inconclusive" }]);
  });

  test("judges no pattern when the fault was never in force", () => {
    const verdicts = judge(observe({ experiment: { hypotheses: [available, recovery] }, overrides: { phases: windows.slice(0, 1), faults: [] } })).hypotheses;
    expect(verdicts.map(({ verdict, reason }) => [verdict, reason])).toEqual([["inconclusive", "The phase during never ran."], ["inconclusive", "The phase during never ran."]]);
  });

  test("names a hypothesis type that it does not know", () => {
    expect(() => judge(observe({ experiment: { hypotheses: [hypothesisOf("telepathy", {})] } }))).toThrow('expected a known hypothesis type, got "telepathy"');
  });

  test("judges every epoch of a simulated run and tells what each observed", () => {
    const { observations } = simulate({ perSecond: 40, phases: { epochs: 2 }, service: { fallback: true }, hypotheses: [{ name: "answers", type: "fallback", params: { probe: "checkout", share: ">= 95%" } }] });
    const [verdict] = judge(observations).hypotheses;
    expect(verdict).toMatchObject({ name: "answers", verdict: "held", correlation: "trace", observed: { fallbackShare: 1 } });
    expect(verdict?.observed["epochs"]).toHaveLength(2);
  });

  test("gives a violation that is to be confirmed only when the epoch was repeated and agrees", () => {
    const slow = { fault: { kind: "latency", delayMs: 1500 }, service: {}, phases: { duringMs: 5000, afterMs: 3000 } } as const;
    const claims = (confirm: boolean): NonNullable<Simulation["hypotheses"]> => [{ type: "claim", confirm, params: { probe: "checkout", p95: "<= 500ms" } }];
    /** A plan of one epoch with a further one, of which so many ran. */
    const seen = (confirm: boolean, ran: number): Observations => {
      const { observations } = simulate({ ...slow, phases: { ...slow.phases, epochs: ran }, hypotheses: claims(confirm) });
      const { header } = observations;
      const schedule: readonly PlannedPhase[] = [...header.plan.schedule.filter(({ epoch }) => epoch === 1), { name: "during", epoch: 2, startMs: 1, endMs: 2, ifViolated: true }];
      const { experiment } = header.plan;
      return { ...observations, header: { ...header, plan: { ...header.plan, schedule, experiment: { ...experiment, phases: { ...experiment.phases, epochs: 1 } } } } };
    };
    expect(needsConfirmation(seen(true, 1))).toBe(true);
    expect(needsConfirmation(seen(false, 1))).toBe(false);
    expect(judge(seen(true, 2)).hypotheses[0]).toMatchObject({ verdict: "violated", observed: { epochs: [{}, {}] } });
    const [unconfirmed] = judge(seen(true, 1)).hypotheses;
    expect(unconfirmed).toMatchObject({ verdict: "inconclusive", reason: expect.stringMatching(/outside <= 500ms.* This was to be confirmed by one epoch more, which never ran\.$/), claims: [{ verdict: "inconclusive" }] });
    // Who did not ask is judged in the epochs of the plan.
    expect(judge(seen(false, 2)).hypotheses[0]?.observed).not.toHaveProperty("epochs");
    expect(judge(seen(false, 1)).hypotheses[0]?.verdict).toBe("violated");
  });

  test("says the same of the same observations", () => {
    const { observations } = simulate({ perSecond: 20, health: 5, service: { fallback: true, breaker: { trips: { consecutive: 5 }, coolDownMs: 1000 } }, hypotheses: [{ name: "health", type: "health-check", params: { probe: "ready", turnsUnhealthy: { within: "5s" }, liveness: "live" } }] });
    expect(judge(observations)).toEqual(judge(observations));
    expect(judge(observations).states.map(({ hypothesis }) => hypothesis)).toEqual(["health"]);
  });
});
