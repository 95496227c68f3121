import { describe, expect, test } from "vitest";
import { loadShedding } from "../../src/hypotheses/load-shedding.ts";
import type { Load } from "../../src/model/experiment.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { experimentOf, hypothesisOf, scopeOf } from "../support/hand-made.ts";
import { atOnce, open, pressOn } from "../support/overload.ts";
import type { Door } from "../support/overload.ts";

const rejects = { status: 503, answersWithin: "100ms" };
const whole = { probe: "checkout", rejects, accepted: { success: ">= 99%", p95: "300ms" }, recovers: { within: "3s" } };
const work = (): number => 50;
const shedding = (queue = 5): Door => atOnce(5, work, { queue, status: 503 });
const endless = (): Door => atOnce(5, work, { queue: Number.POSITIVE_INFINITY });

function judge(params: object, made: ReturnType<typeof pressOn>): Judgement {
  return loadShedding.judge(loadShedding.params.parse(params), scopeOf("load-shedding", {}, made, { faults: [] }));
}

const words = ({ claims }: Judgement): Record<string, VerdictWord> => Object.fromEntries(claims.map(({ claim, verdict }) => [claim, verdict]));
const all = (verdict: VerdictWord): Record<string, VerdictWord> => ({ "rejects.status": verdict, "rejects.answersWithin": verdict, "accepted.success": verdict, "accepted.p95": verdict, "recovers.within": verdict });

describe("load shedding", () => {
  test("is held where some are turned away at once and the others served in time", () => {
    const said = judge(whole, pressOn(shedding(), {}));
    expect(words(said)).toEqual(all("held"));
    expect(said.observed["recoveredAfterMs"]).toBeLessThan(500);
    expect(said.observed["servedPerSecond"]).toBeGreaterThan(80);
  });

  test("is judged in the steps of the load that are too much", () => {
    const said = judge(whole, pressOn(shedding(), { steps: [50, 300, 50] }));
    expect(words(said)).toEqual(all("held"));
    expect(said.observed["offeredPerSecond"]).toBe(300);
  });

  test("is violated by a queue without end, whose waits grow, or end in timeouts", () => {
    expect(words(judge(whole, pressOn(endless(), { rates: { warmup: 50, before: 50, during: 130, after: 20 } })))).toMatchObject({ "rejects.status": "violated", "accepted.p95": "violated" });
    const timedOut = judge(whole, pressOn(endless(), {}, { timeoutMs: 1000 }));
    expect(words(timedOut)).toMatchObject({ "rejects.status": "violated", "accepted.success": "violated", "accepted.p95": "violated", "recovers.within": "violated" });
    expect(timedOut.evidence?.length).toBeGreaterThan(0);
  });

  test("is violated as to its status where another one turns away", () => {
    expect(words(judge(whole, pressOn(atOnce(5, work, { status: 429 }), {})))["rejects.status"]).toBe("violated");
    expect(words(judge({ ...whole, rejects: { answersWithin: "100ms" } }, pressOn(atOnce(5, work, { status: 429 }), {})))["rejects.status"]).toBe("held");
  });

  test("is violated as to its recovery where failing goes on after the load", () => {
    const retrying = ((): Door => {
      const door = shedding();
      return (atMs) => (atMs > 20_000 ? { latencyMs: 5, status: 503 } : door(atMs));
    })();
    expect(words(judge(whole, pressOn(retrying, {})))["recovers.within"]).toBe("violated");
  });

  test("is not told of other failures: a handler that fails one time in ten is no shedding", () => {
    const flaky = ((): Door => {
      const door = shedding();
      let n = 0;
      return (atMs) => {
        const answer = door(atMs);
        n += 1;
        return answer.status === 200 && n % 10 === 0 ? { latencyMs: 5, status: 500 } : answer;
      };
    })();
    expect(words(judge(whole, pressOn(flaky, {})))).toMatchObject({ "rejects.status": "held", "accepted.success": "violated" });
  });

  test.each([
    ["nothing is too much", open, {}],
    ["only a few were turned away", ((): Door => {
      let n = 0;
      return () => (++n % 500 === 499 ? { latencyMs: 1, status: 503 } : { latencyMs: 8, status: 200 });
    })(), {}],
    ["all is slow, but no slower at the end", (() => ({ latencyMs: 1500, status: 200 })) satisfies Door, {}],
    ["the load waits for its answers", shedding(), { kind: "serial" as const }],
  ] as const)("is inconclusive where %s", (_what, door, load: Partial<Load>) => {
    expect(words(judge(whole, pressOn(door, load)))).toEqual(all("inconclusive"));
  });

  test("is inconclusive where the service failed as much before", () => {
    let n = 0;
    const failing: Door = () => (++n % 5 === 0 ? { latencyMs: 5, status: 500 } : { latencyMs: 8, status: 200 });
    expect(words(judge(whole, pressOn(failing, {})))).toEqual(all("inconclusive"));
  });

  test("is inconclusive as to its recovery where the load does not fall", () => {
    const same = { rates: { warmup: 300, before: 300, during: 300, after: 300 } };
    expect(words(judge(whole, pressOn(shedding(), same)))["recovers.within"]).toBe("inconclusive");
  });

  test("is inconclusive on a busy machine, and with a prober at its cap", () => {
    const made = pressOn(endless(), {}, { timeoutMs: 1000 });
    const disturbed = { ...made, samples: (made.samples ?? []).map((sample, i) => ({ ...sample, disturbed: i % 10 === 0 })) };
    expect(words(judge(whole, disturbed))).toEqual(all("inconclusive"));
    expect(words(judge(whole, pressOn(endless(), {}, { made: { overrides: { capped: [{ probe: "checkout", atMs: 9000, limit: 1000 }] } } })))).toEqual(all("inconclusive"));
  });

  test("holds its throughput, or does not", () => {
    const claims = (throughput: string): object => ({ probe: "checkout", accepted: { throughput } });
    expect(words(judge(claims(">= 80/s"), pressOn(shedding(), {})))).toEqual({ "accepted.throughput": "held" });
    expect(words(judge(claims(">= 150/s"), pressOn(shedding(), {})))).toEqual({ "accepted.throughput": "violated" });
  });

  test("claims something, in a sentence", () => {
    expect(loadShedding.params.safeParse({ probe: "checkout", accepted: {} }).success).toBe(false);
    expect(loadShedding.explain(loadShedding.params.parse(whole))).toBe("Under too much load the service behind checkout turns away what is too much with status 503 in <= 100ms (p95), serves the others meanwhile, >= 99% of them well, in <= 300ms (p95), is back in its steady state in <= 3s from the end of the load");
  });

  test("is warned of when its load is no more than usual, or does not fall", () => {
    const codes = (load: Partial<Load>): readonly string[] => loadShedding.advise(loadShedding.params.parse(whole), hypothesisOf("load-shedding", {}), experimentOf(pressOn(open, load).experiment)).map(({ code }) => code);
    expect(codes({})).toEqual([]);
    expect(codes({ rates: { warmup: 50, before: 50, during: 50, after: 50 } })).toEqual(["no-overload", "no-end-of-load"]);
  });
});
