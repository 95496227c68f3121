import { describe, expect, test } from "vitest";
import { loadBalance } from "../../src/hypotheses/load-balance.ts";
import { skewInterval } from "../../src/hypotheses/load-balance/skew.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Call } from "../../src/model/observation.ts";
import type { Random } from "../../src/model/fault-type.ts";
import { ejecting, judgeEdges, runEdges, wordsOf } from "../support/edges.ts";
import type { EdgesRun, Learner } from "../support/edges.ts";
import { experimentOf, hypothesisOf, probeNamed, windows } from "../support/hand-made.ts";

const two = ["a", "b"];
const three = ["a", "b", "c"];
const usual = { proxies: two, probe: "checkout", maxSkew: "1.25x", ejectsWithin: "2s" };
const nginx = (part: Partial<Parameters<typeof ejecting>[1]> = {}, edges = two) => (): Learner => ejecting(edges, { failures: 1, forMs: 10_000, ...part });
/** Chooses by chance, with these weights, and leaves nobody. */
const drawing = (weights: Readonly<Record<string, number>>) => (random: Random): Learner => ({
  choose: ({ failed }) => {
    if (failed.length > 0) return undefined;
    const sum = Object.values(weights).reduce((all, weight) => all + weight, 0);
    let left = random() * sum;
    return Object.entries(weights).find(([, weight]) => (left -= weight) < 0)?.[0];
  },
  learn: () => undefined,
});
const inTurn = (edges: readonly string[]) => (): Learner => ({ choose: ({ n, failed }) => (failed.length > 0 ? undefined : edges[n % edges.length]), learn: () => undefined });
/** Every stretch of requests is held to one edge, as by a connection kept alive. */
const pinned = (edges: readonly string[], requests: number) => (random: Random): Learner => {
  let edge = edges[0];
  return { choose: ({ n, failed }) => { if (n % requests === 1) edge = edges[Math.floor(random() * edges.length)]; return failed.length > 0 ? undefined : edge; }, learn: () => undefined };
};
const run = (part: Partial<EdgesRun>): EdgesRun => ({ edges: two, client: nginx(), ...part });
const evenLoad = { maxSkew: "held", "maxSkew (after)": "held" };

