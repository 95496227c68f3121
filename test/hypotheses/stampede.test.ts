import { describe, expect, test } from "vitest";
import { stampede } from "../../src/hypotheses/stampede.ts";
import { keyedRandom } from "../../src/math/random.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { Load } from "../../src/model/experiment.ts";
import type { Call, Observations, Sample } from "../../src/model/observation.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { callFor, experimentOf, faultSeen, probeNamed, scopeOf } from "../support/hand-made.ts";

const twice = { proxy: "payments", peak: "<= 2x" };

function callAt(startMs: number, part: Partial<Call> = {}): Call {
  const sample: Sample = { probe: "checkout", n: Math.round(startMs), phase: "after", epoch: 1, dueMs: startMs, grade: "good", latencyMs: 20, disturbed: false };
  return callFor(sample, { startMs, endMs: startMs + 10, nth: 2, ...part });
}

/** Evenly, some ms early or late. */
function even(fromMs: number, toMs: number, perSecond: number, jitterMs = 2, seed = 1): number[] {
  const random = keyedRandom(String(seed), "even", String(fromMs));
  return Array.from({ length: Math.round(((toMs - fromMs) * perSecond) / 1000) }, (_, i) => fromMs + (i * 1000) / perSecond + jitterMs * random());
}

function poisson(fromMs: number, toMs: number, perSecond: number, seed: number): number[] {
  const random = keyedRandom(String(seed), "poisson", String(fromMs));
  const times: number[] = [];
  for (let at = fromMs; ; times.push(at)) {
    at -= (1000 / perSecond) * Math.log(1 - random());
    if (at >= toMs) return times;
  }
}

interface Story {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Of those, when a connection was opened with it. */
  readonly opened?: (atMs: number) => boolean;
  readonly perSecond?: number;
  readonly load?: Partial<Load>;
  readonly overrides?: Partial<Observations>;
}

function judge({ before, after, opened = () => false, perSecond = 40, load = {}, overrides = {} }: Story, claims: Record<string, unknown> = twice): Judgement {
  const probe = probeNamed("checkout", perSecond);
  const calls = [...before, ...after].sort((a, b) => a - b).map((atMs) => callAt(atMs, { nth: opened(atMs) ? 1 : 2 }));
  return stampede.judge(stampede.params.parse(claims), scopeOf("stampede", {}, { calls, experiment: { probes: [{ ...probe, load: { ...probe.load, ...load } }] }, overrides }));
}

const word = (said: Judgement): VerdictWord | undefined => said.claims[0]?.verdict;
const calm = even(0, 5000, 40);
const back = even(20_000, 30_000, 40);
const herd = (count: number, atMs: number, withinMs = 15): number[] => Array.from({ length: count }, (_, i) => atMs + (i * withinMs) / count);

describe("callers that come back", () => {
  test("as they used to call are no stampede", () => {
    const said = judge({ before: calm, after: back });
    expect(word(said)).toBe("held");
    expect(said.observed["usualPeakCalls"]).toBeGreaterThan(0);
  });

  test("by 20 in 20ms, as waiters of a breaker do that are let go together, are one", () => {
    const said = judge({ before: calm, after: [...back, ...herd(20, 20_900)] });
    expect(word(said)).toBe("violated");
    expect(said.observed).toMatchObject({ peakBinMs: 20, usualPeakCalls: 1 });
    expect(said.evidence?.[0]?.what).toMatch(/^2\d calls on payments in \d+ms, 9\d\dms after the end of the fault, for requests \d+ of checkout, .*, …$/);
    expect(said.claims[0]?.reason).toMatch(/more than chance makes of that once in 10,000 runs/);
  });

  test("in waves without jitter, each half a second after the last, are one; spread over as long, none", () => {
    expect(word(judge({ before: calm, after: [...back, ...[0, 1, 2].flatMap((k) => herd(40, 20_200 + 500 * k))] }))).toBe("violated");
    expect(word(judge({ before: calm, after: [...back, ...herd(40, 20_200, 2000)] }))).toBe("held");
  });

  test("at a rate three times the usual are one even where they never come together", () => {
    expect(word(judge({ before: calm, after: even(20_000, 30_000, 160) }))).toBe("violated");
    expect(word(judge({ before: calm, after: even(20_000, 30_000, 70) }))).toBe("held");
  });

  test("to a cache that misses for all at once are one, and none where one call fetches for all", () => {
    const cached = even(0, 5000, 2);
    expect(word(judge({ before: cached, after: [...even(20_000, 30_000, 2), ...herd(25, 20_010)] }))).toBe("violated");
    expect(word(judge({ before: cached, after: even(20_000, 30_000, 2) }))).toBe("held");
  });

  test("a few together, which chance may have done, are undecided; the load that would tell is named", () => {
    const said = judge({ before: calm, after: [...back, ...herd(9, 20_900)] });
    expect(word(said)).toBe("inconclusive");
    expect(said.claims[0]?.nextStep).toMatch(/^Raise the load \d+ times, at which chance would not do it, or claim "<= \d+x"\.$/);
  });

  test("at random are never said to be a stampede when they come as often as before, and hardly ever undecided", () => {
    const verdicts = Array.from({ length: 200 }, (_, seed) => word(judge({ before: poisson(0, 5000, 40, seed), after: poisson(20_000, 30_000, 40, seed), load: { arrivals: "poisson" } })));
    expect(verdicts.filter((verdict) => verdict === "violated")).toEqual([]);
    expect(verdicts.filter((verdict) => verdict === "held").length).toBeGreaterThan(150);
  });

  test("at random and exactly twice as often are never said to break a bound of twice", () => {
    const verdicts = Array.from({ length: 200 }, (_, seed) => word(judge({ before: calm, after: poisson(20_000, 30_000, 80, seed) })));
    expect(verdicts.filter((verdict) => verdict === "violated")).toEqual([]);
  });

  test("in bursts, as they are sent, are compared with bursts", () => {
    const bursts = (fromMs: number, count: number, size: number): number[] => Array.from({ length: count }, (_, i) => herd(size, fromMs + 1000 * i)).flat();
    const load = { burst: 40, rates: { warmup: 1, before: 1, during: 1, after: 1 } };
    expect(word(judge({ before: bursts(0, 5, 40), after: bursts(20_000, 10, 40), load }))).toBe("held");
    expect(word(judge({ before: bursts(0, 5, 40), after: [...bursts(20_000, 10, 40), ...herd(120, 20_000)], load }))).toBe("violated");
  });
});

