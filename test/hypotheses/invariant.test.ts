import { describe, expect, test } from "vitest";
import { keyedRandom } from "../../src/math/random.ts";
import { invariant } from "../../src/hypotheses/invariant.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { FaultObservation, Observations, Sample } from "../../src/model/observation.ts";
import { experimentOf, faultSeen, hypothesisOf, probeNamed, requests, scopeOf } from "../support/hand-made.ts";
import type { HandMade } from "../support/hand-made.ts";

/** What a node says when it is asked at a moment; undefined: the connection is refused. */
type Says = (atMs: number) => { readonly role?: string; readonly term?: number; readonly latencyMs?: number; readonly disturbed?: boolean; readonly pending?: boolean } | undefined;

const [killedMs, backMs] = [8000, 14_000];
const kill: FaultObservation = {
  ...faultSeen({ setMs: 5000, firstAppliedMs: killedMs, lastAppliedMs: killedMs, eligible: 1, applied: 1, felt: 1 }),
  fault: { ...faultSeen().fault, type: "kill", layer: "process", service: "node-1", params: {} },
  away: [{ startMs: killedMs, endMs: backMs }],
};

/** One node asked 20 times a second through all phases, `lateMs` after the others. */
function node(probe: string, lateMs: number, says: Says): readonly Sample[] {
  return (["before", "during", "after"] as const).flatMap((phase) => requests(probe, phase, 20)).map((sample): Sample => {
    const dueMs = sample.dueMs + lateMs;
    const { endMs: _, status: __, ...base } = { ...sample, dueMs, sentMs: dueMs };
    const answer = says(dueMs);
    if (answer === undefined) return { ...base, endMs: dueMs + 1, grade: "bad", failure: "refused", latencyMs: 1 };
    const { role = "follower", term, latencyMs = 2, disturbed = false, pending = false } = answer;
    if (pending) return { ...base, grade: "pending", latencyMs: 31_000 - dueMs };
    return { ...base, endMs: dueMs + latencyMs, grade: "good", status: 200, value: role, latencyMs, disturbed, ...(term !== undefined && { term }) };
  });
}

const leads = (fromMs: number, toMs: number, term?: number): Says => (atMs) => ({ role: atMs >= fromMs && atMs < toMs ? "leader" : "follower", ...(term !== undefined && { term }) });
const killed = (says: Says): Says => (atMs) => (atMs >= killedMs && atMs < backMs ? undefined : says(atMs));

/** The first leads until it is killed, the second from `electedMs` on. */
function election(electedMs: number, second: Says = leads(electedMs, 99_000, 2)): readonly Sample[] {
  return [...node("role-1", 0, killed(leads(0, killedMs, 1))), ...node("role-2", 7, second), ...node("role-3", 13, () => ({ term: 2 }))];
}

const exactlyOne: JsonObject = { probes: ["role-1", "role-2", "role-3"], where: { value: "leader" }, count: "== 1", within: "2s" };

function judge(samples: readonly Sample[], params: JsonObject = exactlyOne, overrides: Partial<Observations> = {}, made: HandMade = {}): Judgement {
  return invariant.judge(invariant.params.parse(params), scopeOf("invariant", params, { samples, overrides: { faults: [kill], ...overrides }, ...made }));
}

const words = ({ claims }: Judgement): Readonly<Record<string, string>> => Object.fromEntries(claims.map(({ claim, verdict }) => [claim, verdict]));
const whyOpen = ({ claims }: Judgement): string => [...new Set(claims.map(({ verdict, reason, nextStep }) => (verdict === "inconclusive" && nextStep !== undefined ? reason : `decided: ${reason}`)))].join("; ");

