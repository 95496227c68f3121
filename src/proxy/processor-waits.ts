import { readFileSync } from "node:fs";
import type { LoopRecord } from "../model/event.ts";

/** Less waiting than this is not worth a line; what it means is for the judge to say. */
const notableShare = 0.2;

/** Time runnable but not running, and how often a thread got to run. */
export interface Waits {
  readonly waitedMs: number;
  readonly turns: number;
}

/** Of the main thread of a process, by its id, or of the calling thread; undefined where that cannot be told. Linux, Documentation/scheduler/sched-stats. */
export function waitsOf(who: number | "thread-self"): Waits | undefined {
  const [, waitedNs = Number.NaN, turns = Number.NaN] = readStatistics(who)?.split(" ").map(Number) ?? [];
  return Number.isFinite(waitedNs) && Number.isFinite(turns) ? { waitedMs: waitedNs / 1e6, turns } : undefined;
}

/** What is to be recorded of the waits between two looks; undefined when it is not worth it. */
export function starvation(who: string, spanMs: number, atMs: number, before: Waits | undefined, now: Waits | undefined): LoopRecord | undefined {
  if (before === undefined || now === undefined || spanMs <= 0) return undefined;
  const waitedMs = now.waitedMs - before.waitedMs;
  const share = Math.min(1, waitedMs / spanMs);
  return share > notableShare ? { kind: "starved", atMs, who, share, meanWaitMs: waitedMs / Math.max(1, now.turns - before.turns) } : undefined;
}

function readStatistics(who: number | "thread-self"): string | undefined {
  try {
    return readFileSync(`/proc/${who}/schedstat`, "utf8");
  } catch {
    return undefined;
  }
}
