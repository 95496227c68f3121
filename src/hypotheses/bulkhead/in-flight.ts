import { Column } from "../../evidence/column.ts";
import { partitionPoint } from "../../evidence/partition-point.ts";
import type { Series } from "../../model/hypothesis-type.ts";
import type { Call } from "../../model/observation.ts";

/** Calls that were live beside so many others as the limit allows, for longer than a leaving takes to be seen. */
export interface Beyond {
  readonly startMs: number;
  /** With itself. */
  readonly live: number;
}

/** How many calls of one caller were live at once, over time. */
export interface InFlight {
  readonly caller: string;
  readonly calls: number;
  /** Most that were live together for longer than the grace. */
  readonly peak: number;
  /** Median time that a call was live, ms. */
  readonly liveMs: number;
  /** Most that were live at any moment in [fromMs, toMs], whatever the grace. */
  atMost(fromMs: number, toMs: number): number;
  /** Calls begun although as many as the limit were live, and stayed so. */
  beyond(limit: number): Iterable<Beyond>;
  draw(name: string, limit: number | undefined): Series;
}

/** When a caller lets go of one call and begins the next, the proxy may see the two in either order. */
export const graceMs = 20;
const mostPoints = 450;

/** Calls in order of their start, by the caller that made them. */
export function followCalls(calls: Iterable<Call>): readonly InFlight[] {
  const spans = new Map<string, { readonly starts: Column; readonly ends: Column }>();
  for (const { caller, startMs, endMs } of calls) {
    const span = spans.get(caller) ?? { starts: new Column("f64"), ends: new Column("f64") };
    spans.set(caller, span);
    span.starts.push(startMs);
    span.ends.push(endMs);
  }
  return [...spans].map(([caller, { starts, ends }]) => follow(caller, starts, ends));
}

function follow(caller: string, starts: Column, ends: Column): InFlight {
  const [lasting, lastingEnds, lengths, drawnEnds] = [new Column("f64"), new Column("f64"), new Column("f64"), new Column("f64")];
  for (let row = 0; row < starts.length; row += 1) {
    const [startMs, endMs] = [starts.get(row), ends.get(row)];
    lengths.push(endMs - startMs);
    drawnEnds.push(endMs - Math.min(graceMs, 0.1 * (endMs - startMs)));
    if (endMs - graceMs <= startMs) continue;
    lasting.push(startMs);
    lastingEnds.push(endMs - graceMs);
  }
  const begun = lasting.sorted();
  const over = lastingEnds.sorted();
  let peak = 0;
  for (const { live } of admissions(begun, over)) peak = Math.max(peak, live);
  const { times, counts } = countLive(starts.sorted(), ends.sorted());
  const sorted = lengths.sorted();
  return {
    caller, calls: starts.length, peak,
    liveMs: sorted[sorted.length >> 1] ?? 0,
    atMost(fromMs, toMs) {
      const first = partitionPoint(times.length, (at) => (times[at] ?? 0) <= fromMs);
      let most = counts[first - 1] ?? 0;
      for (let at = first; at < times.length && (times[at] ?? 0) <= toMs; at += 1) most = Math.max(most, counts[at] ?? 0);
      return most;
    },
    *beyond(limit) {
      for (const one of admissions(begun, over)) if (one.live > limit) yield one;
    },
    // What is drawn must not seem to be beyond the limit for the blink in which one call follows another.
    draw: (name, limit) => ({ name, unit: "count", points: thin(countLive(starts.sorted(), drawnEnds.sorted())), ...(limit !== undefined && { limit }) }),
  };
}

/** For each call how many were live when it began, with itself. Both ascending. */
function* admissions(starts: Float64Array, ends: Float64Array): Iterable<Beyond> {
  let ended = 0;
  for (const [i, startMs] of starts.entries()) {
    while ((ends[ended] ?? Number.POSITIVE_INFINITY) <= startMs) ended += 1;
    yield { startMs, live: i + 1 - ended };
  }
}

/** How many are live from each moment at which that changes; an end comes before a start of the same moment. */
function countLive(starts: Float64Array, ends: Float64Array): { readonly times: Float64Array; readonly counts: Uint32Array } {
  const times = new Float64Array(starts.length + ends.length);
  const counts = new Uint32Array(times.length);
  for (let at = 0, begun = 0, ended = 0; at < times.length; at += 1) {
    const isEnd = begun >= starts.length || (ends[ended] ?? 0) <= (starts[begun] ?? 0);
    times[at] = (isEnd ? ends[ended] : starts[begun]) ?? 0;
    if (isEnd) ended += 1;
    else begun += 1;
    counts[at] = begun - ended;
  }
  return { times, counts };
}

/** At most some 450 points, each the most of its stretch: what a limit is judged by is not lost. */
function thin({ times, counts }: ReturnType<typeof countLive>): Series["points"] {
  const points: (readonly [number, number])[] = [];
  const stretchMs = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / mostPoints;
  for (let at = 0; at < times.length;) {
    const startMs = times[at] ?? 0;
    let [most, next] = [0, at];
    for (; next < times.length && (times[next] ?? 0) <= startMs + stretchMs; next += 1) most = Math.max(most, counts[next] ?? 0);
    if (points.at(-1)?.[1] !== most) points.push([startMs, most]);
    at = next;
  }
  const endMs = times.at(-1);
  if (endMs !== undefined && points.at(-1)?.[1] !== 0) points.push([endMs, counts.at(-1) ?? 0]);
  return points;
}
