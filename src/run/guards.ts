import type { Env, Timer } from "../model/env.ts";
import type { RunEvent, SampleRecord } from "../model/event.ts";
import type { Guard } from "../model/experiment.ts";
import { finished } from "../hypotheses/figures.ts";
import { assessClaims, fewestSamples } from "../hypotheses/steady-state.ts";
import { RecentFigures } from "./recent-figures.ts";

const askedEveryMs = 200;

type Trip = Extract<RunEvent, { kind: "guard-tripped" }>;

/** Watches the stop conditions of an experiment over finished requests; asks each again and again once its time and 20 samples have passed. */
export class Guards {
  readonly #env: Env;
  readonly #watched: readonly { readonly guard: Guard; readonly recent: RecentFigures }[];
  readonly #onTrip: (trip: Trip) => void;
  readonly #fromMs: number;
  #timer: Timer | undefined;

  /** Requests due before `fromMs` (the end of warmup) do not count. */
  constructor(guards: readonly Guard[], options: { readonly env: Env; readonly fromMs: number; readonly onTrip: (trip: Trip) => void }) {
    this.#env = options.env;
    this.#fromMs = options.fromMs;
    this.#onTrip = options.onTrip;
    this.#watched = guards.map((guard) => ({ guard, recent: new RecentFigures(guard.overMs) }));
    if (guards.length > 0) this.#wait();
  }

  add(sample: SampleRecord): void {
    if (sample.dueMs < this.#fromMs) return;
    for (const { guard, recent } of this.#watched) if (guard.probe === sample.probe) recent.add(sample);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#env.after(askedEveryMs, () => {
      this.#wait();
      this.#ask();
    });
  }

  #ask(): void {
    const atMs = this.#env.nowMs();
    for (const { guard, recent } of this.#watched) {
      if (atMs < this.#fromMs + guard.overMs) continue;
      const figures = recent.figures(atMs);
      if (finished(figures) < fewestSamples) continue;
      const missed = assessClaims(guard.claims, figures).find(({ met, value }) => !met && value !== undefined);
      if (missed === undefined) continue;
      this.stop();
      return this.#onTrip({ kind: "guard-tripped", atMs, probe: guard.probe, metric: missed.metric, expected: missed.expected, observed: missed.value ?? 0, n: missed.n });
    }
  }
}
