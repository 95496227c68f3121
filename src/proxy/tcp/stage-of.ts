import type { Env } from "../../model/env.ts";
import type { Effect } from "../../model/effect.ts";
import type { Random } from "../../model/fault-type.ts";
import { drawDelayMs } from "../../math/distribution.ts";
import { delayAt } from "../../math/wave.ts";
import { DelayStage } from "./delay-stage.ts";
import { PieceStage } from "./piece-stage.ts";
import type { Pacer } from "./piece-stage.ts";
import { drawRetransmission } from "./retransmission.ts";
import { Slicer } from "./slicer.ts";
import type { Chunk, Stage } from "./stage.ts";
import type { Wire } from "./wire.ts";

/** Effects that change when and in what pieces the bytes of a direction come, and nothing else. */
export type StageEffect = Extract<Effect, { kind: "delay-bytes" | "throttle" | "slice" | "lose" | "hold-end" }>;

export interface StageOptions {
  readonly env: Env;
  /** Of this connection and direction. */
  readonly random: Random;
  /** For `throttle`: the connection's own, or one that several share. */
  readonly wire: (bytesPerSecond: number) => Wire;
  /** A chunk is held back, or cut. */
  readonly acted: () => void;
}

export function stageOf(effect: StageEffect, { env, random, wire, acted }: StageOptions, give: (chunk: Chunk, more?: boolean) => void): Stage {
  const delayed = (drawMs: (chunk: Chunk) => number): Stage => {
    const drawAndTellMs = (chunk: Chunk): number => {
      const ms = drawMs(chunk);
      if (ms > 0) acted();
      return ms;
    };
    return new DelayStage(env, drawAndTellMs, give);
  };
  const paced = (pacer: Pacer): Stage => new PieceStage(env, telling(pacer, acted), give);
  switch (effect.kind) {
    case "delay-bytes": {
      const { delay, sinceWindowMs = 0 } = effect;
      const windowMs = env.nowMs() - sinceWindowMs;
      return delayed(({ atMs }) => drawDelayMs(delayAt(delay, atMs - windowMs), random));
    }
    case "lose":
      return delayed(drawRetransmission(effect, random));
    case "hold-end":
      return delayed((chunk) => ("end" in chunk && chunk.end === "fin" ? drawDelayMs(effect.delay, random) : 0));
    case "throttle":
      return paced(wire(effect.bytesPerSecond));
    case "slice":
      return paced(new Slicer({ variationBytes: 0, ...effect }, random));
  }
}

function telling(pacer: Pacer, acted: () => void): Pacer {
  return {
    next: (leftBytes, arrivedMs) => {
      const piece = pacer.next(leftBytes, arrivedMs);
      if (piece.length < leftBytes || piece.dueMs > arrivedMs) acted();
      return piece;
    },
    gone: (nowMs) => pacer.gone?.(nowMs),
  };
}
