import type { Api, Event, Plan } from "./api.ts";

/** How far back the live figures look. */
const recentMs = 5000;

export interface PhaseProgress {
  readonly name: string;
  readonly epoch: number;
  readonly startMs: number;
  /** As planned; of an ended phase, as it was. */
  readonly durationMs: number;
}

/** Of the watched probe. */
export interface Figures {
  readonly probe: string;
  readonly goodShare: number;
  readonly degradedShare: number;
  readonly p95Ms: number;
}

/** Of finished requests. */
interface Grades {
  good: number;
  degraded: number;
}

interface Ended {
  readonly phase: PhaseProgress;
  readonly figures?: Figures;
}

/** What a run says of itself while it runs: a fold over its events, asked for figures now and then. */
export class ProgressView {
  readonly #plan: Plan;
  readonly #api: Pick<Api, "Histogram">;
  /** The probe that the steady state is about is the one to watch. */
  readonly #probe: string | undefined;
  #recent: { readonly endMs: number; readonly grade: string; readonly latencyMs: number }[] = [];
  #grades: Grades = { good: 0, degraded: 0 };
  #latencies;
  #phase: PhaseProgress | undefined;
  #loadStartMs: number | undefined;
  #preparing = "preparing";
  #faultsInForce: readonly string[] = [];

  constructor(plan: Plan, api: Pick<Api, "Histogram">) {
    this.#plan = plan;
    this.#api = api;
    this.#probe = plan.experiment.steadyState[0]?.probe ?? plan.experiment.probes[0]?.name;
    this.#latencies = new api.Histogram();
  }

  /** What is done before the load starts. */
  get preparing(): string { return this.#preparing; }
  get phase(): PhaseProgress | undefined { return this.#phase; }
  get faultsInForce(): readonly string[] { return this.#faultsInForce; }

  /** Takes an event in; returns the phase that it ended. */
  add(event: Event): Ended | undefined {
    if (event.kind === "sample") {
      if (event.probe === this.#probe && event.endMs !== undefined) this.#addSample(event.endMs, event.grade, event.endMs - event.dueMs);
    }
    else if (event.kind === "service-started") this.#preparing = `waiting for ${event.service}`;
    else if (event.kind === "faults-set") this.#faultsInForce = event.faults;
    else if (event.kind === "faults-lifted") this.#faultsInForce = [];
    else if (event.kind === "phase-started") this.#startPhase(event.phase, event.epoch, event.atMs);
    else if (event.kind === "phase-ended") return this.#endPhase(event.atMs);
    return undefined;
  }

  /** Until the last phase ends; absent before the load starts. */
  leftMs(nowMs: number): number | undefined {
    if (this.#loadStartMs === undefined) return undefined;
    const { schedule } = this.#plan;
    const isRepeated = schedule.some(({ name, epoch, ifViolated }) => ifViolated === true && name === this.#phase?.name && epoch === this.#phase.epoch);
    const last = isRepeated ? schedule.at(-1) : schedule.findLast(({ ifViolated }) => ifViolated !== true);
    return Math.max(0, this.#loadStartMs + (last?.endMs ?? 0) - nowMs);
  }

  /** Of the last few seconds of this phase. */
  figures(nowMs: number): Figures | undefined {
    const samples = this.#recent.filter(({ endMs }) => endMs >= nowMs - recentMs);
    if (this.#probe === undefined || samples.length === 0) return undefined;
    const sorted = samples.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
    const grades = { good: 0, degraded: 0 };
    for (const { grade } of samples) count(grades, grade);
    return { ...sharesOf(grades, samples.length), probe: this.#probe, p95Ms: sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0 };
  }

  #startPhase(name: string, epoch: number, atMs: number): void {
    this.#loadStartMs ??= atMs;
    const planned = this.#plan.schedule.find((phase) => phase.name === name && phase.epoch === epoch);
    this.#phase = { name, epoch, startMs: atMs, durationMs: planned === undefined ? 0 : planned.endMs - planned.startMs };
    this.#recent = [];
    this.#grades = { good: 0, degraded: 0 };
    this.#latencies = new this.#api.Histogram();
  }

  #endPhase(atMs: number): Ended | undefined {
    if (this.#phase === undefined) return undefined;
    const phase = { ...this.#phase, durationMs: atMs - this.#phase.startMs };
    this.#phase = undefined;
    if (this.#probe === undefined || this.#latencies.count === 0) return { phase };
    return { phase, figures: { ...sharesOf(this.#grades, this.#latencies.count), probe: this.#probe, p95Ms: this.#latencies.quantile(0.95) } };
  }

  #addSample(endMs: number, grade: string, latencyMs: number): void {
    this.#recent.push({ endMs, grade, latencyMs });
    while ((this.#recent[0]?.endMs ?? endMs) < endMs - recentMs) this.#recent.shift();
    count(this.#grades, grade);
    this.#latencies.add(latencyMs);
  }
}

function count(grades: Grades, grade: string): void {
  if (grade === "good" || grade === "degraded") grades[grade] += 1;
}

function sharesOf({ good, degraded }: Grades, of: number): { readonly goodShare: number; readonly degradedShare: number } {
  return { goodShare: good / of, degradedShare: degraded / of };
}