describe("a balancer", () => {
  test.each<readonly [string, JsonObject, Partial<EdgesRun>, Readonly<Record<string, string>>]>([
    ["that leaves what was reset, and looks again when the run is over", usual, {}, { maxSkew: "held", ejectsWithin: "held", "maxSkew (after)": "held" }],
    ["that looks once a second with one request", usual, { client: nginx({ forMs: 1000 }) }, { ...evenLoad, ejectsWithin: "held" }],
    ["that leaves after five failures in a row", usual, { client: nginx({ failures: 5, forMs: 30_000, retries: false }) }, { maxSkew: "held", ejectsWithin: "held" }],
    ["that does not count a 503", usual, { kind: "error", client: nginx({ counts: () => false, retries: false }) }, { ...evenLoad, ejectsWithin: "violated" }],
    ["that hides failures by another try, and leaves nobody", usual, { client: nginx({ counts: () => false }) }, { ...evenLoad, ejectsWithin: "violated" }],
    ["in turn, that leaves nobody", usual, { client: inTurn(two) }, { ...evenLoad, ejectsWithin: "violated" }],
    ["by chance, that leaves nobody", usual, { client: drawing({ a: 1, b: 1 }), perSecond: 100 }, { ...evenLoad, ejectsWithin: "violated" }],
    ["over three", { ...usual, proxies: three, maxSkew: "1.5x" }, { edges: three, client: nginx({}, three) }, { ...evenLoad, ejectsWithin: "held" }],
    ["with three times the weight on one edge", usual, { client: drawing({ a: 3, b: 1 }), perSecond: 80 }, { maxSkew: "violated", "maxSkew (after)": "violated", ejectsWithin: "violated" }],
    ["as uneven as the bound", { ...usual, maxSkew: "1.2x" }, { client: drawing({ a: 6, b: 4 }) }, { maxSkew: "inconclusive", "maxSkew (after)": "inconclusive", ejectsWithin: "violated" }],
    ["that leaves after 3s instead of 2s", usual, { client: nginx({ failures: 60, forMs: 1000, retries: false }) }, { ...evenLoad, ejectsWithin: "violated" }],
    ["that takes it back after a second though it fails, for five requests each time", usual, { client: nginx({ failures: 5, forMs: 1000, retries: false }) }, { ...evenLoad, ejectsWithin: "held" }],
    ["of two that are both hurt", usual, { hurt: two, client: nginx({ forMs: 200 }) }, { ...evenLoad, ejectsWithin: "violated" }],
    ["whose calls carry no trace", { ...usual, probe: "checkout" }, { isJoined: false }, { maxSkew: "held", ejectsWithin: "held", "maxSkew (after)": "held" }],
    ["whose calls carry no trace, and which leaves nobody", usual, { isJoined: false, client: inTurn(two) }, { ...evenLoad, ejectsWithin: "violated" }],
    ["without a probe", { proxies: two, maxSkew: "1.25x", ejectsWithin: "2s" }, {}, { ...evenLoad, ejectsWithin: "held" }],
    ["beside health checks of all edges", usual, { pings: 20, perSecond: 80, client: drawing({ a: 3, b: 1 }) }, { maxSkew: "violated", "maxSkew (after)": "violated", ejectsWithin: "violated" }],
    ["that leaves an edge that is asked for its health", usual, { pings: 10 }, { ...evenLoad, ejectsWithin: "held" }],
    ["held to one edge by a connection", usual, { client: pinned(two, 1e9), connOf: () => 1 }, { maxSkew: "inconclusive", ejectsWithin: "inconclusive" }],
    ["held to the hurt edge by a connection", usual, { client: inTurn(["a"]), connOf: () => 1 }, { maxSkew: "inconclusive", ejectsWithin: "inconclusive" }],
    ["held to an edge for 40 requests", usual, { client: pinned(two, 40), connOf: (_, n) => Math.floor(n / 40) }, { maxSkew: "inconclusive", "maxSkew (after)": "inconclusive", ejectsWithin: "violated" }],
    ["while the fault touched no call", usual, { hurt: [] }, { maxSkew: "held", "maxSkew (after)": "held", ejectsWithin: "inconclusive" }],
    ["of edges that fail by themselves", usual, { sick: ["b"], client: inTurn(two) }, { maxSkew: "inconclusive", "maxSkew (after)": "inconclusive", ejectsWithin: "violated" }],
    ["on a machine that was busy", usual, { client: inTurn(two), isDisturbed: (ms) => ms % 1000 < 100, overrides: { disturbances: Array.from({ length: 30 }, (_, i) => ({ startMs: i * 1000, endMs: i * 1000 + 100, what: "a stall" })) } }, { maxSkew: "inconclusive", ejectsWithin: "inconclusive" }],
    ["asked twice a second", usual, { perSecond: 2, client: inTurn(two) }, { maxSkew: "inconclusive", ejectsWithin: "inconclusive" }],
    ["in a journal without its end", usual, { overrides: { finished: false } }, { maxSkew: "inconclusive", ejectsWithin: "inconclusive" }],
    ["whose hurt edge refuses unseen", usual, { overrides: { unwitnessed: [{ proxy: "a", startMs: 5001, endMs: 20_000 }] } }, { maxSkew: "held", ejectsWithin: "inconclusive" }],
    ["that was ejected as the bound passed", { ...usual, ejectsWithin: "100ms" }, { client: nginx({ failures: 3, retries: false }) }, { ...evenLoad, ejectsWithin: "inconclusive" }],
    ["without a phase after", usual, { overrides: { phases: windows.slice(0, 2) } }, { maxSkew: "held", ejectsWithin: "held" }],
  ])("%s", (_what, params, part, expected) => {
    expect(wordsOf(judgeEdges(loadBalance, params, run(part)))).toEqual(expected);
  });

  test("tells shares, when the edge was left, what leaked, what users felt and when it was back", () => {
    const { observed, states, series, evidence } = judgeEdges(loadBalance, usual, run({ client: nginx({ forMs: 1000, failures: 3, retries: false }) }));
    expect(observed).toMatchObject({ shareBefore: { a: 0.5, b: 0.5 }, skewBefore: 1, errorsBeforeEjection: 3 });
    const { ejectedAfterMs = 0, leakPerSecond = 0, returnedAfterMs = 0, errorShare = 0 } = observed as Readonly<Record<string, number>>;
    expect(ejectedAfterMs).toBeLessThan(200);
    expect(leakPerSecond).toBeGreaterThan(0.8);
    expect(leakPerSecond).toBeLessThan(1.2);
    expect(returnedAfterMs).toBeLessThan(1100);
    expect(errorShare).toBeLessThan(0.05);
    expect(states?.map(({ state }) => state)).toEqual(["in use", "ejected", "in use"]);
    expect(series?.[0]).toMatchObject({ name: "share of a", unit: "share" });
    expect(evidence).toHaveLength(2);
  });

  test("names calls that went to an edge that should have been left", () => {
    const { evidence } = judgeEdges(loadBalance, { ...usual, ejectsWithin: "1s" }, run({ client: inTurn(two) }));
    expect(evidence?.map(({ what }) => what)).toContainEqual(expect.stringMatching(/^POST \/charges of request \d+ of checkout went to a 1\.\d+s after the onset: reset$/));
    expect(evidence).toHaveLength(3);
  });

  test("does not take an edge that was left for a while, after calls had failed, for a bad spread", () => {
    // Three calls fail by themselves at 1 s, and the edge is left for 2.5 s.
    const client = (): Learner => { let turn = 0; return { choose: ({ atMs, failed }) => (failed.length > 0 ? undefined : atMs > 1100 && atMs < 3600 ? "b" : two[turn++ % 2]), learn: () => undefined }; };
    const hiccup = { client, perSecond: 80 } as const;
    const { observations } = runEdges(run(hiccup));
    const calls = (query: { readonly proxy: string; readonly fromMs?: number; readonly toMs?: number }): readonly Call[] => [...observations.calls(query)].map((call) => (call.proxy === "a" && call.startMs > 1000 && call.startMs < 1100 ? { ...call, status: 503 } : call));
    expect(judgeEdges(loadBalance, { ...usual, maxSkew: "1.1x" }, run({ ...hiccup, overrides: { calls } })).claims[0]).toMatchObject({ claim: "maxSkew", verdict: "inconclusive", reason: expect.stringContaining("for good reason") });
    expect(judgeEdges(loadBalance, { ...usual, maxSkew: "1.1x" }, run(hiccup)).claims[0]).toMatchObject({ claim: "maxSkew", verdict: "violated" });
  });

  test("says of connections that hold calls to one edge what to do", () => {
    const pinnedTo = run({ client: pinned(two, 1e9), connOf: () => 1 });
    expect(judgeEdges(loadBalance, usual, pinnedTo).claims[0]).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("1 connection"), nextStep: expect.stringContaining("connections: fresh") });
  });

  test("of a single upstream, that stays in use", () => {
    const single = { proxies: ["a"], probe: "checkout", ejectsWithin: "2s" };
    const only = run({ edges: ["a"], client: inTurn(["a"]) });
    expect(judgeEdges(loadBalance, single, only).claims[0]).toMatchObject({ verdict: "violated", reason: expect.stringContaining("one upstream alone") });
    const left = run({ edges: ["a"], client: () => { let failures = 0; return { choose: ({ failed }) => (failures >= 5 || failed.length > 0 ? undefined : "a"), learn: (_, ok) => { failures += ok ? 0 : 1; } }; } });
    expect(judgeEdges(loadBalance, single, left).claims[0]?.verdict).toBe("held");
  });

  test("is no balancer that left an edge when it came back to it for good", () => {
    // Out for a second, then in use as before though it fails.
    const forgetful = (): Learner => {
      let [turn, leftMs] = [0, 0];
      return { choose: ({ atMs, failed }) => (failed.length > 0 ? undefined : leftMs > 0 && atMs < leftMs + 1500 ? "b" : two[turn++ % 2]), learn: (_, ok, atMs) => { if (!ok && leftMs === 0) leftMs = atMs; } };
    };
    expect(judgeEdges(loadBalance, usual, run({ client: forgetful })).claims.at(-1)).toMatchObject({ claim: "ejectsWithin", verdict: "violated", reason: expect.stringContaining("came back") });
  });

  test("is never judged wrong by how chance spreads the calls", { timeout: 120_000 }, () => {
    const words = { held: 0, violated: 0, inconclusive: 0 };
    for (let seed = 1; seed <= 12; seed += 1) {
      const even = judgeEdges(loadBalance, { ...usual, maxSkew: "1.1x" }, run({ seed: `s${seed}`, client: drawing({ a: 1, b: 1 }) })).claims[0]?.verdict ?? "inconclusive";
      const skewed = judgeEdges(loadBalance, { ...usual, maxSkew: "1.1x" }, run({ seed: `s${seed}`, client: drawing({ a: 0.6, b: 0.4 }) })).claims[0]?.verdict ?? "inconclusive";
      expect([even, skewed]).not.toEqual(["violated", "held"]);
      expect(even).not.toBe("violated");
      expect(skewed).not.toBe("held");
      words[even] += 1;
    }
    expect(words.violated).toBe(0);
  });
});

