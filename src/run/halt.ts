import type { RunEvent } from "../model/event.ts";

/** What may end a run before its time. */
export type HaltFact = Extract<RunEvent, { kind: "interrupted" | "failed" | "guard-tripped" | "max-duration" | "baseline" }>;

/** The one switch that ends a run early: every stage waits with its signal, whoever has a reason throws it. The first reason ends the run, later ones are recorded beside it. */
export class Halt {
  readonly #controller = new AbortController();
  readonly #record: (fact: HaltFact) => void;

  constructor(record: (fact: HaltFact) => void) {
    this.#record = record;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** `reason` is the error that stages may meet by themselves for the same cause. */
  halt(fact: HaltFact, reason = new Error(`halted: ${fact.kind}`)): void {
    this.#record(fact);
    this.#controller.abort(reason);
  }

  /** For what cannot be recorded any more. */
  haltUnrecorded(reason: Error): void {
    this.#controller.abort(reason);
  }

  /** Whether an error says no more than that the run was halted. */
  isReason(error: unknown): boolean {
    return this.signal.aborted && error === this.signal.reason;
  }
}
