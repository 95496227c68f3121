import type { Env } from "../../model/env.ts";
import type { Pacer } from "../tcp/piece-stage.ts";
import type { FaultDraft } from "./exchange.ts";

/** A pacer that writes down with its fault when bytes were first held back. */
export function telling(pacer: Pacer, fault: FaultDraft, env: Env): Pacer {
  return {
    next: (leftBytes, arrivedMs) => {
      const piece = pacer.next(leftBytes, arrivedMs);
      if (piece.length < leftBytes || piece.dueMs > arrivedMs) {
        fault.actedMs ??= env.nowMs();
        delete fault.releasedMs;
      }
      return piece;
    },
    gone: (nowMs) => pacer.gone?.(nowMs),
  };
}
