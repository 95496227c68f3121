import { Column } from "../../evidence/column.ts";
import type { Rows } from "../../evidence/column.ts";
import { disturbedAt } from "../../evidence/disturbances.ts";
import { sortRows } from "../../evidence/sort-rows.ts";
import { clopperPearson } from "../../math/proportion.ts";
import { zerosNeeded } from "../../math/run-length.ts";
import type { Observations, Sample } from "../../model/observation.ts";
import { ownedBy } from "./spread.ts";

/** Whether a request, or a call, went to an edge that the fault is on. */
export interface Turn {
  readonly atMs: number;
  readonly isHurt: boolean;
}

/** In order of time, as numbers. */
export class Turns implements Rows<Turn> {
  readonly #at = new Column("f64");
  readonly #hurt = new Column("u16");
  /** Left out: the machine was disturbed. */
  disturbed = 0;

  get length(): number {
    return this.#at.length;
  }

  push({ atMs, isHurt }: Turn): void {
    this.#at.push(atMs);
    this.#hurt.push(isHurt ? 1 : 0);
  }

  at(place: number): Turn | undefined {
    return place < 0 || place >= this.length ? undefined : { atMs: this.#at.get(place), isHurt: this.#hurt.get(place) === 1 };
  }

  *[Symbol.iterator](): Iterator<Turn> {
    for (let place = 0; place < this.length; place += 1) yield { atMs: this.#at.get(place), isHurt: this.#hurt.get(place) === 1 };
  }

  count(isWanted: (turn: Turn) => boolean): number {
    let found = 0;
    for (const turn of this) if (isWanted(turn)) found += 1;
    return found;
  }
}

interface Edges {
  readonly proxies: readonly string[];
  /** Those that the fault is on. */
  readonly hurt: readonly string[];
}

/** Requests by where they went. Without a call a request says something only where every edge is hurt: then it was kept from all. */
export function turnsOfRequests(observations: Observations, samples: Iterable<Sample>, { proxies, hurt }: Edges): Turns {
  const turns = new Turns();
  const isAllHurt = proxies.every((proxy) => hurt.includes(proxy));
  for (const sample of samples) {
    if (sample.disturbed || sample.grade === "unsent") {
      turns.disturbed += 1;
      continue;
    }
    const first = hurt.flatMap((proxy) => observations.callsOf(sample, proxy)).reduce((earliest, { startMs }) => Math.min(earliest, startMs), Number.POSITIVE_INFINITY);
    if (Number.isFinite(first)) turns.push({ atMs: first, isHurt: true });
    // One that is unfinished may yet call any.
    else if (sample.endMs !== undefined && (isAllHurt || proxies.some((proxy) => observations.callsOf(sample, proxy).length > 0))) turns.push({ atMs: sample.dueMs, isHurt: false });
  }
  return turns;
}

/** Calls by where they went, where they cannot be told apart by request. */
export function turnsOfCalls(observations: Observations, { proxies, hurt }: Edges, probe: string | undefined, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Turns {
  const [starts, marks] = [new Column("f64"), new Column("u16")];
  const isOwned = ownedBy(observations, proxies, probe);
  const isDisturbed = disturbedAt(observations.disturbances);
  const turns = new Turns();
  for (const proxy of proxies) {
    for (const call of observations.calls({ proxy, fromMs, toMs })) {
      if (!isOwned(call)) continue;
      if (isDisturbed(call.startMs)) turns.disturbed += 1;
      else {
        starts.push(call.startMs);
        marks.push(hurt.includes(proxy) ? 1 : 0);
      }
    }
  }
  const rows = sortRows(new Uint32Array(starts.length).map((_, row) => row), (a, b) => starts.get(a) - starts.get(b));
  for (const row of rows) turns.push({ atMs: starts.get(row), isHurt: marks.get(row) === 1 });
  return turns;
}

/** How often the hurt edges get a turn when all is well. */
export interface Usual {
  readonly n: number;
  /** 0..1. */
  readonly share: number;
  readonly perSecond: number;
  /** So many turns elsewhere, one after the other, do not come about by chance. Infinity: it gets next to none anyhow. */
  readonly runNeeded: number;
}

/** Chance at which a row of turns elsewhere is taken for an ejection, and how often an ejected edge gets a turn. */
const [alpha, leak] = [1e-6, 0.02];

export function measureUsual(turns: Turns, lengthMs: number): Usual {
  const n = turns.length;
  const hits = turns.count(({ isHurt }) => isHurt);
  let [row, longest] = [0, 0];
  for (const { isHurt } of turns) {
    row = isHurt ? 0 : row + 1;
    longest = Math.max(longest, row);
  }
  const missShareAtMost = Math.max(0.01, clopperPearson(n - hits, n, 0.95).hi);
  return { n, share: n === 0 ? 0 : hits / n, perSecond: (hits * 1000) / Math.max(1, lengthMs), runNeeded: Math.max(2, zerosNeeded(missShareAtMost, alpha, leak), longest === 0 ? 0 : longest + 2) };
}