test("bounds of the skew hold every edge to the upper one, and one to the lower one", () => {
  const even = { counts: [500, 500], n: 1000, connections: 1000, isChosenPerCall: true, pairs: 900 };
  const { lo = 0, hi = 0 } = skewInterval(even, 0.99);
  expect(lo).toBe(1);
  expect(hi).toBeGreaterThan(1.07);
  expect(hi).toBeLessThan(1.08);
  expect(skewInterval({ ...even, connections: 10, isChosenPerCall: false }, 0.99).hi).toBeGreaterThan(1.6);
  expect(skewInterval({ ...even, counts: [900, 100] }, 0.9999).lo).toBeGreaterThan(1.7);
});

test("warns of too few calls, of edges that are not hurt, or all, and of a bound that nothing can show", () => {
  const judged = (params: JsonObject, hurt: readonly string[]): readonly string[] => {
    const faults = hurt.map((proxy) => ({ name: `f-${proxy}`, type: "reset", layer: "exchange" as const, proxy, direction: "both" as const, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" as const }, params: {} }));
    return loadBalance.advise(loadBalance.params.parse(params), hypothesisOf("load-balance", params, { faults: faults.map(({ name }) => name) }), experimentOf({ faults, probes: [probeNamed("checkout", 40)] })).map(({ code }) => code);
  };
  expect(judged(usual, ["a"])).toEqual([]);
  expect(judged({ ...usual, maxSkew: "1.02x" }, [])).toEqual(["too-few-samples", "no-fault-on-an-edge"]);
  expect(judged({ ...usual, maxSkew: "1x", ejectsWithin: "14s" }, two)).toEqual(["undecidable-bound", "all-edges-hurt", "phase-too-short"]);
});

test.each([[{ proxies: ["a"], maxSkew: "2x", probe: "checkout" }], [{ proxies: ["a"], ejectsWithin: "2s" }], [{ proxies: ["a", "a"], maxSkew: "2x" }], [{ proxies: two }]])("refuses %j", (params) => {
  expect(loadBalance.params.safeParse(params).success).toBe(false);
});
