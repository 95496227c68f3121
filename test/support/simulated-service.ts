import { keyedRandom } from "../../src/math/random.ts";
import type { Random } from "../../src/model/fault-type.ts";

/** A service under test with knobs, in simulated time. Every switch is a way to be right or wrong. */
export interface ServiceKnobs {
  readonly breaker?: {
    readonly trips: { readonly consecutive: number } | { readonly share: number; readonly volume: number; readonly windowMs: number };
    readonly coolDownMs: number;
    /** Requests let through when half-open. Default 1. */
    readonly trials?: number;
    /** One admission for all attempts of a request, instead of one for each. */
    readonly aroundRetries?: boolean;
    /** A defect: once open, open for ever. */
    readonly staysOpen?: boolean;
    /** A defect: the share of calls that go through although it is open. */
    readonly leakShare?: number;
  };
  readonly retry?: {
    /** Calls per request at most. */
    readonly attempts: number;
    readonly backoff: "none" | "constant" | "linear" | "exponential" | "decorrelated";
    readonly firstMs: number;
    readonly factor?: number;
    readonly capMs?: number;
    /** ± share of the pause: 0.5 = ±50 %; "full" = uniform from 0. */
    readonly jitter?: number | "full";
    /** Asks an open breaker again after each pause, instead of giving up at once. */
    readonly throughOpenBreaker?: boolean;
    /** Waits as long as the answer said; false: ignores Retry-After. Default true. */
    readonly honoursRetryAfter?: boolean;
    /** Statuses that are not retried. */
    readonly never?: readonly number[];
  };
  readonly timeoutMs?: number;
  /** The timeout answers, but the call runs on. */
  readonly leaks?: boolean;
  readonly fallback?: boolean;
  /** Share of requests answered without a call (a cache). */
  readonly cachedShare?: number;
  /** At most so many calls of a replica at once; the others wait in a queue. */
  readonly pool?: number;
  /** Places in that queue; who finds none is turned away. Default: no end. */
  readonly queue?: number;
  /** Breakers of their own, requests in turn. */
  readonly replicas?: number;
  /** Extra time of every timer and step, uniform. Default 1..8 ms. */
  readonly overheadMs?: readonly [number, number];
  readonly method?: string;
}

