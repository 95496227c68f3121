import { describe, expect, test } from "vitest";
import { failover } from "../../src/hypotheses/failover.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { ejecting, inRequest, judgeEdges, runEdges, wordsOf } from "../support/edges.ts";
import type { EdgesRun, Learner } from "../support/edges.ts";
import { experimentOf, hypothesisOf, probeNamed } from "../support/hand-made.ts";

const edges = ["a", "b"];
const sides = { from: "a", to: "b", probe: "checkout" };
const usual = { ...sides, within: "2s", share: ">= 95%", failsBack: { within: "4s" } };
const passive = (part: Partial<Parameters<typeof ejecting>[1]> = {}) => (): Learner => ejecting(edges, { failures: 1, forMs: 1000, isActivePassive: true, ...part });
const never = (): Learner => ({ choose: ({ failed }) => (failed.length === 0 ? "a" : undefined), learn: () => undefined });
const run = (part: Partial<EdgesRun>): EdgesRun => ({ edges, client: passive(), ...part });

const allHeld = { within: "held", share: "held", "failsBack.within": "held" };

describe("a failover", () => {
  test.each<readonly [string, JsonObject, Partial<EdgesRun>, Readonly<Record<string, string>>]>([
    ["in the same request, each time anew", usual, { client: () => inRequest(edges) }, allHeld],
    ["by a gateway that leaves what reset a call, and tries it once a second", usual, {}, allHeld],
    ["that fails one request a second to look", { ...usual, share: ">= 90%" }, { client: passive({ failures: 3, retries: false }) }, allHeld],
    ["after calls that hung", usual, { kind: "hang" }, allHeld],
    ["that waits for calls that hang until the fault is lifted, which resets them", usual, { kind: "hang", givesUpMs: 60_000, client: () => inRequest(edges) }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["of a service that calls only the active one", usual, { client: never }, { within: "violated", share: "violated", "failsBack.within": "inconclusive" }],
    ["that does not react to a 503", usual, { kind: "error", client: never }, { within: "violated", share: "violated", "failsBack.within": "inconclusive" }],
    ["that never goes back", usual, { client: passive({ returns: false }) }, { within: "held", share: "held", "failsBack.within": "violated" }],
    ["that never goes back, and must not", { ...usual, failsBack: false }, { client: passive({ returns: false }) }, { within: "held", share: "held", failsBack: "held" }],
    ["that goes back, and must not", { ...usual, failsBack: false }, {}, { within: "held", share: "held", failsBack: "violated" }],
    ["that comes after 4s instead of 2s", usual, { client: passive({ failures: 160, retries: false }) }, { within: "violated", share: "violated", "failsBack.within": "held" }],
    ["that takes 6s to go back", usual, { client: passive({ forMs: 25_000 }) }, { within: "held", share: "held", "failsBack.within": "violated" }],
    ["to a standby that is sick", usual, { sick: ["b"] }, { within: "violated", share: "violated", "failsBack.within": "inconclusive" }],
    ["in which most requests are served, but not as many as claimed", { ...sides, share: ">= 99%" }, { client: passive({ failures: 3, forMs: 250, retries: false }) }, { share: "violated" }],
    ["at the very bound", { ...sides, within: "504ms" }, { client: passive({ failures: 20, retries: false }) }, { within: "inconclusive" }],
    ["to an edge that served half of the requests before", usual, { client: () => ejecting(edges, { failures: 1, forMs: 1000 }) }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["that nobody needed", usual, { hurt: [] }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["whose calls carry no trace", usual, { isJoined: false }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["from an edge that failed before", usual, { sick: ["a"], client: () => inRequest(edges) }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["to a standby that is hurt as well", usual, { hurt: edges }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["on a machine that was busy", usual, { client: never, isDisturbed: (ms) => ms % 1000 < 100 }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["with two requests a second", usual, { perSecond: 2, client: never }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["that was cut short", usual, { overrides: { finished: false } }, { within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" }],
    ["without a phase after", usual, { overrides: { phases: [{ name: "before", epoch: 1, startMs: 0, endMs: 5000 }, { name: "during", epoch: 1, startMs: 5000, endMs: 20_000 }] } }, { within: "held", share: "held", "failsBack.within": "inconclusive" }],
    ["beside health checks", usual, { pings: 5 }, allHeld],
    ["that never comes, beside health checks of the standby", usual, { pings: 5, client: never }, { within: "violated", share: "violated", "failsBack.within": "inconclusive" }],
    ["of the calls that one in three times fail", usual, { rateShare: 0.3, client: () => inRequest(edges) }, allHeld],
    ["that is none, of the calls that one in three times fail", usual, { rateShare: 0.3, client: never }, { within: "violated", share: "violated", "failsBack.within": "inconclusive" }],
  ])("%s", (_what, params, part, expected) => {
    expect(wordsOf(judgeEdges(failover, params, run(part)))).toEqual(expected);
  });

  test("tells when, how many, how many in the same request, and what leaked to the active edge", () => {
    const { observed, states, series, equivalentTo } = judgeEdges(failover, usual, run({ pings: 5 }));
    expect(observed).toMatchObject({ failoverShare: 1, standbyShareBefore: 0 });
    const { failedOverAfterMs = 0, leakPerSecond = 0, inRequestShare = 0, failedBackAfterMs = 0 } = observed as Readonly<Record<string, number>>;
    expect(failedOverAfterMs).toBeLessThan(60);
    expect(leakPerSecond).toBeGreaterThan(0.8);
    expect(leakPerSecond).toBeLessThan(1.2);
    expect(inRequestShare).toBeGreaterThan(0.01);
    expect(inRequestShare).toBeLessThan(0.05);
    expect(failedBackAfterMs).toBeLessThan(1100);
    expect(states?.map(({ state }) => state)).toEqual(["a", "failing over", "b", "a"]);
    expect(series?.[0]).toMatchObject({ name: "served by b", unit: "share" });
    expect(equivalentTo).not.toEqual([]);
  });

  test("names requests that were not served, with their calls", () => {
    const { evidence } = judgeEdges(failover, { ...sides, share: ">= 95%" }, run({ client: never }));
    expect(evidence).toHaveLength(3);
    expect(evidence?.[0]?.what).toBe("request 202 of checkout, due 24ms after the onset, got no good answer: reset from a, no call on b");
  });

  test("counts the time to the first answer by the standby, not to the request that got it", () => {
    // Each request first waits 3 s for the active one.
    const judgement = judgeEdges(failover, { ...sides, within: "2s" }, run({ kind: "hang", givesUpMs: 3000, client: () => inRequest(edges) }));
    expect(judgement.claims[0]).toMatchObject({ verdict: "violated", observed: expect.stringMatching(/^3\.\d+s$/) });
  });

  test("allows for the time in which the machine was disturbed before it is too late", () => {
    const late = run({ client: passive({ failures: 90, retries: false }), overrides: { disturbances: [{ startMs: 6000, endMs: 6400, what: "a stall" }] } });
    expect(judgeEdges(failover, { ...sides, within: "2s" }, late).claims[0]?.verdict).toBe("inconclusive");
    expect(judgeEdges(failover, { ...sides, within: "2s" }, { ...late, overrides: {} }).claims[0]?.verdict).toBe("violated");
  });

  test("takes requests that moved as proof where the active edge refuses unseen, and asks for the witness on the standby", () => {
    const gap = { startMs: 5001, endMs: 20_000 };
    const blind = (proxy: string) => run({ client: () => inRequest(edges), overrides: { unwitnessed: [{ proxy, ...gap }] } });
    const { observations } = runEdges(blind("a"));
    const [fault] = observations.faults;
    const refused = fault === undefined ? [] : [{ ...fault, felt: 0 }];
    const judged = judgeEdges(failover, usual, { ...blind("a"), overrides: { unwitnessed: [{ proxy: "a", ...gap }], faults: refused } });
    expect(wordsOf(judged)).toEqual(allHeld);
    expect(judged.observed["leakPerSecond"]).toBeUndefined();
    expect(wordsOf(judgeEdges(failover, usual, blind("b")))).toEqual({ within: "inconclusive", share: "inconclusive", "failsBack.within": "inconclusive" });
  });

  test("is open where retries lost their trace on the way to the standby", () => {
    const { observations } = runEdges(run({}));
    const lost = run({ overrides: { callsOf: (request, proxy) => (proxy === "b" ? [] : observations.callsOf(request, proxy)), calls: function* calls(query) { for (const call of observations.calls(query)) { const { request: _owner, ...nobodys } = call; yield query.proxy === "b" ? nobodys : call; } } } });
    expect(judgeEdges(failover, usual, lost).claims[0]).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("could not be joined") });
  });
});

test("warns of faults on the wrong edge, of phases that are too short and of too few requests", () => {
  const faults = [{ name: "f", type: "reset", layer: "exchange" as const, proxy: "b", direction: "both" as const, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" as const }, params: {} }];
  const advice = failover.advise(failover.params.parse({ ...usual, within: "15s", failsBack: { within: "10s" } }), hypothesisOf("failover", usual, { faults: ["f"] }), experimentOf({ faults, probes: [probeNamed("checkout", 2)] }));
  expect(advice.map(({ code }) => code)).toEqual(["no-fault-on-active", "fault-on-standby", "too-few-samples", "too-few-samples", "phase-too-short", "phase-too-short"]);
});

test("refuses the same edge twice", () => {
  expect(failover.params.safeParse({ ...usual, to: "a" }).success).toBe(false);
});
