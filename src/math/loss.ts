import type { Random } from "../model/fault-type.ts";

/**
 * Whether the next one is lost, or hit: a share `loss` of all in the long run, in bursts of `meanBurst` on average (Gilbert 1960: a good
 * state that loses none and a bad one that loses all). `before` is what the one before met, absent for the first; `draw` is uniform on [0, 1).
 * A mean burst of 1 / (1 − loss) is independent loss; below loss / (1 − loss) there is none such.
 */
export function isNextLost(before: boolean | undefined, loss: number, meanBurst: number, draw: number): boolean {
  if (before === undefined) return draw < loss;
  return draw < (before ? 1 - 1 / meanBurst : loss / (meanBurst * (1 - loss)));
}

/** Says of one packet after the other whether it is lost. */
export function lossChain(loss: number, meanBurst: number, random: Random): () => boolean {
  let isLost: boolean | undefined;
  return () => {
    isLost = isNextLost(isLost, loss, meanBurst, random());
    return isLost;
  };
}
