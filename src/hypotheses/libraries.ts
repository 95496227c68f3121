import type { Hypothesis } from "../model/experiment.ts";
import { format } from "../units/format.ts";
import { circuitBreakers } from "./libraries/circuit-breakers.ts";
import type { BreakerDefaults } from "./libraries/circuit-breakers.ts";
import { otherTraps } from "./libraries/others.ts";
import { retries } from "./libraries/retries.ts";
import type { RetryDefaults } from "./libraries/retries.ts";
import { timeouts } from "./libraries/timeouts.ts";
import type { TimeoutDefaults } from "./libraries/timeouts.ts";

/** Names of `library` that something is known of. */
export const knownLibraries: readonly string[] = [...new Set([circuitBreakers, retries, timeouts, ...Object.values(otherTraps)].flatMap((table) => Object.keys(table)))].sort();

export function breakerDefaults(library: string | undefined): BreakerDefaults | undefined {
  return lookUp(circuitBreakers, library);
}

export function retryDefaults(library: string | undefined): RetryDefaults | undefined {
  return lookUp(retries, library);
}

export function timeoutDefaults(library: string | undefined): TimeoutDefaults | undefined {
  return lookUp(timeouts, library);
}

/** What a reader of the plan should know of the library that carries a pattern out, in sentences; empty when it says nothing of the pattern. */
export function tellLibrary({ type, library }: Pick<Hypothesis, "type" | "library">): string {
  if (library === undefined) return "";
  const [defaults, traps] = tellers[type]?.(library) ?? ["", lookUp(otherTraps[type] ?? {}, library) ?? []];
  if (traps.length === 0) return defaults === "" ? "" : `By default ${library} ${defaults}.`;
  const told = traps.join("; it ");
  return defaults === "" ? `${library} ${told}.` : `By default ${library} ${defaults}. It ${told}.`;
}

type Told = readonly [defaults: string, traps: readonly string[]];

const tellers: Readonly<Record<string, (library: string) => Told | undefined>> = { "circuit-breaker": ofBreaker, retry: ofRetry, timeout: ofTimeout };

function ofBreaker(library: string): Told | undefined {
  const known = breakerDefaults(library);
  if (known === undefined) return undefined;
  const { volume, failing, restMs, trialCalls, traps } = known;
  const after = `opens after ${volume.calls} ${volume.calls === 1 ? "call" : "calls"} at the earliest${volume.windowMs === undefined ? "" : ` in ${format("duration", volume.windowMs)}`}`;
  const parts = [after, ...(failing === undefined ? [] : [`when ${format("share", failing.share)} fail`]), ...(restMs === undefined ? [] : [`rests ${format("duration", restMs)}`]), ...(trialCalls === undefined ? [] : [`tries with ${trialCalls === 1 ? "one call" : `${trialCalls} calls`}`])];
  return [parts.join(", "), traps];
}

function ofRetry(library: string): Told | undefined {
  const known = retryDefaults(library);
  if (known === undefined) return undefined;
  const { attempts, pauses, resends, traps } = known;
  const resent = resends === true ? ["repeats by itself what a reused connection lost: judge its retries by faults that answer"] : [];
  return [attempts === undefined || attempts === 1 ? pauses : `makes ${attempts} calls in all and ${pauses}`, [...resent, ...traps]];
}

function ofTimeout(library: string): Told | undefined {
  const known = timeoutDefaults(library);
  return known === undefined ? undefined : [known.usual === undefined ? "" : `gives up after ${known.usual}`, known.traps];
}

function lookUp<T>(table: Readonly<Record<string, T>>, library: string | undefined): T | undefined {
  const key = library?.toLowerCase();
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}
