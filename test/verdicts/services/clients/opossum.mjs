/** Its timeout alone: { timeout }, and a breaker that no failures open. */
export async function opossum(name, options, call) {
  const { default: CircuitBreaker } = await import(name);
  const breaker = new CircuitBreaker(call, { errorThresholdPercentage: 100, volumeThreshold: 1_000_000, ...options });
  return (what) => breaker.fire(what);
}
