import fc from "fast-check";

/** `FUZZ_MINUTES=5 npm run fuzz:properties` tries each property for that long, with cases that no run has seen. */
export const fuzzMinutes = Number(process.env["FUZZ_MINUTES"] ?? 0);

/** How many cases a property tries. */
export const runs = (usually: number): { readonly numRuns: number } => ({ numRuns: fuzzMinutes > 0 ? Number.MAX_SAFE_INTEGER : usually });

// Otherwise each run tries the same cases: a rare one is found by looking for it, never by the run of somebody who changed something else.
fc.configureGlobal({ ...runs(100), ...(fuzzMinutes > 0 ? { interruptAfterTimeLimit: fuzzMinutes * 60_000 } : { seed: 1 }) });

export { fc };
