/** How a library's breaker goes by its defaults. */
export interface BreakerDefaults {
  /** Calls that it must have seen before it can open, and within what window; without one, since the start. */
  readonly volume: { readonly calls: number; readonly windowMs?: number };
  /** Share of the calls in a window that must fail, where it goes by a share: those before the fault dilute it. */
  readonly failing?: { readonly share: number; readonly windowMs?: number };
  readonly restMs?: number;
  /** Trial calls that it waits for before it decides. */
  readonly trialCalls?: number;
  /** What bends a verdict, each a clause that goes on from the library's name. */
  readonly traps: readonly string[];
}

/**
 * As their sources say: opossum 10.0, cockatiel 4.0 (SamplingBreaker at a threshold of 50 %), Resilience4j 2, Hystrix 1.5, hystrix-go, Polly 8.7,
 * pybreaker 1.4, gobreaker 2.4, failsafe-go 0.9; Envoy's outlier detection, Linkerd's failure accrual, nginx' max_fails and HAProxy's checks as documented.
 */
export const circuitBreakers: Readonly<Record<string, BreakerDefaults>> = {
  opossum: {
    volume: { calls: 1, windowMs: 10_000 }, failing: { share: 0.5, windowMs: 10_000 }, restMs: 30_000, trialCalls: 1,
    traps: [
      "counts calls that it rejected while open among all calls, so that its share of failures falls while it is open",
      "opens on the first failure of a fresh process unless volumeThreshold is set",
      "counts errors that errorFilter lets pass as successes: they close a half-open breaker",
      "frees its semaphore at its timeout while the call still runs: a timeout needs an AbortSignal too",
    ],
  },
  cockatiel: {
    volume: { calls: 10, windowMs: 1000 }, failing: { share: 0.5 }, trialCalls: 1,
    traps: [
      "never opens a SamplingBreaker below 5 calls a second divided by its threshold (10/s at 50%)",
      "lets callers wait for the outcome of a trial and then run together, so that some are slow while it is half open and many go through at once when it closes",
    ],
  },
  resilience4j: {
    volume: { calls: 100 }, failing: { share: 0.5 }, restMs: 60_000, trialCalls: 10,
    traps: ["decides when 10 trial calls are in, and stays half open for ever with fewer", "counts slow successes too, from slowCallDurationThreshold (60s) on: it can open without an error"],
  },
  polly: {
    volume: { calls: 100, windowMs: 30_000 }, failing: { share: 0.1, windowMs: 30_000 }, restMs: 5000, trialCalls: 1,
    traps: ["never opens below 100 calls in 30s (3.4/s)", "closes when the caller of a trial cancels it: an outcome that is not handled counts as success"],
  },
  hystrix: {
    volume: { calls: 20, windowMs: 10_000 }, failing: { share: 0.5, windowMs: 10_000 }, restMs: 5000, trialCalls: 1,
    traps: ["looks at its figures every 500ms only: it opens up to that much later", "counts rejections of its pool of 10 as failures"],
  },
  "hystrix-go": { volume: { calls: 20, windowMs: 10_000 }, failing: { share: 0.5, windowMs: 10_000 }, restMs: 5000, trialCalls: 1, traps: ["closes at any success while open, also that of a call from before it opened"] },
  pybreaker: { volume: { calls: 5 }, restMs: 60_000, trialCalls: 1, traps: ["counts excluded exceptions as successes", "holds its lock during a call: threads wait for one another even while it is closed"] },
  gobreaker: { volume: { calls: 6 }, restMs: 60_000, trialCalls: 1, traps: ["forgets nothing while closed unless Interval is set", "lets a trial that hangs keep it half open"] },
  "failsafe-go": { volume: { calls: 1 }, restMs: 60_000, trialCalls: 1, traps: ["opens on one failure", "limits trials in flight, not in number"] },
  envoy: {
    volume: { calls: 5 }, restMs: 30_000,
    traps: ["calls limits on connections and requests a circuit breaker; what stops calling a host is its outlier detection", "calls every host when fewer than half are healthy, and so never stops calling a cluster of one", "lets a host come back at full weight, without a trial"],
  },
  linkerd: { volume: { calls: 7 }, traps: ["accrues failures only where it is asked to, and rests longer each time"] },
  nginx: { volume: { calls: 1, windowMs: 10_000 }, restMs: 10_000, trialCalls: 1, traps: ["counts errors and timeouts, and statuses only those listed in proxy_next_upstream", "ignores max_fails where an upstream has a single server"] },
  haproxy: { volume: { calls: 3 }, traps: ["goes by its own checks unless observe is set: statuses of calls do not count"] },
};