describe("connections", () => {
  const some = (every: number) => (atMs: number): boolean => Math.round(atMs) % every === 0;

  test("opened all at once are a stampede, against none before and as a rate", () => {
    const storm = { before: calm, after: [...back, ...herd(40, 20_300, 200)], opened: (atMs: number) => atMs > 20_299 && atMs < 20_500 };
    expect(word(judge(storm, { proxy: "payments", connections: "<= 2x" }))).toBe("violated");
    expect(word(judge(storm, { proxy: "payments", connections: "<= 20/s" }))).toBe("violated");
    expect(word(judge(storm, { proxy: "payments", connections: "<= 60/s" }))).toBe("held");
  });

  test("of a few are undecided where there were none before", () => {
    const few = { before: calm, after: back, opened: (atMs: number) => atMs > 20_000 && atMs < 20_120 };
    expect(word(judge(few, { proxy: "payments", connections: "<= 2x" }))).toBe("inconclusive");
    expect(word(judge({ ...few, opened: () => false }, { proxy: "payments", connections: "<= 2x" }))).toBe("held");
    expect(word(judge({ ...few, opened: some(2) }, { proxy: "payments", connections: "<= 2x" }))).toBe("held");
  });
});

describe("undecided is", () => {
  test.each([
    ["a herd on a starved machine", { disturbances: [{ startMs: 20_500, endMs: 22_000, what: "starved" }] }],
    ["a run without an end", { finished: false }],
    ["a fault that nobody felt", { faults: [faultSeen({ felt: 0, applied: 0 })] }],
    ["a run without a phase after", { phases: [{ name: "before", epoch: 1, startMs: 0, endMs: 5000 }] }],
    ["an edge that could not be seen", { unwitnessed: [{ proxy: "payments", startMs: 20_500, endMs: 21_000 }] }],
  ] as const)("%s", (_what, overrides) => {
    const said = judge({ before: calm, after: [...back, ...herd(60, 20_900)], overrides });
    expect(word(said)).toBe("inconclusive");
    expect(judge({ before: calm, after: back, overrides }).claims[0]?.verdict).toBe("inconclusive");
  });

  test("what a short stall may have thrown together; beside it a herd is one", () => {
    const stall = [{ startMs: 20_800, endMs: 20_895, what: "the main thread was late by 95ms" }];
    expect(word(judge({ before: calm, after: [...back, ...herd(60, 20_900)], overrides: { disturbances: stall } }))).toBe("inconclusive");
    expect(word(judge({ before: calm, after: [...back, ...herd(60, 21_900)], overrides: { disturbances: stall } }))).toBe("violated");
  });

  test("what came together in a second of strain, which is too little to disturb a time", () => {
    const strains = [{ startMs: 20_000, endMs: 21_000, what: "payments waited for a processor 30% of the time" }];
    const said = judge({ before: calm, after: [...back, ...herd(60, 20_900)], overrides: { strains } });
    expect(said.claims[0]).toMatchObject({ verdict: "inconclusive", nextStep: "Run on a quieter machine, or lower the load." });
    expect(word(judge({ before: calm, after: [...back, ...herd(60, 21_900)], overrides: { strains } }))).toBe("violated");
  });

  test("a herd that is no larger than what a strain had thrown together before the fault", () => {
    const strains = [{ startMs: 2000, endMs: 3000, what: "payments waited for a processor 30% of the time" }];
    const strained = { before: [...calm, ...herd(20, 2500)].sort((a, b) => a - b), overrides: { strains } };
    expect(word(judge({ ...strained, after: [...back, ...herd(20, 20_900)] }))).toBe("inconclusive");
    expect(word(judge({ ...strained, after: back }))).toBe("held");
    const short = [0, 1, 2, 3, 4].map((second) => ({ startMs: 1000 * second, endMs: 1000 * second + 400, what: "payments waited for a processor 30% of the time" }));
    expect(word(judge({ before: calm, after: back, overrides: { strains: short } }))).toBe("held");
  });

  test("callers that have not come back, and load that is not as before", () => {
    expect(judge({ before: calm, after: even(29_000, 30_000, 40) }).claims[0]?.reason).toContain("have not come back");
    expect(judge({ before: calm, after: even(20_000, 30_000, 80), load: { rates: { warmup: 40, before: 40, during: 40, after: 80 } } }).claims[0]?.reason).toContain("what comes back cannot be told from the load");
    expect(judge({ before: [1, 2], after: back }).claims[0]?.reason).toContain("too few to know what is usual");
  });
});

