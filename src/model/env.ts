/** A timer that can be cancelled. */
export interface Timer {
  cancel(): void;
}

/** The clock and timers, passed as an argument so that tests can hold them. */
export interface Env {
  /** Monotonic, ms with fractions, counted from the start of the run. */
  nowMs(): number;
  /** Never fires before `delayMs` have passed. */
  after(delayMs: number, action: () => void): Timer;
}
