import { isDeepStrictEqual } from "node:util";
import { ChaosError } from "../model/error.ts";
import type { Fault } from "../model/experiment.ts";
import type { Facts, FaultType, Random, Subject } from "../model/fault-type.ts";
import type { Json } from "../model/json.ts";
import { isNextLost } from "../math/loss.ts";
import { keyedRandom } from "../math/random.ts";
import { findFaultType } from "./index.ts";
import { compileMatch } from "./match.ts";
import { passesOrdinals, rateAt } from "./ordinals.ts";
import { RecentMap } from "./recent-map.ts";
import { Silence } from "./silence.ts";
import type { Decided, ExchangeFacts } from "./subject.ts";
import { Tally } from "./tally.ts";

/** What a decision about one subject depends on, beside the fault. */
interface Chance {
  readonly n: number;
  /** What `after`, `every` and `first` count, where that is not n; 0: none of what they count. */
  readonly ordinal?: number;
  readonly attempt: number;
  /** Ms since the fault was put in force: since its `startMs`. */
  readonly sinceMs: number;
  /** What it is counted with: the fault remembers for each. */
  readonly counter: string | number;
  /** Of the subject's random draws, after seed and fault. */
  readonly key: readonly (string | number)[];
  /** Its place in the order of arrival, which draws of bursts go by; absent: its key. */
  readonly place?: readonly (string | number)[];
}

/** One fault in force: its type, its compiled match, its counters, and the answers that never change. */
export interface LoadedFault {
  readonly fault: Fault;
  readonly type: FaultType;
  /** What its windows count from, on the run's clock. */
  readonly startMs: number;
  readonly matches: (facts: ExchangeFacts) => boolean;
  /** Eligible exchanges per `per`; for connections, the number that each was given. */
  readonly tally: Tally;
  readonly silence: Silence | undefined;
  /** Per counter, whether the last one that the rate was asked of was hit; kept for bursts. */
  readonly bursts: RecentMap<boolean>;
  readonly memory: RecentMap<Json>;
  /** Lower-case names of the headers that its subjects carry. */
  readonly headers: readonly string[];
  readonly missedMatch: Decided;
  readonly missedWindow: Decided;
}

/** A fault put in force at `startMs`. @throws ChaosError `unknown-fault` */
export function loadFault(fault: Fault, startMs: number): LoadedFault {
  const type = fault.layer === "process" ? undefined : findFaultType(fault.type, fault.layer);
  if (type === undefined) {
    throw new ChaosError("unknown-fault", `expected a fault type of the layer ${fault.layer}, got "${fault.type}" in the fault "${fault.name}"`, { hint: "`chaos list faults` names them" });
  }
  return {
    fault,
    type,
    startMs,
    matches: compileMatch(fault.selection.match),
    tally: new Tally(),
    silence: fault.selection.afterSilenceMs === undefined ? undefined : new Silence(fault.selection.afterSilenceMs),
    bursts: new RecentMap(),
    memory: new RecentMap(),
    headers: type.headers?.(fault.params) ?? [],
    missedMatch: { fault: fault.name, decision: "match", effects: [] },
    missedWindow: { fault: fault.name, decision: "window", effects: [] },
  };
}

/**
 * What has taken the place of a fault of the same name at `nowMs`: the same where nothing has changed. What has been counted and remembered stays,
 * and its clock runs on unless it is another window. @throws ChaosError `unknown-fault`
 */
export function reloadFault(fault: Fault, before: LoadedFault, nowMs: number): LoadedFault {
  if (isDeepStrictEqual(fault, before.fault)) return before;
  const loaded = loadFault(fault, nowMs);
  if (loaded.type !== before.type) return loaded;
  const { tally, bursts, memory, startMs } = before;
  // What is remembered goes by the clock of the fault.
  if (!isDeepStrictEqual(timesOf(fault), timesOf(before.fault))) return { ...loaded, tally, bursts };
  const { afterSilenceMs } = fault.selection;
  const silence = afterSilenceMs === before.fault.selection.afterSilenceMs ? before.silence : afterSilenceMs === undefined ? undefined : new Silence(afterSilenceMs, nowMs - startMs);
  return { ...loaded, tally, bursts, memory, silence, startMs };
}

function timesOf({ selection: { fromMs, forMs, flap, ramp } }: Fault): readonly unknown[] {
  return [fromMs, forMs, flap, ramp];
}

/** The exchange as the fault may see it. */
export function subjectOf({ headers }: LoadedFault, facts: ExchangeFacts): Subject {
  const { method, path, authority } = facts;
  if (headers.length === 0) return { kind: "exchange", method, path };
  const values = headers.flatMap((name): readonly [string, string][] => {
    // What Host says to a forward proxy is not what upstream is told.
    const value = (name === "host" ? authority : undefined) ?? facts.header(name);
    return value === undefined ? [] : [[name, value]];
  });
  return { kind: "exchange", method, path, headers: Object.fromEntries(values) };
}

/** For an exchange that matched outside the window. */
export function missWindow(loaded: LoadedFault, facts: ExchangeFacts): Decided {
  const { type, fault, missedWindow } = loaded;
  return type.learn === undefined ? missedWindow : { ...missedWindow, effects: type.learn(fault.params, subjectOf(loaded, facts)) };
}

/** Ordinals, then rate, then the fault itself, for a subject that matched inside the window. */
export function decideEligible({ fault, type, memory, bursts }: LoadedFault, subject: Subject, seed: string, chance: Chance): Decided {
  const { n, attempt, sinceMs, counter } = chance;
  if (!passesOrdinals(fault.selection, chance.ordinal ?? n, attempt)) return { fault: fault.name, decision: "ordinal", n, effects: type.learn?.(fault.params, subject) ?? [] };
  const random = lazily(() => keyedRandom(seed, fault.name, ...chance.key));
  const sinceWindowMs = sinceMs - fault.selection.fromMs;
  const share = rateAt(fault.selection, sinceWindowMs);
  if (share < 1 && (share <= 0 || !isDrawn(share, fault, bursts, seed, chance, random))) return { fault: fault.name, decision: "rate", n, effects: type.learn?.(fault.params, subject) ?? [] };
  const remembered = memory.get(counter);
  const facts: Facts = { n, attempt, sinceWindowMs, direction: fault.direction, ...(remembered !== undefined && { memory: remembered }) };
  const outcome = type.decide(fault.params, subject, facts, random);
  if (!("memory" in outcome)) return { fault: fault.name, decision: "applied", n, effects: outcome };
  memory.set(counter, outcome.memory);
  return { fault: fault.name, decision: outcome.effects.length === 0 ? "rate" : "applied", n, effects: outcome.effects };
}

/** By its own draw; in bursts by what the one before it met, and a draw of its place: then it is the order of arrival that decides, not the request. */
function isDrawn(share: number, { name, selection: { burstLength } }: Fault, bursts: LoadedFault["bursts"], seed: string, { counter, key, place = key }: Chance, random: Random): boolean {
  if (burstLength === undefined) return random() < share;
  const isHit = isNextLost(bursts.get(counter), share, burstLength, keyedRandom(seed, name, "burst", ...place)());
  bursts.set(counter, isHit);
  return isHit;
}

/** A stream that is set up at its first draw: most decisions need none. */
function lazily(make: () => Random): Random {
  let stream: Random | undefined;
  return () => {
    stream ??= make();
    return stream();
  };
}
