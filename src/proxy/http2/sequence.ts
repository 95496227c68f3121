import type { Env, Timer } from "../../model/env.ts";
import type { FaultDraft, Step } from "../http1/exchange.ts";

/** What has become of a step: the next may follow; none does, and the message goes on; or none does, and it does not. */
export type Outcome = "done" | "last" | "stays";

export interface SequenceOptions {
  readonly env: Env;
  readonly steps: readonly Step[];
  /** Names of faults that are not in force any more, while others are. */
  readonly withdrawn: ReadonlySet<string>;
  readonly carryOut: (step: Step) => Outcome;
  /** The message may go on. */
  readonly through: () => void;
}

/** Carries the steps on one message out, one after the other. Delays count on from when the first step was begun, so that they add up exactly. */
export class Sequence {
  private readonly options: SequenceOptions;
  private next = 0;
  private dueMs = 0;
  private timer: Timer | undefined;
  private holding: FaultDraft | undefined;

  constructor(options: SequenceOptions) {
    this.options = options;
    if (options.steps.length > 0) this.dueMs = options.env.nowMs();
  }

  /** Steps that have been begun. */
  get begun(): readonly Step[] {
    return this.options.steps.slice(0, this.next);
  }

  /** Begins, or goes on behind the step that stayed. */
  proceed(): void {
    const { steps, carryOut, through } = this.options;
    while (this.next < steps.length) {
      const step = steps[this.next++]!;
      if (step.effect.kind === "delay") {
        if (this.options.withdrawn.has(step.fault.fault)) continue;
        return this.hold(step.fault, step.effect.ms);
      }
      const outcome = carryOut(step);
      if (outcome === "stays") return;
      if (outcome === "last") break;
    }
    through();
  }

  /** Delays end now, but for those of faults that it keeps. */
  release(keeps: (fault: string) => boolean): void {
    while (this.holding !== undefined && !keeps(this.holding.fault)) {
      // Delays behind it count from now.
      this.dueMs = Math.min(this.dueMs, this.options.env.nowMs());
      this.holdEnded();
    }
  }

  /** Nothing more is done. */
  drop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private hold(fault: FaultDraft, ms: number): void {
    const { env } = this.options;
    const nowMs = env.nowMs();
    // It begins when it was due to, though this thread may come to it a moment later; one before it may have been cut short.
    fault.actedMs ??= Math.min(nowMs, this.dueMs);
    this.dueMs += ms;
    this.holding = fault;
    this.timer = env.after(Math.max(0, this.dueMs - nowMs), () => this.holdEnded());
  }

  private holdEnded(): void {
    this.drop();
    if (this.holding !== undefined) this.holding.releasedMs = this.options.env.nowMs();
    this.holding = undefined;
    this.proceed();
  }
}
