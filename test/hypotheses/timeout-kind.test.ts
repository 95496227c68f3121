import { describe, expect, test } from "vitest";
import { timeout } from "../../src/hypotheses/timeout.ts";
import { alikeKinds, kindsBy } from "../../src/hypotheses/timeout/kind.ts";
import type { ShapeSeen } from "../../src/hypotheses/timeout/kind.ts";
import type { HeldCalls } from "../../src/hypotheses/timeout/held.ts";
import type { Shape } from "../../src/hypotheses/timeout/shapes.ts";
import type { Fault } from "../../src/model/experiment.ts";
import type { Call, Sample } from "../../src/model/observation.ts";
import { callFor, faultSeen, requests, scopeOf } from "../support/hand-made.ts";

type Word = "left" | "stayed" | "leaked";

function held(word: Word, { n = 40, atMs = 505, joined = true }: { readonly n?: number; readonly atMs?: number; readonly joined?: boolean } = {}): HeldCalls {
  const [left, stayed] = word === "left" ? [n, 0] : [0, n];
  return { judged: n, leftMs: new Float64Array(left).fill(atMs), stayedMs: new Float64Array(stayed).fill(3000), leaked: word === "leaked" ? n : 0, late: [], disturbed: 0, halfClosed: 0, mixed: 0, orphaned: 0, all: n, joined, isRetried: false };
}

const see = (words: Partial<Record<Shape, Word>>, spacingMs = 100): readonly ShapeSeen[] =>
  (["hang", "headers-hang", "drip", "slow"] as const).flatMap((shape) => {
    const word = words[shape];
    return word === undefined ? [] : [{ shape, held: held(word), spacingMs: shape === "drip" ? spacingMs : undefined }];
  });

describe("what a timeout bounds", () => {
  test.each([
    ["fetch with AbortSignal.timeout, got's timeout.request, cockatiel's cooperative with its signal", ["left", "left", "left"], ["total"]],
    ["axios, http.get with setTimeout and destroy, undici's headersTimeout and bodyTimeout", ["left", "left", "stayed"], ["idle"]],
    ["got's timeout.response, ky, a timer cleared on headers", ["left", "stayed", "stayed"], ["first-byte"]],
    ["http.get with the timeout event alone", ["leaked", "leaked", "stayed"], ["notify-only"]],
    ["Promise.race, opossum, cockatiel's aggressive without its signal", ["leaked", "leaked", "leaked"], ["leak"]],
    ["fetch with nothing set, cockatiel's cooperative without its signal", ["stayed", "stayed", "stayed"], ["none"]],
    ["nothing that is known", ["stayed", "left", "left"], []],
  ] as const)("is told for %s", (_who, [hang, headersHang, drip], kinds) => {
    expect(kindsBy(see({ hang, "headers-hang": headersHang, drip }))).toEqual(kinds);
    expect(kindsBy(see({ slow: hang, "headers-hang": headersHang, drip }))).toEqual(kinds);
  });

  test("is told as far as the shapes that were seen tell it, with what would tell more", () => {
    const hangs = see({ hang: "left" });
    expect(kindsBy(hangs)).toEqual(["total", "idle", "first-byte"]);
    expect(alikeKinds(kindsBy(hangs), hangs)).toEqual(["a limit on the whole call, or a limit on silence, or a limit on the wait for the answer's head: shapes: [headers-hang, drip] would tell"]);
    const both = see({ hang: "left", "headers-hang": "left" });
    expect(alikeKinds(kindsBy(both), both)).toEqual(["a limit on the whole call, or a limit on silence: shapes: [drip] would tell"]);
    const told = see({ hang: "left", "headers-hang": "left", drip: "left" });
    expect(alikeKinds(kindsBy(told), told)).toEqual([]);
    expect(kindsBy(see({ hang: "stayed" }))).toEqual(["none"]);
  });

  test("is not told by a drip whose pauses are as long as the limit", () => {
    expect(kindsBy(see({ hang: "left", "headers-hang": "left", drip: "left" }, 400))).toEqual(["total", "idle"]);
  });

  test("is not told by few calls, by disturbed ones, or by some that left and some that stayed", () => {
    const everything = kindsBy([]);
    const few: ShapeSeen = { shape: "hang", held: held("left", { n: 4 }) };
    const noisy: ShapeSeen = { shape: "hang", held: { ...held("left"), disturbed: 10 } };
    const torn: ShapeSeen = { shape: "hang", held: { ...held("left"), leftMs: new Float64Array(20).fill(500), stayedMs: new Float64Array(20).fill(3000) } };
    for (const one of [few, noisy, torn]) expect(kindsBy([one])).toEqual(everything);
    expect(everything).toHaveLength(6);
  });

  test("whose calls are joined to no request may leave them running, for all that is seen", () => {
    expect(kindsBy([{ shape: "hang", held: held("stayed", { joined: false }) }])).toEqual(["notify-only", "leak", "none"]);
  });
});