describe("waves of retries", () => {
  const spread = (jitterMs: number): unknown => {
    const samples: readonly Sample[] = [0, 1, 2].flatMap((burst) => Array.from({ length: 30 }, (_, i): Sample => ({ probe: "checkout", n: burst * 30 + i + 1, phase: "during", epoch: 1, dueMs: 6000 + 2000 * burst, endMs: 6500 + 2000 * burst, grade: "good", latencyMs: 500, disturbed: false })));
    const calls = samples.flatMap((sample, i) => [callFor(sample, { startMs: sample.dueMs + (i % 5), endMs: sample.dueMs + 8 }), callFor(sample, { startMs: sample.dueMs + 200 + (i % 5) + ((i * 37) % 100) * (jitterMs / 100), endMs: sample.dueMs + 320 })]);
    const probe = probeNamed("checkout", 40);
    const all = [...even(0, 5000, 40).map((at) => callAt(at)), ...calls, ...even(20_000, 30_000, 40).map((at) => callAt(at))];
    return stampede.judge(stampede.params.parse(twice), scopeOf("stampede", {}, { samples, calls: all, experiment: { probes: [{ ...probe, load: { ...probe.load, burst: 30 } }] } })).observed["waveDispersion"];
  };

  test("are as close together as what they retry without jitter, and far apart with it", () => {
    expect(spread(0)).toBeCloseTo(1, 0);
    expect(spread(300)).toBeGreaterThan(20);
  });
});

describe("the hypothesis", () => {
  test("claims something, in factors or rates", () => {
    const isRead = (claims: object): boolean => stampede.params.safeParse({ proxy: "payments", ...claims }).success;
    expect([{}, { peak: "2/s" }, { peak: ">= 2x" }, { connections: "2" }, { connections: ">= 2x" }].map(isRead)).toEqual([false, false, false, false, false]);
    expect([{ peak: "<= 2x" }, { connections: "2x" }, { connections: "<= 20/s" }].map(isRead)).toEqual([true, true, true]);
    expect(stampede.explain(stampede.params.parse({ ...twice, connections: "<= 20/s" }))).toBe("When payments is well again, calls come on it at <= 2x the peak of before the fault and connections are opened at <= 20/s");
  });

  test("warns of a load that changes and of a run that ends with the fault", () => {
    const codes = (part: Parameters<typeof experimentOf>[0]): readonly string[] => stampede.advise(stampede.params.parse(twice), scopeOf("stampede", {}).hypothesis, experimentOf(part)).map(({ code }) => code);
    const probe = probeNamed("checkout", 40);
    expect(codes({})).toEqual([]);
    expect(codes({ probes: [{ ...probe, load: { ...probe.load, rates: { ...probe.load.rates, after: 80 } } }] })).toEqual(["uneven-load"]);
    expect(codes({ phases: { warmupMs: 0, beforeMs: 5000, duringMs: 5000, afterMs: 0, epochs: 1 } })).toEqual(["no-recovery-phase"]);
  });
});
