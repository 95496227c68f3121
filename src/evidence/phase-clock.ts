import type { PhaseName } from "../model/experiment.ts";
import type { PhaseWindow } from "../model/observation.ts";
import type { PlannedPhase } from "../model/plan.ts";

interface Turn {
  readonly name: PhaseName | "pause";
  readonly epoch: number;
  readonly startMs: number;
  endMs?: number;
}

/** An edge written this little beside its planned moment is that moment: events are written just after what they tell. */
const lateWritingMs = 100;
/** Due times are floats. */
const hairMs = 0.5;

/** When the phases were, and in which one a request was due. */
export class PhaseClock {
  readonly #schedule: readonly PlannedPhase[];
  readonly #turns: Turn[] = [];

  constructor(schedule: readonly PlannedPhase[]) {
    this.#schedule = schedule;
  }

  started(name: Turn["name"], epoch: number, atMs: number): void {
    this.#turns.push({ name, epoch, startMs: atMs });
  }

  ended(name: Turn["name"], epoch: number, atMs: number): void {
    const turn = this.#turns.findLast((turn) => turn.name === name && turn.epoch === epoch);
    if (turn !== undefined) turn.endMs = atMs;
  }

  /** Phases that ran; one that did not end lasts to `endMs`. */
  windows(endMs: number): readonly PhaseWindow[] {
    const turns = this.#exact();
    return turns.flatMap(({ name, epoch, startMs, endMs: end }, i) =>
      name === "pause" ? [] : [{ name, epoch, startMs, endMs: end === undefined ? (turns[i + 1]?.startMs ?? endMs) : Math.max(startMs, Math.min(end, turns[i + 1]?.startMs ?? end)) }]);
  }

  /** Finds the phase in which a moment lies; undefined before the first, in a pause, and where no phase had begun. */
  finder(): (dueMs: number) => { readonly phase: PhaseName; readonly epoch: number } | undefined {
    const turns = this.#exact().map(({ name, epoch, startMs }) => ({ startMs, at: name === "pause" ? undefined : { phase: name, epoch } }));
    return (dueMs) => {
      for (let i = turns.length - 1; i >= 0; i -= 1) {
        const turn = turns[i];
        if (turn !== undefined && dueMs >= turn.startMs - hairMs) return turn.at;
      }
      return undefined;
    };
  }

  /** Turns with their planned starts, where the run kept to them: due times follow the plan, so must the edges between them. */
  #exact(): readonly Turn[] {
    const planned = this.#turns.map(({ name, epoch }) => this.#schedule.find((phase) => phase.name === name && phase.epoch === epoch)?.startMs);
    const offsets = this.#turns.flatMap(({ startMs }, i) => (planned[i] === undefined ? [] : [startMs - (planned[i] ?? 0)]));
    const loadStartMs = Math.min(...offsets);
    return this.#turns.map((turn, i) => {
      const plannedMs = loadStartMs + (planned[i] ?? Number.NaN);
      return Math.abs(turn.startMs - plannedMs) <= lateWritingMs ? { ...turn, startMs: plannedMs } : turn;
    });
  }
}
