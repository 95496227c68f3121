import type { Env } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";
import type { Plan, PlannedPhase } from "../model/plan.ts";
import { sleepUntil } from "./abortable.ts";
import type { Injection } from "./injection.ts";

export interface ScheduleOptions {
  readonly env: Env;
  readonly plan: Plan;
  /** When the load starts. */
  readonly startMs: number;
  readonly signal: AbortSignal;
  readonly injection: Pick<Injection, "setFaults" | "lift">;
  readonly record: (event: RunEvent) => void;
  /** Called when `before` has ended, and before anything is injected; throws to stop there. */
  readonly baseline: () => void;
  /** Called before an epoch that is run only if it is needed; false: the schedule ends there. */
  readonly isNeeded: () => boolean;
}

/** The schedule of a run, carried out: phases begin and end at their planned moments, faults are put in force and lifted with them. */
export class Schedule {
  readonly #options: ScheduleOptions;
  #current: PlannedPhase | undefined;
  #epochInForce: number | undefined;
  #wasInForce = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Whether a fault has ever been in force. */
  get wasInForce(): boolean {
    return this.#wasInForce;
  }

  /** Resolves at the end of the last phase that is run; rejects with the signal's reason. */
  async run(): Promise<void> {
    const { env, plan, startMs, signal, isNeeded } = this.#options;
    let last: PlannedPhase | undefined;
    for (const phase of plan.schedule) {
      await sleepUntil(env, startMs + phase.startMs, signal);
      if (phase.ifViolated === true && last?.ifViolated !== true && !isNeeded()) break;
      await this.#enter(phase);
      last = phase;
    }
    const endMs = startMs + (last?.endMs ?? 0);
    await sleepUntil(env, endMs, signal);
    await this.#leave(endMs, { release: false });
  }

  /** Ends the phase and the faults that are in force, with all that they hold; nothing where the schedule ran out. */
  async cutShort(): Promise<void> {
    await this.#leave(this.#options.env.nowMs(), { release: true });
  }

  async #enter(phase: PlannedPhase): Promise<void> {
    const { plan, startMs, record, injection, signal, baseline } = this.#options;
    const atMs = startMs + phase.startMs;
    await this.#leave(atMs, { release: false });
    signal.throwIfAborted();
    if (phase.name === "during" && phase.epoch === 1) baseline();
    record({ kind: "phase-started", atMs, phase: phase.name, epoch: phase.epoch });
    this.#current = phase;
    if (phase.name !== "during") return;
    const { faults } = plan.experiment;
    // Marked first: what fails half-way is lifted as well.
    this.#epochInForce = phase.epoch;
    this.#wasInForce = true;
    const set = await injection.setFaults(faults, phase.epoch);
    record({ kind: "faults-set", atMs: set.atMs, epoch: phase.epoch, faults: faults.map(({ name }) => name) });
  }

  async #leave(atMs: number, { release }: { readonly release: boolean }): Promise<void> {
    const { record, injection } = this.#options;
    const phase = this.#current;
    const epoch = this.#epochInForce;
    this.#current = undefined;
    this.#epochInForce = undefined;
    if (phase !== undefined) record({ kind: "phase-ended", atMs, phase: phase.name, epoch: phase.epoch });
    if (epoch !== undefined) record({ kind: "faults-lifted", atMs: (await injection.lift({ release })).atMs, epoch });
  }
}