describe("exactly one leader", () => {
  test("is held when another leads in time, and at no time two do", () => {
    const judgement = judge(election(8700));
    expect(words(judgement)).toEqual({ count: "held", within: "held" });
    expect(judgement.observed).toMatchObject({ nodes: 3, tooManyAnswers: 0, mostAtOnce: 1, tooFewMs: 0 });
    expect(judgement.observed["restoredAfterMs"]).toBeCloseTo(709);
    expect(judgement.states?.map(({ state }) => state)).toEqual(["role-1", "role-2"]);
    expect(judgement.equivalentTo?.join()).toContain("the longest time between two answers");
  });

  test("is violated when the next one leads too late, and by the time between", () => {
    const judgement = judge(election(11_000));
    expect(words(judgement)).toEqual({ count: "violated", within: "violated" });
    const within = judgement.claims.find(({ claim }) => claim === "within");
    expect(within?.interval?.[0]).toBeGreaterThan(2900);
    expect(judgement.claims[0]?.reason).toContain("Fewer nodes than == 1");
  });

  test("is violated when none ever leads again", () => {
    expect(words(judge(election(99_000)))).toEqual({ count: "violated", within: "violated" });
  });

  test("is not settled when the bound lies between the last answer without and the first with a leader", () => {
    const judgement = judge(election(8700), { ...exactlyOne, within: "690ms" });
    expect(words(judgement)["within"]).toBe("inconclusive");
  });

  test("is violated by two that say so by turns, with the answers that show it", () => {
    const old = killed((atMs) => ({ role: atMs < killedMs || (atMs > 14_500 && atMs < 14_800) ? "leader" : "follower", term: 1 }));
    const judgement = judge([...node("role-1", 0, old), ...node("role-2", 7, leads(8700, 99_000, 2)), ...node("role-3", 13, () => ({}))]);
    expect(words(judgement)).toMatchObject({ count: "violated" });
    expect(judgement.observed["tooManyAnswers"]).toBeGreaterThanOrEqual(2);
    expect(judgement.evidence?.[0]?.what).toMatch(/^request \d+ of role-[12] said "leader" \(term [12]\), while role-[12] had and did again$/);
    expect(judgement.equivalentTo).toEqual(["a state handed over and back between two answers of a node"]);
  });

  test("several faults that are in force together are one, from the first onset on", () => {
    const cut = (name: string, onsetMs: number): FaultObservation => ({ ...faultSeen({ firstAppliedMs: onsetMs, liftedMs: backMs }), fault: { ...faultSeen().fault, name } });
    const faults = [cut("slow", killedMs), cut("slow-2", killedMs + 5), cut("slow-3", killedMs + 600)];
    const judgement = invariant.judge(invariant.params.parse(exactlyOne), scopeOf("invariant", exactlyOne, { samples: election(8700), overrides: { faults } }, { faults: ["slow", "slow-2", "slow-3"] }));
    expect(words(judgement)).toEqual({ count: "held", within: "held" });
    expect(judgement.observed["restoredAfterMs"]).toBeCloseTo(709);
  });

  test("is left open by a single answer of another", () => {
    const once = killed((atMs) => ({ role: atMs < killedMs || atMs === 15_000 ? "leader" : "follower" }));
    expect(words(judge([...node("role-1", 0, once), ...node("role-2", 7, leads(8700, 99_000)), ...node("role-3", 13, () => ({}))]))).toMatchObject({ count: "inconclusive" });
  });

  test("an answer that may have been given before the next one led is no witness, however late it comes", () => {
    const slow = killed((atMs) => ({ role: atMs < killedMs ? "leader" : "follower", latencyMs: atMs >= 7000 && atMs < killedMs ? 3000 : 2 }));
    expect(judge([...node("role-1", 0, slow), ...node("role-2", 7, leads(8700, 99_000)), ...node("role-3", 13, () => ({}))]).observed["tooManyAnswers"]).toBe(0);
  });

  test("a leader that is replaced and elected again later is one at a time", () => {
    const again = killed((atMs) => ({ role: atMs < killedMs || atMs >= 17_000 ? "leader" : "follower" }));
    expect(words(judge([...node("role-1", 0, again), ...node("role-2", 7, leads(8700, 16_950)), ...node("role-3", 13, () => ({}))]))).toEqual({ count: "held", within: "held" });
  });

  test("the same term again shows that it never stopped, where answers alone are too far apart", () => {
    const slowly = (says: Says): Says => (atMs) => {
      const answer = says(atMs);
      return answer === undefined ? answer : { ...answer, latencyMs: 600 };
    };
    const two = (old: number | undefined, next: number | undefined): Judgement => judge([...node("role-1", 0, killed(slowly((atMs) => ({ role: atMs < killedMs || atMs > backMs ? "leader" : "follower", ...(old !== undefined && { term: old }) })))), ...node("role-2", 7, slowly(leads(8700, 99_000, next))), ...node("role-3", 13, () => ({}))]);
    expect(words(two(1, 2))).toMatchObject({ count: "violated" });
    expect(two(undefined, undefined).observed["tooManyAnswers"]).toBe(0);
  });
});