describe("shapes in windows of their own", () => {
  const fault = (name: string, type: string, fromMs: number, params: Fault["params"] = {}): Fault => ({ name, type, layer: "exchange", proxy: "payments", direction: "both", params, selection: { fromMs, forMs: 4000, after: 0, every: 1, rateShare: 1, per: "fault" } });
  const faults = [fault("silent", "hang", 0), fault("headless", "hang", 5000, { headers: true }), fault("dripping", "slow-body", 10_000, { size: 1, spacing: 100 })];
  const samples = requests("checkout", "during", 40, () => ({ latencyMs: 3100 }));
  const at = (sample: Sample): string | undefined => faults.find(({ selection: { fromMs } }) => sample.dueMs >= 5000 + fromMs && sample.dueMs < 9000 + fromMs)?.name;
  const effects: Readonly<Record<string, "hang" | "slice">> = { silent: "hang", headless: "hang", dripping: "slice" };
  /** A call that was left after so long, or waited for to its end. */
  const heldBy = (sample: Sample, names: readonly string[], afterMs?: number): Call => {
    const endMs = sample.dueMs + (afterMs ?? 3000);
    const met = names.map((name) => ({ fault: name, decision: "applied" as const, effect: effects[name] ?? "hang", actedMs: sample.dueMs + 2 }));
    return callFor(sample, { endMs, faulted: true, felt: true, faults: met, ...(afterMs !== undefined && { end: "client-left", leftMs: endMs, leftBy: "rst" }) });
  };
  /** Calls by what became of those of each fault. */
  const calls = (leftAfterMs: Readonly<Record<string, number | undefined>>): readonly Call[] => samples.flatMap((sample) => {
    const name = at(sample);
    return name === undefined ? [] : [heldBy(sample, [name], leftAfterMs[name])];
  });
  const judged = (made: readonly Call[], options: { readonly shown?: readonly Sample[]; readonly library?: string } = {}): ReturnType<typeof timeout.judge> => {
    const params = { proxy: "payments", givesUp: "400ms..650ms" };
    const hypothesis = { faults: faults.map(({ name }) => name), shapes: ["hang", "headers-hang", "drip"], ...(options.library !== undefined && { library: options.library }) };
    const seen = faults.map((one) => faultSeen({ fault: one }));
    return timeout.judge(timeout.params.parse(params), scopeOf("timeout", params, { samples: options.shown ?? samples, calls: made, experiment: { faults }, overrides: { faults: seen } }, hypothesis));
  };
  const words = ({ claims }: ReturnType<typeof timeout.judge>): readonly string[] => claims.map(({ verdict }) => verdict);
  const idle = { silent: 505, headless: 510 };

  test("are judged each by its own calls", () => {
    const said = judged(calls(idle));
    expect(said.claims.map(({ claim }) => claim)).toEqual(["givesUp (hang)", "givesUp (headers-hang)", "givesUp (drip)"]);
    expect(words(said)).toEqual(["held", "held", "violated"]);
    expect(said.observed["kind"]).toBe("idle");
    expect(judged(calls({ ...idle, dripping: 505 })).observed["kind"]).toBe("total");
  });

  test("held by two faults at once are judged by neither", () => {
    const said = judged(samples.flatMap((sample) => (at(sample) === undefined ? [] : [heldBy(sample, ["silent", "dripping"], 505)])));
    expect(words(said)).toEqual(["inconclusive", "inconclusive", "inconclusive"]);
    expect(said.claims[0]?.reason).toMatch(/were held by several faults at once/);
  });

  test("a caller that leaves because its own caller left has not given up", () => {
    const shown = samples.map((sample) => ({ ...sample, grade: "bad" as const, failure: "timeout", endMs: sample.dueMs + 500 }));
    const said = judged(calls({ silent: 505, headless: 505, dripping: 505 }), { shown });
    expect(words(said)).toEqual(["inconclusive", "inconclusive", "inconclusive"]);
    expect(said.claims[0]).toMatchObject({ reason: expect.stringMatching(/were left as the probe gave up on their request/), nextStep: "Make the probe's timeout longer than the service may take in all." });
    expect(said.observed["kind"]).toBeUndefined();
  });

  test("a violation that the library's timeout explains is told with that, and only then", () => {
    const reasonOf = (leftAfterMs: Readonly<Record<string, number>>, library: string): string => judged(calls(leftAfterMs), { library }).claims[2]?.reason ?? "";
    expect(reasonOf(idle, "axios")).toMatch(/outside 400ms\.\.650ms: axios bounds silence on the socket, not the whole call: a body that drips is waited for\.$/);
    expect(reasonOf({ silent: 505 }, "axios")).not.toContain("axios");
    expect(reasonOf(idle, "ky")).not.toContain("ky");
  });
});
