import type { EffectKind } from "../model/effect.ts";
import type { FaultRecord } from "../model/event.ts";

interface Ending {
  /** Empty for a connection that carries no calls that could be told apart. */
  readonly method: string;
  readonly endMs: number;
  readonly leftMs?: number;
}

/**
 * Whether a caller felt what a fault did to its call. An answer, a close or a reset counts when it was written before the caller let go;
 * a delay or a hang when it lasted until the caller let go, or three times as long as 99 % of the calls took before the fault, whichever came first.
 */
export function isFelt({ decision, effect, actedMs, releasedMs }: FaultRecord, { method, endMs, leftMs }: Ending, baselineP99Ms: number): boolean {
  if (decision !== "applied" || effect === undefined || actedMs === undefined) return false;
  // On a byte stream there is no call whose usual length could be the measure: bytes that were held were waited for.
  if (method === "" || effect === "delay-bytes" || effect === "lose") return true;
  if (!isHold(effect)) return leftMs === undefined || actedMs <= leftMs;
  const heldMs = (releasedMs ?? endMs) - actedMs;
  const leftWhileHeld = leftMs !== undefined && leftMs >= actedMs && (releasedMs === undefined || leftMs <= releasedMs);
  return leftWhileHeld || heldMs >= 3 * baselineP99Ms;
}

const holds: ReadonlySet<EffectKind | undefined> = new Set<EffectKind>(["delay", "hang", "throttle", "slice", "spread", "delay-bytes", "lose", "hold-end", "silence"]);

/** Effects that keep the caller waiting. */
export function isHold(effect: EffectKind | undefined): boolean {
  return holds.has(effect);
}
