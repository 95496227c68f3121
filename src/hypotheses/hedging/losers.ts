import type { Call } from "../../model/observation.ts";

/** What became of the calls that were not needed any more. */
export interface Losers {
  /** Left by their caller at once. */
  readonly cancelled: number;
  /** Left late, or never. */
  readonly ranOn: number;
  /** Over so soon by themselves that nothing shows. */
  readonly unclear: number;
  /** Their callers had closed their sending half with the request, so that no leaving could be seen. */
  readonly halfClosed: number;
}

/** From the winner's end to the moment the other is left: 1–40 ms where nothing is starved. */
const promptMs = 100;

/** Counts the calls that ran when the winner was answered. Whether one of them ran on. */
export function judgeLosers(attempts: readonly Call[], winner: Call, counts: { -readonly [Key in keyof Losers]: Losers[Key] }): boolean {
  let hasRunOn = false;
  for (const call of attempts) {
    if (call === winner || call.startMs >= winner.endMs || call.endMs < winner.endMs - 1) continue;
    if (call.halfClosed === true) counts.halfClosed += 1;
    else if (call.endMs - winner.endMs > promptMs) {
      counts.ranOn += 1;
      hasRunOn = true;
    } else if (call.end === "client-left") counts.cancelled += 1;
    else counts.unclear += 1;
  }
  return hasRunOn;
}
