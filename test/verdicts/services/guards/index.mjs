// Limits on how many calls run at once, by the name of their library: each gives (task) => promise around task(signal), and rejects, or makes wait, what finds no room.
import { byHand } from "./by-hand.mjs";

/** `limit`: so many at once; `queue`: so many more may wait (without: as the library has it). Other options as the library takes them. */
export async function makeGuard(library, { limit, queue = 0, ...options } = {}) {
  if (library === "none") return (task) => task();
  if (library === "hand") return byHand({ limit, ...options });
  if (library.startsWith("cockatiel")) {
    const { bulkhead } = await import(library);
    const policy = bulkhead(limit, queue);
    return (task) => policy.execute(({ signal }) => task(signal));
  }
  if (library.startsWith("opossum")) return opossum(library, { capacity: limit, ...options });
  if (library === "p-limit") {
    const { default: pLimit } = await import(library);
    const limited = pLimit(limit);
    return (task) => limited(() => task());
  }
  const { default: Bottleneck } = await import(library);
  const limiter = new Bottleneck({ maxConcurrent: limit, highWater: queue, strategy: Bottleneck.strategy.OVERFLOW, ...options });
  return (task) => limiter.schedule(() => task());
}

/** Its capacity, with a breaker that no failures open. `abort`: "shared" is one controller for all calls, renewed as the library does it; `breaks`: the breaker opens. */
async function opossum(library, { abort, breaks = false, ...options }) {
  const { default: CircuitBreaker } = await import(library);
  const abortController = abort === "shared" ? new AbortController() : undefined;
  const breaker = new CircuitBreaker((task) => task(abortController?.signal), {
    ...(!breaks && { errorThresholdPercentage: 100, volumeThreshold: 1_000_000 }),
    ...options,
    ...(abortController !== undefined && { abortController, autoRenewAbortController: true }),
  });
  return (task) => breaker.fire(task);
}
