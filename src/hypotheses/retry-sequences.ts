import { hasFailed, metFault } from "../evidence/call-outcome.ts";
import type { RequestCalls } from "../evidence/edge-baseline.ts";
import type { Call, Sample } from "../model/observation.ts";

/** The attempts of one request at one thing: calls with the same method and path, in start order. */
export interface Sequence {
  readonly sample: Sample;
  readonly calls: readonly Call[];
  /** Calls that the HTTP client repeated by itself on a fresh connection when a reused one was gone. */
  readonly transportRetries: number;
  /** From the end of one attempt to the start of the next, ms; negative where they overlap. */
  readonly pausesMs: readonly number[];
  /** When the request was over: its answer, or the end of its last call. Infinity: not seen. */
  readonly overMs: number;
}

export interface Sequences {
  /** Requests due under the fault that met it. */
  readonly met: readonly Sequence[];
  /** Of those, the ones that ran to their end. */
  readonly whole: readonly Sequence[];
  /** All requests due under the fault that had the time to run to their end, whether they met it or not. */
  readonly inTime: readonly RequestCalls[];
  /** The longest that a whole one took. */
  readonly spanMs: number;
}

/** A repeat quicker than any program: the connection was found dead, and the client dialled again. */
const transportMs = 5;

/**
 * Collects attempts under the fault. Whole are requests due at least one span before `untilMs` (the end of the fault, or an opening of a breaker),
 * the span being the longest that a request took which was over by then.
 */
export function collectSequences(requests: Iterable<RequestCalls>, faults: ReadonlySet<string>, onsetMs: number, untilMs: number, faultEndMs: number): Sequences {
  const under = [...requests].filter(({ sample, calls }) => sample.dueMs < faultEndMs && (sample.dueMs >= onsetMs || calls.some((call) => metFault(call, faults))));
  const met = under.flatMap(({ sample, calls }) => {
    const first = calls.find((call) => metFault(call, faults));
    return first === undefined ? [] : [toSequence(sample, calls.filter(({ method, path }) => method === first.method && path === first.path))];
  });
  const spanMs = met.reduce((most, { sample, overMs }) => (overMs <= untilMs ? Math.max(most, overMs - sample.dueMs) : most), 0);
  return {
    met,
    whole: met.filter(({ sample, overMs }) => sample.dueMs + spanMs <= untilMs && overMs <= untilMs),
    inTime: under.filter(({ sample }) => sample.dueMs + spanMs <= untilMs && sample.dueMs >= onsetMs && sample.endMs !== undefined),
    spanMs,
  };
}

function toSequence(sample: Sample, calls: readonly Call[]): Sequence {
  const pausesMs: number[] = [];
  let transportRetries = 0;
  for (const [i, next] of calls.entries()) {
    const call = calls[i - 1];
    if (call === undefined) continue;
    const pauseMs = next.startMs - call.endMs;
    if (isTransportRetry(call, next, pauseMs)) transportRetries += 1;
    else pausesMs.push(pauseMs);
  }
  const isOver = sample.endMs !== undefined && calls.every(({ end }) => end !== "open");
  return { sample, calls, transportRetries, pausesMs, overMs: isOver ? Math.max(sample.endMs, ...calls.map(({ endMs }) => endMs)) : Number.POSITIVE_INFINITY };
}

function isTransportRetry(call: Call, next: Call, pauseMs: number): boolean {
  const wasCut = call.end === "dropped" || call.end === "reset" || call.end === "upstream-lost";
  return wasCut && call.nth > 1 && next.nth === 1 && pauseMs >= 0 && pauseMs < transportMs;
}

/** Whether the last attempt failed: nothing but the client's own limit ended it. */
export function failedThroughout({ calls }: Sequence): boolean {
  return calls.every(hasFailed);
}

/** Attempts without those of the HTTP client below the retries. */
export function attemptsOf({ calls, transportRetries }: Sequence): number {
  return calls.length - transportRetries;
}