describe("counted by term", () => {
  const perTerm: JsonObject = { probes: ["role-1", "role-2", "role-3"], where: { value: "leader" }, count: "<= 1", perTerm: true };
  const stale = (term: number): Says => killed((atMs) => ({ role: atMs < killedMs || atMs < 15_000 ? "leader" : "follower", term }));
  const both = (term: number): readonly Sample[] => [...node("role-1", 0, stale(1)), ...node("role-2", 7, leads(8700, 99_000, term)), ...node("role-3", 13, () => ({}))];

  test("an old leader that has not heard of the new one is no second one", () => {
    expect(words(judge(both(2), perTerm))).toEqual({ count: "held" });
    expect(words(judge(both(2), { ...perTerm, perTerm: false }))).toEqual({ count: "violated" });
  });

  test("two in the same term violate it, at whatever times", () => {
    const judgement = judge(both(1), perTerm);
    expect(words(judgement)).toEqual({ count: "violated" });
    expect(judgement.evidence?.[0]?.what).toMatch(/^role-1 \(\d+ times\) and role-2 \(\d+ times\) said "leader" in term 1$/);
  });

  test("needs terms", () => {
    expect(whyOpen(judge([...node("role-1", 0, killed(leads(0, killedMs))), ...node("role-2", 7, leads(8700, 99_000)), ...node("role-3", 13, () => ({}))], perTerm))).toMatch(/^\d+ answers that are counted had no term/);
  });
});

describe("at least so many good answers", () => {
  const enough: JsonObject = { probes: ["role-1", "role-2", "role-3"], count: ">= 2", within: "1s" };
  const down = (fromMs: number, toMs: number): Says => (atMs) => (atMs >= fromMs && atMs < toMs ? undefined : {});

  test("is held while one of three is away", () => {
    expect(words(judge([...node("role-1", 0, down(killedMs, backMs)), ...node("role-2", 7, () => ({})), ...node("role-3", 13, () => ({}))], enough))).toEqual({ count: "held", within: "held" });
  });

  test("is violated when a second one goes with it", () => {
    expect(words(judge([...node("role-1", 0, down(killedMs, backMs)), ...node("role-2", 7, down(killedMs, 10_000)), ...node("role-3", 13, () => ({}))], enough))).toMatchObject({ count: "violated" });
  });

  test("a node that does not answer is none of them", () => {
    const hung: Says = (atMs) => (atMs >= killedMs && atMs < backMs ? { latencyMs: backMs - atMs + 1500 } : {});
    const judgement = judge([...node("role-1", 0, down(killedMs, backMs)), ...node("role-2", 7, hung), ...node("role-3", 13, () => ({}))], enough);
    expect(words(judgement)["count"]).not.toBe("held");
  });
});