/** How one call went for the service. */
export interface CallResult {
  readonly ok: boolean;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

/** The simulated world, as the service sees it. */
export interface World {
  nowMs(): number;
  after(delayMs: number, action: () => void): void;
  /** Makes a call; `done` is called when it is over for the service, at the latest after `timeoutMs`. `released`: its slot is free. */
  call(request: number, replica: number, method: string, timeoutMs: number | undefined, leaks: boolean, done: (result: CallResult) => void): void;
}

interface Breaker {
  /** Admits a call and says how to report on it; undefined: open. */
  admit(): ((ok: boolean) => void) | undefined;
  isClosed(): boolean;
}

export interface SimulatedService {
  /** Handles a request; `answer` is called with the status, once. */
  handle(request: number, answer: (status: number) => void): void;
  isClosed(): boolean;
}

export function createService(knobs: ServiceKnobs, world: World, seed: string): SimulatedService {
  const random = keyedRandom(seed, "service");
  const [low, high] = knobs.overheadMs ?? [1, 8];
  const overhead = (): number => low + random() * (high - low);
  const breakers = Array.from({ length: knobs.replicas ?? 1 }, () => createBreaker(knobs.breaker, world));
  const pools = breakers.map(() => ({ inUse: 0, queue: [] as (() => void)[] }));

  function callThroughPool(request: number, replica: number, done: (result: CallResult) => void): void {
    const pool = pools[replica];
    if (pool === undefined) return;
    if (knobs.pool !== undefined && pool.inUse >= knobs.pool) {
      if (pool.queue.length >= (knobs.queue ?? Number.POSITIVE_INFINITY)) return done({ ok: false });
      pool.queue.push(() => callThroughPool(request, replica, done));
      return;
    }
    pool.inUse += 1;
    world.call(request, replica, knobs.method ?? "POST", knobs.timeoutMs, knobs.leaks === true, (result) => {
      pool.inUse -= 1;
      pool.queue.shift()?.();
      done(result);
    });
  }

  function attempt(request: number, replica: number, k: number, pauseMs: number, answer: (status: number) => void): void {
    const fail = (): void => answer(knobs.fallback === true ? 202 : 503);
    const again = (result: CallResult, isOpen: boolean): void => {
      const { retry } = knobs;
      if (retry === undefined || k >= retry.attempts || (isOpen && retry.throughOpenBreaker !== true) || (result.status !== undefined && retry.never?.includes(result.status) === true)) {
        world.after(overhead() / 4, fail);
        return;
      }
      const naturalMs = pause(retry, k, pauseMs, random);
      const waitMs = retry.honoursRetryAfter === false ? naturalMs : Math.max(naturalMs, result.retryAfterMs ?? 0);
      world.after(waitMs + overhead(), () => attempt(request, replica, k + 1, naturalMs, answer));
    };
    const report = knobs.breaker?.aroundRetries === true ? () => {} : breakers[replica]?.admit();
    if (report === undefined) return again({ ok: false }, true);
    callThroughPool(request, replica, (result) => {
      report(result.ok);
      if (result.ok) world.after(overhead() / 4, () => answer(200));
      else again(result, false);
    });
  }

  return {
    handle(request, answer) {
      if (random() < (knobs.cachedShare ?? 0)) return world.after(overhead(), () => answer(200));
      const replica = request % breakers.length;
      if (knobs.breaker?.aroundRetries !== true) return world.after(overhead() / 4, () => attempt(request, replica, 1, 0, answer));
      const report = breakers[replica]?.admit();
      if (report === undefined) return world.after(overhead() / 4, () => answer(knobs.fallback === true ? 202 : 503));
      attempt(request, replica, 1, 0, (status) => {
        report(status === 200);
        answer(status);
      });
    },
    isClosed: () => breakers.every((breaker) => breaker.isClosed()),
  };
}

function pause(retry: NonNullable<ServiceKnobs["retry"]>, k: number, lastMs: number, random: Random): number {
  const cap = retry.capMs ?? Number.POSITIVE_INFINITY;
  if (retry.backoff === "decorrelated") return Math.min(cap, retry.firstMs + random() * (Math.max(lastMs, retry.firstMs) * 3 - retry.firstMs));
  const factor = { none: 0, constant: 1, linear: k, exponential: (retry.factor ?? 2) ** (k - 1) }[retry.backoff];
  const nominal = Math.min(cap, retry.firstMs * factor);
  if (retry.jitter === "full") return nominal * random();
  return nominal * (1 + (retry.jitter ?? 0) * (2 * random() - 1));
}

/** Closed, open for a cool-down, half-open; lazily as most libraries: a call after the cool-down is the trial. Late results of an earlier state count for nothing. */
function createBreaker(knobs: ServiceKnobs["breaker"], world: World): Breaker {
  if (knobs === undefined) return { admit: () => () => {}, isClosed: () => true };
  const { trips, coolDownMs, trials = 1, staysOpen = false, leakShare = 0 } = knobs;
  const random = keyedRandom("a leaking breaker");
  let state: "closed" | "open" | "half-open" = "closed";
  let openedMs = 0;
  let generation = 0;
  let inTrial = 0;
  let inARow = 0;
  let results: { atMs: number; ok: boolean }[] = [];
  const enter = (next: typeof state): void => {
    state = next;
    generation += 1;
    inTrial = 0;
    inARow = 0;
    if (next === "open") openedMs = world.nowMs();
  };
  const isTripped = (ok: boolean): boolean => {
    inARow = ok ? 0 : inARow + 1;
    if ("consecutive" in trips) return inARow >= trips.consecutive;
    const atMs = world.nowMs();
    results = [...results.filter((one) => one.atMs > atMs - trips.windowMs), { atMs, ok }];
    return results.length >= trips.volume && results.filter((one) => !one.ok).length > trips.share * results.length;
  };
  return {
    admit() {
      if (state === "open" && !staysOpen && world.nowMs() - openedMs >= coolDownMs) enter("half-open");
      if (state === "open" && random() < leakShare) return () => {};
      if (state === "open" || (state === "half-open" && inTrial >= trials)) return undefined;
      if (state === "half-open") inTrial += 1;
      const born = generation;
      return (ok) => {
        if (born !== generation) return;
        if (state === "half-open") {
          if (ok) results = [];
          enter(ok ? "closed" : "open");
        } else if (isTripped(ok) && !ok) enter("open");
      };
    },
    isClosed: () => state === "closed",
  };
}
