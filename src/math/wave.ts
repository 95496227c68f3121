import type { DelaySpec, Wave } from "../model/distribution.ts";

/** Share 0..1 of the way from `fromMs` to `toMs`, at a phase of 0..1: each begins at `fromMs`. */
const shapes: Readonly<Record<Wave["shape"], (phase: number) => number>> = {
  sine: (phase) => (1 - Math.cos(2 * Math.PI * phase)) / 2,
  saw: (phase) => phase,
  square: (phase) => (phase < 0.5 ? 0 : 1),
};

/** The delay of a wave in ms, so many ms after it began. */
export function waveAt({ shape, periodMs, fromMs, toMs }: Wave, sinceMs: number): number {
  const phase = (Math.max(0, sinceMs) % periodMs) / periodMs;
  return fromMs + (toMs - fromMs) * shapes[shape](phase);
}

/** The delay as it is so many ms after the window began: where there is a wave, its mean is what the wave says. */
export function delayAt(delay: DelaySpec, sinceWindowMs: number): DelaySpec {
  return delay.wave === undefined ? delay : { ...delay, delayMs: waveAt(delay.wave, sinceWindowMs) };
}
