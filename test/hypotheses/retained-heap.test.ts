import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Observer } from "../../src/evidence/index.ts";
import { report } from "../../src/hypotheses/report.ts";
import { encodeRequestKey } from "../../src/math/request-key.ts";
import type { Event, JournalHeader } from "../../src/model/event.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Observations, Sample } from "../../src/model/observation.ts";
import { plannedParams } from "../support/planned-params.ts";
import { makeHeader } from "../support/simulate.ts";

const requests = 200_000;
const perSecond = 1000;
/** The tables themselves take some hundred bytes for a request with its call; a row object alone takes more. */
const mostBytesEach = 250;

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** What is alive, on the heap and beside it; twice, because what the first finds of the latter is swept behind it. */
function aliveBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const hypothesis = (type: string, params: JsonObject): { readonly type: string; readonly params: JsonObject } => ({ type, params: plannedParams(type, params) });

function makeLongRun(): JournalHeader {
  return makeHeader({
    perSecond, phases: { warmupMs: 2000, beforeMs: 38_000, duringMs: 100_000, afterMs: 60_000 }, fault: { kind: "error" },
    hypotheses: [
      hypothesis("circuit-breaker", { proxy: "payments", probe: "checkout", opens: { within: "6s", afterFailures: ">= 1" }, whileOpen: { upstream: "<= 10%", answersWithin: "100ms" }, trials: { every: "1s..3s", calls: "<= 1" }, closes: { within: "5s" } }),
      hypothesis("retry", { proxy: "payments", probe: "checkout", attempts: "<= 3", backoff: { kind: "exponential", jitter: "required" }, amplification: "<= 3x", neverStatuses: [400], success: ">= 1%" }),
      hypothesis("timeout", { proxy: "payments", givesUp: "500ms", closesConnection: true }),
      hypothesis("fallback", { probe: "checkout", share: ">= 95%", answersWithin: "1s" }),
      hypothesis("health-check", { probe: "checkout", turnsUnhealthy: { within: "6s" }, turnsHealthy: { within: "5s" }, flaps: "<= 0", liveness: "checkout" }),
      hypothesis("recovery", { probe: "checkout", within: "5s" }),
      hypothesis("claim", { probe: "checkout", available: ">= 95%", p95: "<= 2s", max: "<= 2s", noWorseThan: { by: "2x" } }),
    ],
  });
}

/** Every request makes a call, two under the fault, until a breaker opens after 50s of it that tries once in two seconds. */
function* eventsOf({ tracePrefix, plan }: JournalHeader): Iterable<Event> {
  let seq = 0;
  const schedule = [...plan.schedule];
  for (let n = 1; n <= requests; n += 1) {
    const dueMs = ((n - 1) * 1000) / perSecond;
    for (let next = schedule[0]; next !== undefined && next.startMs <= dueMs; next = schedule[0]) {
      schedule.shift();
      yield { seq: ++seq, kind: "phase-started", atMs: next.startMs, phase: next.name, epoch: 1 };
      if (next.name === "during") yield { seq: ++seq, kind: "faults-set", atMs: next.startMs, epoch: 1, faults: plan.experiment.faults.map(({ name }) => name) };
      if (next.name === "after") yield { seq: ++seq, kind: "faults-lifted", atMs: next.startMs, epoch: 1 };
    }
    const isUnder = dueMs >= 40_000 && dueMs < 140_000;
    const isOpen = isUnder && dueMs > 90_000 && n % (2 * perSecond) !== 0;
    for (let attempt = 0; attempt < (isOpen ? 0 : isUnder ? 2 : 1); attempt += 1) {
      const startMs = dueMs + 1 + attempt * 60;
      yield {
        seq: ++seq, kind: "exchange", atMs: startMs + 9, proxy: "payments", caller: "default", conn: n % 30, nth: 1 + attempt, method: "POST", path: "/charges",
        trace: tracePrefix + encodeRequestKey(plan.seed, 0, n), startMs, requestEndMs: startMs, headMs: startMs + 8, endMs: startMs + 8, status: isUnder ? 503 : 201, requestBytes: 100, responseBytes: 100,
        end: "complete", passedOn: !isUnder, faults: plan.experiment.faults.map(({ name }) => (isUnder ? { fault: name, decision: "applied", effect: "respond", actedMs: startMs + 8 } : { fault: name, decision: "window" })),
      };
    }
    yield { seq: ++seq, kind: "sample", atMs: dueMs + 80, probe: "checkout", n, dueMs, sentMs: dueMs, endMs: dueMs + 80, grade: isUnder ? "degraded" : "good", status: isUnder ? 202 : 200 };
  }
  yield { seq: ++seq, kind: "ended", atMs: (requests * 1000) / perSecond, cleanedUp: true, left: [] };
}

test(`a judgement of all seven types keeps no rows: at most ${mostBytesEach} bytes for each of ${requests} requests, at any time`, () => {
  const header = makeLongRun();
  const beforeBytes = aliveBytes();
  const observer = new Observer(header);
  for (const event of eventsOf(header)) observer.add(event);
  const observed = observer.finish();
  let mostBytes = aliveBytes();
  let passed = 0;
  const watched: Observations = {
    ...observed,
    *samples(query): Iterable<Sample> {
      for (const sample of observed.samples(query)) {
        passed += 1;
        if (passed % 100_000 === 0) mostBytes = Math.max(mostBytes, aliveBytes());
        yield sample;
      }
    },
  };
  const judged = report(watched);
  mostBytes = Math.max(mostBytes, aliveBytes());
  expect(judged.hypotheses.map(({ type, verdict, samples }) => ({ type, verdict, hasSamples: samples > 20_000 }))).toEqual(expect.arrayContaining([
    { type: "circuit-breaker", verdict: expect.any(String), hasSamples: true },
    { type: "retry", verdict: expect.any(String), hasSamples: true },
    { type: "recovery", verdict: "held", hasSamples: true },
  ]));
  expect(passed).toBeGreaterThan(10 * requests);
  expect((mostBytes - beforeBytes) / requests).toBeLessThan(mostBytesEach);
}, 120_000);
