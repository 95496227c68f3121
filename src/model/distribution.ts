export type DistributionName = "uniform" | "normal" | "lognormal" | "pareto" | "exponential";

/** A random or fixed delay. All in ms; draws never go below 0. */
export interface DelaySpec {
  readonly delayMs: number;
  /** Spread around `delayMs`; 0 = fixed. */
  readonly jitterMs: number;
  readonly distribution: DistributionName;
  /** Moves the mean through the window; `delayMs` is then the mean of the whole wave. */
  readonly wave?: Wave;
}

/** A mean that goes from `fromMs` to `toMs`: and back (`sine`), and starts anew (`saw`), or stays half of the period at each (`square`). It begins at `fromMs` when the window does. */
export interface Wave {
  readonly shape: "sine" | "saw" | "square";
  readonly periodMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}