describe("inconclusive", () => {
  const two = [...node("role-1", 0, killed((atMs) => ({ role: atMs < killedMs || atMs > backMs ? "leader" : "follower" }))), ...node("role-2", 7, leads(8700, 99_000)), ...node("role-3", 13, () => ({}))];

  test("when the fault hit a node that was not counted", () => {
    expect(whyOpen(judge([...node("role-1", 0, killed(() => ({}))), ...node("role-2", 7, leads(0, 99_000)), ...node("role-3", 13, () => ({}))]))).toMatch(/^The same nodes .* put nothing to the test/);
  });

  test("when it was not so before the fault", () => {
    expect(whyOpen(judge([...node("role-1", 0, killed(leads(0, killedMs))), ...node("role-2", 7, leads(0, 99_000)), ...node("role-3", 13, () => ({}))]))).toMatch(/^2 of 3 nodes said "leader" just before the fault already, .*\(baseline\)/);
    expect(whyOpen(judge([...node("role-1", 0, killed(leads(2000, killedMs))), ...node("role-2", 7, (atMs) => ({ role: (atMs > 1000 && atMs < 4000) || atMs > 8700 ? "leader" : "follower" })), ...node("role-3", 13, () => ({}))]))).toMatch(/already before the fault .*\(baseline\)/);
  });

  test("when nothing was done, nothing was captured, or too little was asked", () => {
    expect(whyOpen(judge(two, exactlyOne, { faults: [] }))).toMatch(/^(?!decided)/);
    expect(whyOpen(judge(two, exactlyOne, { faults: [{ ...kill, felt: 0, away: [] }] }))).toMatch(/^(?!decided)/);
    expect(whyOpen(judge(two.map((sample): Sample => { const bare: { value?: string } & Sample = { ...sample }; delete bare.value; return bare; })))).toMatch(/^None of the answers to role-1, role-2, role-3 had a value/);
    expect(whyOpen(judge(two.filter(({ probe, n }) => probe !== "role-3" || n % 40 === 0)))).toMatch(/^14 answers to role-3 are too few/);
    expect(whyOpen(judge(two, exactlyOne, { finished: false }))).toMatch(/no end/);
  });

  test("when a node stays silent while nothing is wrong with it", () => {
    expect(whyOpen(judge([...node("role-1", 0, killed(leads(0, killedMs))), ...node("role-2", 7, leads(8700, 99_000)), ...node("role-3", 13, (atMs) => ({ pending: atMs > 16_000 }))]))).toMatch(/stayed without an answer/);
  });

  test("when this machine was busy, in many answers or in those that decide", () => {
    expect(whyOpen(judge(two.map((sample) => ({ ...sample, disturbed: sample.n % 10 === 0 }))))).toMatch(/this machine/);
    const strained = { strains: [{ startMs: 8000, endMs: 13_000, what: "node-2 waited for a processor" }] };
    expect(words(judge(election(11_000), exactlyOne, strained))).toEqual({ count: "inconclusive", within: "inconclusive" });
    const starved = { disturbances: [{ startMs: 8000, endMs: 13_000, what: "node-2 waited for a processor" }] };
    expect(words(judge(election(11_000), exactlyOne, starved))).toEqual({ count: "inconclusive", within: "inconclusive" });
  });

  test("witnesses that were disturbed are none", () => {
    const busy = two.map((sample) => ({ ...sample, disturbed: sample.probe === "role-1" && sample.dueMs > backMs && sample.n % 40 === 0 }));
    const onlyBusy = two.map((sample) => (sample.probe === "role-1" && sample.dueMs > backMs && sample.n % 40 !== 0 ? { ...sample, value: "follower" } : { ...sample, disturbed: sample.probe === "role-1" && sample.dueMs > backMs }));
    expect(words(judge(busy))).toMatchObject({ count: "violated" });
    expect(judge(onlyBusy).observed["tooManyAnswers"]).toBe(0);
  });
});

describe("over many clusters, whose answers take their time", () => {
  /** Reigns of 0.7 s to 4 s by turns of chance, each `gapMs` after the last (before its end where it is negative); answers tell of one moment on their way. */
  function cluster(seed: number, gapMs: number): readonly Sample[] {
    const random = keyedRandom("cluster", seed);
    const reigns: { readonly node: number; readonly fromMs: number; readonly toMs: number }[] = [{ node: 0, fromMs: -1000, toMs: killedMs }];
    for (let atMs = killedMs; atMs < 32_000; ) {
      const fromMs = reigns.length === 1 ? atMs : atMs + gapMs;
      const toMs = atMs + 700 + 3300 * random();
      const last = reigns.at(-1)?.node ?? 0;
      reigns.push({ node: (last + 1 + Math.floor(2 * random())) % 3, fromMs, toMs });
      atMs = toMs;
    }
    return ["role-1", "role-2", "role-3"].flatMap((probe, i) => node(probe, 7 * i, (atMs) => {
      const latencyMs = 1 + 300 * random() ** 4;
      const toldMs = atMs + latencyMs * random();
      return { role: reigns.some((reign) => reign.node === i && toldMs >= reign.fromMs && toldMs < reign.toMs) ? "leader" : "follower", latencyMs };
    }));
  }

  const seeds = Array.from({ length: 12 }, (_, seed) => seed);

  test("never sees two leaders where one follows the other at once", () => {
    expect(seeds.map((seed) => judge(cluster(seed, 0), { ...exactlyOne, within: "10s" }).observed["tooManyAnswers"])).toEqual(seeds.map(() => 0));
  });

  test("never holds where the next one leads half a second before the last has stopped", () => {
    expect(seeds.map((seed) => words(judge(cluster(seed, -500)))["count"])).toEqual(seeds.map(() => "violated"));
  });
});

test("warns of nodes that are asked too seldom, capture nothing, and of a phase that is too short", () => {
  const params = invariant.params.parse({ ...exactlyOne, within: "20s" });
  const experiment = experimentOf({ probes: ["role-1", "role-2", "role-3"].map((name) => probeNamed(name, 2, {})) });
  expect(invariant.advise(params, hypothesisOf("invariant", {}), experiment).map(({ code }) => code)).toEqual(["asked-too-seldom", "no-capture", "phase-too-short"]);
});

