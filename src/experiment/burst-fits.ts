import { format } from "../units/format.ts";
import type { FaultCommons } from "./schema/selection.ts";

/** What keeps hits from coming in bursts of the length asked for; absent when nothing does. */
export function burstProblem({ burstLength, rate, ramp }: FaultCommons): { readonly message: string; readonly hint: string } | undefined {
  if (burstLength === undefined) return undefined;
  if (ramp !== undefined) return { message: "burstLength goes with a rate that stays, and a ramp moves it", hint: "leave one of them out" };
  if (rate === undefined || rate === 0 || rate === 1) {
    return { message: `burstLength says how many calls in a row are hit, and ${rate === 0 ? "with rate 0% none is" : `${rate === undefined ? "without a rate" : "with rate 100%"} all are`}`, hint: "write the share of calls that are hit beside it, such as rate: 5%" };
  }
  // 0.9 / (1 - 0.9) and the like are not whole: keep twelve digits.
  const least = Number((rate / (1 - rate)).toPrecision(12));
  if (burstLength >= least) return undefined;
  return { message: `expected a burstLength of at least ${Number(least.toFixed(2))}, got ${burstLength}: with ${format("share", rate)} hit there are no gaps between shorter bursts`, hint: "make the bursts longer, or the rate lower" };
}
