import { binomialCdf } from "../math/proportion.ts";
import { zerosNeeded } from "../math/run-length.ts";
import type { Rows } from "./column.ts";
import type { EdgeBaseline } from "./edge-baseline.ts";

/** Chance at which a row of requests without a call is taken for suppression; small, because every place of a long run is tried. */
const alpha = 1e-6;
/** How often a request gets through although calls are suppressed. */
const leak = 0.02;

/** How many requests in a row must cause no call before calls count as suppressed: more where requests miss anyhow, and more than ever happened before the fault. */
export function zeroRunNeeded(baseline: EdgeBaseline): number {
  const usually = baseline.longestMiss === 0 ? 0 : baseline.longestMiss + 2;
  return Math.max(2, zerosNeeded(baseline.missShareAtMost, alpha, leak), usually);
}

/** Place of the first of `length` zeros in a row; undefined labels (not known) neither break nor lengthen it. -1: none. */
export function findZeroRun(labels: Rows<0 | 1 | undefined>, length: number, from = 0): number {
  let first = -1;
  let row = 0;
  for (let i = from; i < labels.length; i += 1) {
    if (labels.at(i) === 1) [first, row] = [-1, 0];
    if (labels.at(i) !== 0) continue;
    if (row === 0) first = i;
    row += 1;
    if (row >= length) return first;
  }
  return -1;
}

/** Whether so many requests without a call are too many for chance, also where they never stand in a long enough row. */
export function areTooMany(zeros: number, requests: number, baseline: EdgeBaseline): boolean {
  return zeros > 0 && 1 - binomialCdf(zeros - 1, requests, baseline.missShareAtMost) < alpha;
}
