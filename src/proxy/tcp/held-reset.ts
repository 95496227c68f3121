import type { Effect } from "../../model/effect.ts";
import type { Env } from "../../model/env.ts";
import { Alarm } from "./alarm.ts";
import { DelayStage } from "./delay-stage.ts";
import type { Line } from "./line.ts";
import type { Part, Way } from "./part.ts";

export type Reset = Extract<Effect, { kind: "reset" }>;

/** A connection that has just begun is not reset before its first bytes, which tell that whoever called has seen it open; but for one on which none come in this time. */
const patienceMs = 100;

export interface HeldResetOptions {
  readonly env: Env;
  readonly lines: Readonly<Record<Way, Line>>;
  /** The connection began under the fault. */
  readonly isNew: boolean;
  /** Something is held back. */
  readonly acted: () => void;
  readonly carryOut: () => void;
}

/** Resets a connection after a time, and lets nothing through in its direction meanwhile. */
export function heldReset(effect: Reset, { env, lines, isNew, acted, carryOut }: HeldResetOptions): Part {
  let afterMs = effect.afterMs ?? 0;
  let alarm: Alarm | undefined;
  const begin = (): void => {
    if (alarm !== undefined) return;
    patience?.cancel();
    alarm = new Alarm(env, env.nowMs(), carryOut);
    alarm.set(afterMs);
  };
  const patience = isNew ? env.after(patienceMs, begin) : undefined;
  if (!isNew) begin();
  const ways = effect.holds === undefined || effect.holds === "both" ? (["request", "response"] as const) : [effect.holds];
  const holds = ways.map((way) => {
    const line = lines[way];
    const hold = (): number => {
      acted();
      begin();
      return Number.POSITIVE_INFINITY;
    };
    const stage = line.add((give) => new DelayStage(env, hold, give));
    return () => line.remove(stage, true);
  });
  const drop = (): void => {
    patience?.cancel();
    alarm?.set(undefined);
  };
  return {
    effect, drop,
    letGo: () => {
      drop();
      for (const letGo of holds) letGo();
    },
    become: (next) => {
      if (next.kind === "reset") afterMs = next.afterMs ?? 0;
      alarm?.set(afterMs);
    },
  };
}
