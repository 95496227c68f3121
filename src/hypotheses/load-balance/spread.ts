import { hasFailed } from "../../evidence/call-outcome.ts";
import { Column } from "../../evidence/column.ts";
import { disturbedAt } from "../../evidence/disturbances.ts";
import { sortRows } from "../../evidence/sort-rows.ts";
import { zerosNeeded } from "../../math/run-length.ts";
import type { Call, Observations } from "../../model/observation.ts";

/** How the calls of a stretch of time were spread over edges. */
export interface Spread {
  /** Calls per edge, in the order of the edges. */
  readonly counts: readonly number[];
  readonly n: number;
  readonly failed: number;
  /** Place of an edge that got no call for longer than chance would leave it out; such a one was left for a while. */
  readonly leftOut?: number;
  /** Different connections that carried them. */
  readonly connections: number;
  /** Neighbours in time chose their edges independently of each other, or so as to be more even than that: no connection held them to one. */
  readonly isChosenPerCall: boolean;
  /** Neighbours that did not overlap, by which that is told. */
  readonly pairs: number;
  /** Left out: they began while the machine was disturbed. */
  readonly disturbed: number;
}

/** Between the end of one call and the start of the next, for both to have had the same connections to choose from. */
const quietMs = 2;
/** So many pairs of neighbours, and so many changes of the edge that chance would make, say how edges are chosen. */
const fewestPairs = 20;
const fewestChanges = 5;

/** Which calls count: those that requests cause, where calls can be joined to requests. */
export function ownedBy(observations: Observations, proxies: readonly string[], probe: string | undefined): (call: Call) => boolean {
  const probes = probe === undefined ? observations.header.plan.experiment.probes.map(({ name }) => name) : [probe];
  if (!probes.some((name) => proxies.some((proxy) => observations.rung(name, proxy) !== "statistical"))) return () => true;
  return ({ request }) => request !== undefined && probes.includes(request.probe);
}

/** Counts the calls on edges that began in a stretch of time. */
export function measureSpread(observations: Observations, proxies: readonly string[], probe: string | undefined, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Spread {
  const counts = proxies.map(() => 0);
  const [starts, ends, edges, conns] = [new Column("f64"), new Column("f64"), new Column("u16"), new Column("f64")];
  const isOwned = ownedBy(observations, proxies, probe);
  const isDisturbed = disturbedAt(observations.disturbances);
  let [failed, disturbed] = [0, 0];
  for (const [edge, proxy] of proxies.entries()) {
    for (const call of observations.calls({ proxy, fromMs, toMs })) {
      if (!isOwned(call)) continue;
      if (hasFailed(call)) failed += 1;
      if (isDisturbed(call.startMs)) {
        disturbed += 1;
        continue;
      }
      counts[edge] = (counts[edge] ?? 0) + 1;
      starts.push(call.startMs);
      ends.push(call.endMs);
      edges.push(edge);
      conns.push(call.conn);
    }
  }
  const n = starts.length;
  const rows = sortRows(new Uint32Array(n).map((_, row) => row), (a, b) => starts.get(a) - starts.get(b));
  const leftOut = findLeftOut(rows, edges, counts);
  return { counts, n, failed, disturbed, connections: countDistinct(conns.sorted()), ...tellChoice(rows, starts, ends, edges, counts), ...(leftOut >= 0 && { leftOut }) };
}

/** Chance at which a row of calls elsewhere is one that an edge was left out of, and how often one that is left gets a call. */
const [alpha, leak] = [1e-6, 0.02];

/** The place of an edge with a row of calls elsewhere that is too long for its share; -1: there is none. */
function findLeftOut(rows: Uint32Array, edges: Column, counts: readonly number[]): number {
  const lastAt = counts.map(() => -1);
  const longest = counts.map(() => 0);
  for (let at = 0; at < rows.length; at += 1) {
    const edge = edges.get(rows[at] ?? 0);
    longest[edge] = Math.max(longest[edge] ?? 0, at - (lastAt[edge] ?? -1) - 1);
    lastAt[edge] = at;
  }
  return counts.findIndex((count, edge) => Math.max(longest[edge] ?? 0, rows.length - (lastAt[edge] ?? -1) - 1) >= zerosNeeded(1 - count / Math.max(1, rows.length), alpha, leak));
}

function countDistinct(sorted: Float64Array): number {
  let distinct = 0;
  for (let at = 0; at < sorted.length; at += 1) if (at === 0 || sorted[at] !== sorted[at - 1]) distinct += 1;
  return distinct;
}

/**
 * Calls that follow each other with a pause between had the same connections to choose from: a client whose connections each lead to one edge
 * takes the same one again. So where the edge changes at least half as often as if each call were drawn by itself, edges are chosen call by call.
 */
function tellChoice(rows: Uint32Array, starts: Column, ends: Column, edges: Column, counts: readonly number[]): Pick<Spread, "isChosenPerCall" | "pairs"> {
  let [pairs, changes, busyUntilMs] = [0, 0, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    const before = rows[at - 1];
    if (before !== undefined && busyUntilMs + quietMs < starts.get(row)) {
      pairs += 1;
      if (edges.get(before) !== edges.get(row)) changes += 1;
    }
    busyUntilMs = Math.max(busyUntilMs, ends.get(row));
  }
  const usual = pairs * (1 - counts.reduce((sum, count) => sum + (count / Math.max(1, starts.length)) ** 2, 0));
  return { pairs, isChosenPerCall: pairs >= fewestPairs && usual >= fewestChanges && changes >= usual / 2 };
}
