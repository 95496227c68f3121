// Retry loops as people write them.
import { setTimeout as sleep } from "node:timers/promises";

/**
 * { times: retries (null: without end), pause: { kind: none | constant | linear | exponential | full | envoy, ms, factor, maxMs, jitterShare }, methods and statuses that are retried (all),
 *   never: statuses that are not, honoursRetryAfter, totalMs: no retry that would end later, budgetShare: retries per request over time, tryMs: each attempt's limit }
 */
export function byHand(_name, { times = 3, pause = { kind: "none" }, methods, never = [], honoursRetryAfter = false, totalMs, budgetShare, tryMs }, call) {
  let tokens = 10;
  return async (what) => {
    const startedMs = performance.now();
    tokens = Math.min(10, tokens + (budgetShare ?? 0));
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call(tryMs === undefined ? what : { ...what, signal: AbortSignal.timeout(tryMs) });
      } catch (error) {
        const { status, retryAfter } = error;
        if ((times !== null && attempt > times) || (methods !== undefined && !methods.includes(what.method)) || never.includes(status) || what.signal?.aborted === true) throw error;
        if (budgetShare !== undefined) {
          if (tokens < 1) throw error;
          tokens -= 1;
        }
        const waitMs = Math.max(pauseMs(pause, attempt), honoursRetryAfter && retryAfter !== undefined ? Number(retryAfter) * 1000 : 0);
        if (totalMs !== undefined && performance.now() - startedMs + waitMs > totalMs) throw error;
        await sleep(waitMs);
      }
    }
  };
}

/** The pause after the n-th attempt. */
function pauseMs({ kind, ms = 100, factor = 2, maxMs = Number.POSITIVE_INFINITY, jitterShare = 0 }, attempt) {
  const wholeMs = Math.min(maxMs, { none: 0, constant: ms, linear: ms * attempt, exponential: ms * factor ** (attempt - 1), full: ms * factor ** (attempt - 1), envoy: ms * (2 ** attempt - 1) }[kind]);
  if (kind === "full" || kind === "envoy") return wholeMs * Math.random();
  return wholeMs * (1 + jitterShare * (2 * Math.random() - 1));
}
