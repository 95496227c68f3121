import type { Effect } from "../../model/effect.ts";
import type { StageEffect } from "./stage-of.ts";

export type Way = "request" | "response";

/** One effect, in one direction where it acts on each for itself, at work on a connection. */
export interface Part {
  effect: Effect;
  /** It is over: delays run out, or end `now`. */
  letGo(now: boolean): void;
  /** It goes on as another effect of its place; what it has counted stays. */
  become?(effect: Effect): void;
  /** The connection is gone. */
  drop?(): void;
}

/** What acts on each direction for itself, direction by direction. */
export function oneWay(effect: Effect): readonly Effect[] {
  const acts = isOnStage(effect) || effect.kind === "limit";
  return acts && effect.direction === "both" ? (["request", "response"] as const).map((direction) => ({ ...effect, direction })) : [effect];
}

/** An effect may go on as another of the same place. */
export function placeOf(effect: Effect): string {
  const at = "direction" in effect ? effect.direction : "at" in effect ? effect.at : "";
  return `${effect.kind} ${at}${effect.kind === "silence" && !effect.read ? " unread" : ""}`;
}

/** Whether it is carried out by a stage that bytes go through. */
export function isOnStage(effect: Effect): effect is StageEffect {
  return effect.kind === "delay-bytes" || effect.kind === "throttle" || effect.kind === "slice" || effect.kind === "lose" || effect.kind === "hold-end";
}

/** Of an effect that acts on one direction. */
export function wayOf({ direction }: StageEffect): Way {
  return direction === "request" ? "request" : "response";
}
