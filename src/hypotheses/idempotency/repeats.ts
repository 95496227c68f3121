import { hasSucceeded } from "../../evidence/call-outcome.ts";
import type { RequestCalls } from "../../evidence/edge-baseline.ts";
import type { Call, Sample } from "../../model/observation.ts";
import type { Evidence } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { attemptsAmong } from "../attempts.ts";

/** What requests did whose call met the fault. */
export interface Repeats {
  /** Finished ones, and of those: whose work was done and the answer lost; that made more than one attempt. */
  readonly met: number;
  readonly lost: number;
  readonly retried: number;
  /** Calls of one request that reached upstream beyond the first, at most; and of how many requests that were more than allowed. */
  readonly most: number;
  readonly beyond: number;
  /** Requests whose work reached upstream more than once; in how many at the same time. */
  readonly repeated: number;
  readonly overlapping: number;
  /** Retried requests with an attempt without a key; with another key in another attempt; with the key of another request. */
  readonly keyless: number;
  readonly changed: number;
  readonly shared: number;
  /** As many keys as are kept were seen: where there is none, it may have been forgotten. */
  readonly isFull: boolean;
  readonly keyEvidence: readonly Evidence[];
  readonly duplicateEvidence: readonly Evidence[];
}

const fewWitnesses = 3;
/** So many different keys are kept of a run. */
const mostKeys = 100_000;

/** Looks at requests due under the fault. `allowed`: repeats that may reach upstream. */
export function lookAtRepeats(requests: Iterable<RequestCalls>, faults: ReadonlySet<string>, allowed: number): Repeats {
  const counts = { met: 0, lost: 0, retried: 0, most: 0, beyond: 0, repeated: 0, overlapping: 0, keyless: 0, changed: 0, shared: 0 };
  const [keyEvidence, duplicateEvidence]: [Evidence[], Evidence[]] = [[], []];
  const owners = new Map<string, number>();
  for (const { sample, calls } of requests) {
    const attempts = attemptsAmong(calls, (call) => call.faults.some(({ fault, decision }) => decision === "applied" && faults.has(fault)));
    const reached = attempts.filter(({ passedOn }) => passedOn);
    if (reached.length > 1) {
      counts.repeated += 1;
      if (reached.some((call, i) => reached.slice(i + 1).some(({ startMs }) => startMs < call.endMs))) counts.overlapping += 1;
    }
    if (reached.length - 1 > allowed) {
      counts.beyond += 1;
      if (duplicateEvidence.length < fewWitnesses) duplicateEvidence.push(tell(sample, reached, `reached upstream ${reached.length} times`));
    }
    counts.most = Math.max(counts.most, reached.length - 1);
    const isOver = sample.endMs !== undefined && attempts.every(({ end }) => end !== "open");
    if (attempts.length > 0 && isOver) counts.met += 1;
    if (isOver && reached.some((call) => !hasSucceeded(call))) counts.lost += 1;
    if (attempts.length > 1) counts.retried += 1;
    const wrong = wrongKeys(sample, attempts, owners);
    if (wrong === undefined) continue;
    counts[wrong] += 1;
    if (keyEvidence.length < fewWitnesses) keyEvidence.push(tell(sample, attempts, { keyless: "made an attempt without a key", changed: "changed its key", shared: "had the key of another request" }[wrong]));
  }
  return { ...counts, isFull: owners.size >= mostKeys, keyEvidence, duplicateEvidence };
}

function wrongKeys({ n }: Sample, attempts: readonly Call[], owners: Map<string, number>): "keyless" | "changed" | "shared" | undefined {
  const keys = new Set(attempts.map(({ idempotencyKey }) => idempotencyKey));
  let isShared = false;
  for (const key of keys) {
    if (key === undefined) continue;
    const owner = owners.get(key);
    if (owner === undefined) owners.set(key, n);
    else if (owner !== n) isShared = true;
  }
  if (isShared) return "shared";
  if (attempts.length < 2) return undefined;
  return keys.has(undefined) ? "keyless" : keys.size > 1 ? "changed" : undefined;
}

function tell({ probe, n, dueMs }: Sample, calls: readonly Call[], what: string): Evidence {
  const each = calls.slice(0, 4).map(({ startMs, status, end, idempotencyKey }) => `at ${format("duration", startMs)} (${end === "complete" ? String(status ?? end) : end}, ${idempotencyKey === undefined ? "no key" : `key ${idempotencyKey.slice(0, 40)}`})`);
  return { atMs: calls.at(-1)?.startMs ?? dueMs, what: `request ${n} of ${probe} ${what}: calls ${each.join(", ")}` };
}
