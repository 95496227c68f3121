// What rows of breakers have in common.

/** What is asked of most of them; `over` replaces its claims, null leaves one out. */
export function breaks(over = {}) {
  const claims = { opens: { within: "1s" }, whileOpen: { answersWithin: "100ms" }, trials: { every: "350ms..900ms", calls: "<= 3" }, closes: { within: "1.3s" }, ...over };
  return { type: "circuit-breaker", proxy: "dependency", probe: "app", ...Object.fromEntries(Object.entries(claims).filter(([, claim]) => claim !== null)) };
}

export const staysClosed = { type: "circuit-breaker", proxy: "dependency", probe: "app", opens: false };

/** opossum's options: opens above half of at least 10 failures in a second, tries again after half a second. */
export const opossum9 = { timeout: 1000, resetTimeout: 500, rollingCountTimeout: 1000, volumeThreshold: 10 };

/** A service behind a breaker of a library. */
export function served(library, breaker, more = {}) {
  return { module: "breaker", config: { library, breaker, ...more } };
}
