import type { SampleRecord } from "../model/event.ts";
import type { Figures } from "../hypotheses/figures.ts";
import { quantile } from "../math/quantile.ts";

interface Finished {
  readonly endMs: number;
  readonly latencyMs: number;
  readonly grade: "good" | "degraded" | "bad";
}

/** The finished requests of one probe over the last so many ms: what a guard asks about. Bounded by that time and the load. */
export class RecentFigures {
  readonly #overMs: number;
  #finished: Finished[] = [];

  constructor(overMs: number) {
    this.#overMs = overMs;
  }

  add({ grade, dueMs, endMs }: SampleRecord): void {
    if (endMs === undefined || grade === "pending" || grade === "unsent") return;
    this.#finished.push({ endMs, latencyMs: endMs - dueMs, grade });
  }

  figures(nowMs: number): Figures {
    const fresh = this.#finished.findIndex(({ endMs }) => endMs > nowMs - this.#overMs);
    this.#finished = fresh === -1 ? [] : this.#finished.slice(fresh);
    const counts = { good: 0, degraded: 0, bad: 0 };
    for (const { grade } of this.#finished) counts[grade] += 1;
    const finished = this.#finished;
    let sortedMs: readonly number[] | undefined;
    return {
      ...counts,
      pending: 0,
      seconds: this.#overMs / 1000,
      quantileMs: (q) => {
        sortedMs ??= finished.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
        return sortedMs.length === 0 ? undefined : quantile(sortedMs, q);
      },
    };
  }
}
