import { describe, expect, test } from "vitest";
import type { RunEvent, SampleRecord } from "../../src/model/event.ts";
import type { Load, Probe } from "../../src/model/experiment.ts";
import type { ProbeAnswer } from "../../src/model/probe-type.ts";
import { ProbeLoad } from "../../src/run/probe-load.ts";
import { HeldClock } from "../proxy/held-clock.ts";

const load: Load = { kind: "open", rates: { warmup: 1, before: 1, during: 1, after: 1 }, burst: 1, arrivals: "even", pauseMs: 0, inFlight: 100, connections: "reuse" };

/** A load over a caller whose answers are given by hand, at times of a held clock. */
function aLoad(dues: readonly number[], overrides: Partial<Load> = {}, endMs = 10_000, beforeCall: () => void = () => undefined) {
  const clock = new HeldClock();
  const sent: { readonly n: number; readonly atMs: number; answer(answer: ProbeAnswer): void }[] = [];
  const records: (SampleRecord | RunEvent)[] = [];
  const probe: Probe = { name: "p", type: "http", params: {}, timeoutMs: 1000, load: { ...load, ...overrides } };
  let asked = 0;
  const running = new ProbeLoad({
    env: clock, probe, startMs: 0, endMs,
    dues: dues.map((dueMs) => ({ dueMs, phase: "before" as const, epoch: 1 }))[Symbol.iterator](),
    ask: (n) => {
      asked = n;
      return { call: { kind: "tcp", host: "h", port: 1, keepBytes: 0 }, headers: {}, grade: ({ failure }) => (failure === undefined ? "good" : "bad"), blame: ({ failure }) => `because ${failure}`, capture: ({ body }) => (body === undefined ? {} : { value: body, term: 7 }) };
    },
    caller: {
      call: (_call, _headers, answered) => {
        beforeCall();
        let isAnswered = false;
        const answer = (told: ProbeAnswer): void => {
          if (!isAnswered) answered(told);
          isAnswered = true;
        };
        sent.push({ n: asked, atMs: clock.nowMs(), answer });
        return { abort: (failure) => answer({ failure }) };
      },
      close: () => Promise.resolve(),
    },
    record: (fact) => void records.push(fact),
  });
  return { clock, sent, records, running, samples: () => records.filter((fact): fact is SampleRecord => fact.kind === "sample") };
}

describe("an open load", () => {
  test("sends when it is due, whatever is unanswered", () => {
    const { clock, sent } = aLoad([0, 100, 250]);
    clock.advance(300);
    expect(sent.map(({ n, atMs }) => [n, atMs])).toEqual([[1, 0], [2, 100], [3, 250]]);
  });

  test("sends all that is due when its timer is late, and counts latency from the due times", () => {
    const { clock, sent, samples } = aLoad([100, 110, 120]);
    clock.advance(400, 50);
    expect(sent.map(({ atMs }) => atMs)).toEqual([150, 150, 150]);
    sent[0]?.answer({ status: 200 });
    expect(samples()).toMatchObject([{ n: 1, dueMs: 100, sentMs: 150, endMs: 400, grade: "good", status: 200 }]);
  });

  test("records what is captured of an answer, and nothing of one that never came", () => {
    const { clock, sent, samples } = aLoad([0, 10]);
    clock.advance(20);
    sent[0]?.answer({ status: 200, body: "leader" });
    clock.advance(2000);
    expect(samples().map(({ value, term }) => [value, term])).toEqual([["leader", 7], [undefined, undefined]]);
  });

  test("that is ended before its time sends no more, and waits for what is unfinished", async () => {
    const { clock, sent, running, samples } = aLoad([0, 100, 250]);
    clock.advance(150);
    running.end();
    clock.advance(500);
    expect(sent.map(({ n }) => n)).toEqual([1, 2]);
    const drained = running.drained();
    for (const request of sent) request.answer({ status: 200 });
    await drained;
    expect(samples().map(({ grade }) => grade)).toEqual(["good", "good"]);
  });

  test("ends a request at its timeout, counted from its due time", () => {
    const { clock, samples } = aLoad([100]);
    clock.advance(1099);
    expect(samples()).toEqual([]);
    clock.advance(1);
    expect(samples()).toEqual([{ kind: "sample", probe: "p", n: 1, dueMs: 100, sentMs: 100, endMs: 1100, atMs: 1100, grade: "bad", failure: "timeout", blame: "because timeout" }]);
    expect(clock.armed).toBe(0);
  });

  test("does not send beyond its cap, numbers and records what it left out, and tells once of each stretch", () => {
    const { clock, sent, records } = aLoad([0, 1, 2, 3, 4, 5], { inFlight: 2 });
    clock.advance(3.5);
    expect(sent.map(({ n }) => n)).toEqual([1, 2]);
    sent[0]?.answer({});
    clock.advance(10);
    expect(sent.map(({ n }) => n)).toEqual([1, 2, 5]);
    expect(records.map((fact) => (fact.kind === "sample" ? `${fact.n} ${fact.grade}` : fact.kind))).toEqual(["in-flight-cap", "3 unsent", "4 unsent", "1 good", "in-flight-cap", "6 unsent"]);
  });

  test("counts a call that cannot be made as a failed request", () => {
    const { clock, sent, samples } = aLoad([0, 1], {}, 10_000, () => { throw Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL" }); });
    clock.advance(5);
    expect(sent).toEqual([]);
    expect(samples().map(({ n, grade, failure }) => [n, grade, failure])).toEqual([[1, "bad", "ERR_INVALID_URL"], [2, "bad", "ERR_INVALID_URL"]]);
    expect(clock.armed).toBe(0);
  });

  test("is drained when the last request has been answered", async () => {
    const { clock, sent, running } = aLoad([0, 10]);
    let isDrained = false;
    const drained = running.drained().then(() => { isDrained = true; });
    clock.advance(20);
    sent[0]?.answer({});
    await Promise.resolve();
    expect(isDrained).toBe(false);
    sent[1]?.answer({});
    await drained;
    expect(isDrained).toBe(true);
  });

  test("records as pending what is unfinished when it is stopped, and sends no more", async () => {
    const { clock, sent, running, samples } = aLoad([0, 10, 20]);
    clock.advance(15);
    sent[0]?.answer({});
    expect(running.pending()).toMatchObject([{ n: 2, dueMs: 10, sentMs: 10, grade: "pending" }]);
    running.stop();
    clock.advance(10_000);
    expect(samples().map(({ n, grade }) => [n, grade])).toEqual([[1, "good"], [2, "pending"]]);
    expect(samples()[1]).not.toHaveProperty("endMs");
    expect(clock.armed).toBe(0);
    await expect(running.drained()).resolves.toBeUndefined();
  });
});

describe("a serial load", () => {
  test("sends the next request a pause after the answer, to the end of the load", () => {
    const { clock, sent, samples } = aLoad([], { kind: "serial", pauseMs: 50 }, 300);
    clock.advance(0);
    for (const waited of [100, 100, 100]) {
      clock.advance(waited);
      sent.at(-1)?.answer({});
    }
    clock.advance(1000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 150, 250]);
    expect(samples().map(({ dueMs }) => dueMs)).toEqual([0, 150, 250]);
  });

  test("is drained at its end", async () => {
    const { clock, sent, running } = aLoad([], { kind: "serial", pauseMs: 500 }, 300);
    clock.advance(0);
    const drained = running.drained();
    sent[0]?.answer({});
    await expect(drained).resolves.toBeUndefined();
  });
});
