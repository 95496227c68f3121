import { dueTimes } from "../../src/math/pacer.ts";
import { keyedRandom } from "../../src/math/random.ts";
import type { Load } from "../../src/model/experiment.ts";
import type { Sample } from "../../src/model/observation.ts";
import { experimentOf, probeNamed, windows } from "./hand-made.ts";
import type { HandMade } from "./hand-made.ts";

/** What a service does with a request that arrives then: lets it in and answers so long after, or turns it away. */
export type Door = (arrivesMs: number) => { readonly latencyMs: number; readonly status: number; readonly failure?: string };

/** A run in simulated time in which a probe's load is the stress. Before 0–5 s, during 5–20 s, after 20–30 s. */
export function pressOn(door: Door, load: Partial<Load>, { seed = 1, timeoutMs = 5000, made = {} }: { readonly seed?: number; readonly timeoutMs?: number; readonly made?: HandMade } = {}): HandMade {
  const random = keyedRandom(String(seed), "overload");
  const probe = probeNamed("checkout");
  const whole: Load = { ...probe.load, rates: { warmup: 50, before: 50, during: 300, after: 50 }, ...load };
  const schedule = windows.map(({ name, epoch, startMs, endMs }) => ({ name, epoch, startMs, endMs }));
  const samples: Sample[] = [];
  for (const { dueMs, phase } of dueTimes(whole, schedule, random)) {
    if (phase === "pause") continue;
    const sentMs = dueMs + random();
    const { latencyMs, status, failure } = door(sentMs + 0.3);
    const tookMs = latencyMs + 1 + random();
    const late = sentMs + tookMs - dueMs > timeoutMs;
    const endMs = late ? dueMs + timeoutMs : sentMs + tookMs;
    samples.push({
      probe: "checkout", n: samples.length + 1, phase, epoch: 1, dueMs, sentMs, endMs, latencyMs: endMs - dueMs, disturbed: false,
      ...(late ? { grade: "bad" as const, failure: "timeout" } : failure === undefined ? { grade: status === 200 ? ("good" as const) : ("bad" as const), status } : { grade: "bad" as const, failure }),
    });
  }
  return { ...made, samples: [...samples, ...(made.samples ?? [])], experiment: experimentOf({ faults: [], ...made.experiment, probes: [{ ...probe, timeoutMs, load: whole }] }), overrides: { ...((made.experiment?.faults ?? []).length === 0 && { faults: [] }), ...made.overrides } };
}

/** Pulses of some 0.7 s, high and low in turn. */
export function pulses(high: number, low = 5): Partial<Load> {
  return { steps: Array.from({ length: 21 }, (_, i) => (i % 2 === 0 ? high : low)) };
}

/** How long who is let in takes to be served. */
type Service = (arrivesMs: number) => number;
const prompt: Service = () => 8;
const away = { latencyMs: 2, status: 429 };

export function slidingWindow(count: number, windowMs = 1000, service = prompt): Door {
  const taken: number[] = [];
  return (atMs) => {
    while ((taken[0] ?? Number.POSITIVE_INFINITY) <= atMs - windowMs) taken.shift();
    if (taken.length >= count) return away;
    taken.push(atMs);
    return { latencyMs: service(atMs), status: 200 };
  };
}

export function fixedWindow(count: number, windowMs = 1000, service = prompt): Door {
  let [window, taken] = [0, 0];
  return (atMs) => {
    const now = Math.floor((atMs + 430) / windowMs);
    if (now !== window) [window, taken] = [now, 0];
    if (taken >= count) return away;
    taken += 1;
    return { latencyMs: service(atMs), status: 200 };
  };
}

/** A count that begins with the first request after the last one has run out. */
export function windowOnDemand(count: number, windowMs = 1000): Door {
  let [openedMs, taken] = [Number.NEGATIVE_INFINITY, 0];
  return (atMs) => {
    if (atMs >= openedMs + windowMs) [openedMs, taken] = [atMs, 0];
    if (taken >= count) return away;
    taken += 1;
    return { latencyMs: 8, status: 200 };
  };
}

export function tokenBucket(perSecond: number, burst: number, service = prompt): Door {
  let [tokens, lastMs] = [burst, 0];
  return (atMs) => {
    tokens = Math.min(burst, tokens + ((atMs - lastMs) * perSecond) / 1000);
    lastMs = atMs;
    if (tokens < 1) return away;
    tokens -= 1;
    return { latencyMs: service(atMs), status: 200 };
  };
}

/** At most so many at once; up to `queue` wait, the others are turned away with that status. */
export function atOnce(places: number, service: Service, { queue = 0, status = 429 }: { readonly queue?: number; readonly status?: number } = {}): Door {
  const busyUntil: number[] = Array.from({ length: places }, () => 0);
  return (atMs) => {
    const waiting = busyUntil.reduce((sum, untilMs) => sum + Math.max(0, untilMs - atMs), 0) / (places * service(atMs)) - 1;
    const place = busyUntil.indexOf(Math.min(...busyUntil));
    const startMs = Math.max(atMs, busyUntil[place] ?? 0);
    if (startMs > atMs && waiting * places >= queue) return { latencyMs: 2, status };
    busyUntil[place] = startMs + service(atMs);
    return { latencyMs: startMs + service(atMs) - atMs, status: 200 };
  };
}

export const open: Door = () => ({ latencyMs: 8, status: 200 });