test("refuses a condition without a count, and terms without an upper end", () => {
  for (const wrong of [{ probes: ["a"], where: { value: 1 } }, { probes: ["a"], count: ">= 1", perTerm: true }, { probes: [], count: "== 1" }, { probes: ["a"], count: "== 1", where: {} }, { probes: ["a"], staleness: { primary: "b" } }]) expect(invariant.params.safeParse(wrong).success).toBe(false);
});

describe("staleness", () => {
  const lag: JsonObject = { probes: ["replica-1", "replica-2"], staleness: { primary: "writes", p95: "<= 300ms", max: "<= 1s" } };
  /** A version that grows by one every 100 ms, as a node gives it that is so far behind. */
  const version = (behindMs: (atMs: number) => number): Says => (atMs) => ({ role: String(Math.floor((atMs - behindMs(atMs)) / 100)) });
  const read = (behindMs: (atMs: number) => number, other: (atMs: number) => number = () => 30): readonly Sample[] => [...node("writes", 0, version(() => 0)), ...node("replica-1", 7, version(behindMs)), ...node("replica-2", 13, version(other))];

  test("is held when every replica follows closely enough", () => {
    const judgement = judge(read(() => 100), lag);
    expect(words(judgement)).toEqual({ "staleness.p95": "held", "staleness.max": "held" });
    expect(judgement.observed["stalenessMaxMs"]).toBeLessThanOrEqual(100);
  });

  test("is violated by one replica that stays behind, with its oldest answer", () => {
    const judgement = judge(read(() => 30, (atMs) => (atMs > killedMs ? atMs - killedMs : 30)), lag);
    expect(words(judgement)).toEqual({ "staleness.p95": "violated", "staleness.max": "violated" });
    expect(judgement.evidence?.[0]?.what).toMatch(/^request \d+ of replica-2 got 80, outdated for \d/);
    expect(judgement.observed["stalenessP95Ms"]).toBeGreaterThan(10_000);
  });

  test("is open when the bound is within what one answer after another can tell", () => {
    expect(words(judge(read(() => 320), lag))).toMatchObject({ "staleness.p95": "inconclusive", "staleness.max": "held" });
    expect(words(judge(read((atMs) => (atMs > 16_000 && atMs < 16_050 ? 1500 : 30)), lag))).toMatchObject({ "staleness.p95": "held", "staleness.max": "inconclusive" });
  });

  test("excuses what is asked for within the time given to get over the fault", () => {
    const late = (atMs: number): number => (atMs > killedMs && atMs < killedMs + 1500 ? 1400 : 30);
    expect(words(judge(read(late), { ...lag, within: "2s" }))).toEqual({ "staleness.p95": "held", "staleness.max": "held" });
    expect(words(judge(read(late), lag))).toMatchObject({ "staleness.max": "violated" });
  });

  test("answers that are refused are not old", () => {
    const refuses: Says = (atMs) => (atMs > killedMs && atMs < backMs ? undefined : version(() => 30)(atMs));
    expect(words(judge([...node("writes", 0, version(() => 0)), ...node("replica-1", 7, refuses)], { ...lag, probes: ["replica-1"] }))).toEqual({ "staleness.p95": "held", "staleness.max": "held" });
  });

  test("is inconclusive where it lagged before, nothing was written, numbers fell, or there were none", () => {
    expect(whyOpen(judge(read(() => 1500), lag))).toMatch(/^replica-1 lagged by [\d.]+m?s already before the fault/);
    expect(whyOpen(judge([...node("writes", 0, () => ({ role: "7" })), ...node("replica-1", 7, () => ({ role: "7" }))], { ...lag, probes: ["replica-1"] }))).toMatch(/grew by 0 from the onset on/);
    expect(whyOpen(judge([...node("writes", 0, (atMs) => ({ role: String(Math.floor(((atMs * 7) % 10_000) / 100)) })), ...node("replica-1", 7, version(() => 0))], { ...lag, probes: ["replica-1"] }))).toMatch(/fell \d+ times/);
    expect(whyOpen(judge([...node("writes", 0, version(() => 0)), ...node("replica-1", 7, () => ({ role: "busy" }))], { ...lag, probes: ["replica-1"] }))).toMatch(/^Only 0 answers/);
  });

  test("is inconclusive when this machine was busy", () => {
    expect(whyOpen(judge(read(() => 30, (atMs) => (atMs > killedMs ? 5000 : 30)).map((sample) => ({ ...sample, disturbed: sample.probe === "replica-2" && sample.n % 10 === 0 })), lag))).toMatch(/this machine/);
  });
});
