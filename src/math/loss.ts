import type { Random } from "../model/fault-type.ts";

/**
 * Says of one packet after the other whether it is lost: a share `loss` of them in the long run, in bursts of `meanBurst` packets on average
 * (Gilbert 1960: a good state that loses none and a bad one that loses all). A mean burst of 1 / (1 − loss) is independent loss.
 */
export function lossChain(loss: number, meanBurst: number, random: Random): () => boolean {
  const toBad = loss / (meanBurst * (1 - loss));
  const stayBad = 1 - 1 / meanBurst;
  let isBad: boolean | undefined;
  return () => {
    isBad = random() < (isBad === undefined ? loss : isBad ? stayBad : toBad);
    return isBad;
  };
}
