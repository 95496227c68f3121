export type DistributionName = "uniform" | "normal" | "lognormal" | "pareto" | "exponential";

/** A random or fixed delay. All in ms; draws never go below 0. */
export interface DelaySpec {
  readonly delayMs: number;
  /** Spread around `delayMs`; 0 = fixed. */
  readonly jitterMs: number;
  readonly distribution: DistributionName;
}
