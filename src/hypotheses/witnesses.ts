import type { Sample } from "../model/observation.ts";
import type { Evidence } from "../model/verdict.ts";

/** The first few samples that speak against a claim, in words. */
export function witnessesAmong(samples: Iterable<Sample>, isAgainst: (sample: Sample) => boolean, limit = 3): readonly Evidence[] {
  const found: Evidence[] = [];
  for (const sample of samples) {
    if (found.length >= limit) break;
    if (!sample.disturbed && isAgainst(sample)) found.push({ atMs: sample.endMs ?? sample.dueMs, what: tell(sample) });
  }
  return found;
}

function tell({ probe, n, grade, status, failure, blame, latencyMs }: Sample): string {
  const answer = failure ?? (status === undefined ? grade : `status ${status}`);
  return `request ${n} of ${probe} was ${grade} after ${Math.round(latencyMs)}ms: ${blame ?? answer}`;
}
