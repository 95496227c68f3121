import { ChaosError } from "../model/error.ts";
import type { Fault } from "../model/experiment.ts";
import type { FaultType, Random, Subject } from "../model/fault-type.ts";
import { keyedRandom } from "../math/random.ts";
import { findFaultType } from "./index.ts";
import { compileMatch } from "./match.ts";
import { passesOrdinals, rateAt } from "./ordinals.ts";
import type { Decided, ExchangeFacts } from "./subject.ts";
import { Tally } from "./tally.ts";

/** What a decision about one subject depends on, beside the fault. */
interface Chance {
  readonly n: number;
  readonly attempt: number;
  /** Ms since the fault was put in force. */
  readonly sinceMs: number;
  /** Of the subject's random draws, after seed and fault. */
  readonly key: readonly (string | number)[];
}

/** One fault in force: its type, its compiled match, its counters, and the answers that never change. */
export interface LoadedFault {
  readonly fault: Fault;
  readonly type: FaultType;
  readonly matches: (facts: ExchangeFacts) => boolean;
  /** Eligible exchanges per `per`; for connections, the number that each was given. */
  readonly tally: Tally;
  readonly missedMatch: Decided;
  readonly missedWindow: Decided;
}

/** @throws ChaosError `unknown-fault` */
export function loadFault(fault: Fault): LoadedFault {
  const type = findFaultType(fault.type, fault.layer);
  if (type === undefined) {
    throw new ChaosError("unknown-fault", `expected a fault type of the layer ${fault.layer}, got "${fault.type}" in the fault "${fault.name}"`, { hint: "`chaos list faults` names them" });
  }
  return {
    fault,
    type,
    matches: compileMatch(fault.selection.match),
    tally: new Tally(),
    missedMatch: { fault: fault.name, decision: "match", effects: [] },
    missedWindow: { fault: fault.name, decision: "window", effects: [] },
  };
}

/** Ordinals, then rate, then the fault itself, for a subject that matched inside the window. */
export function decideEligible({ fault, type }: LoadedFault, subject: Subject, seed: string, chance: Chance): Decided {
  const { n, attempt, sinceMs } = chance;
  if (!passesOrdinals(fault.selection, n, attempt)) return { fault: fault.name, decision: "ordinal", n, effects: [] };
  const random = lazily(() => keyedRandom(seed, fault.name, ...chance.key));
  const sinceWindowMs = sinceMs - fault.selection.fromMs;
  const share = rateAt(fault.selection, sinceWindowMs);
  if (share < 1 && (share <= 0 || random() >= share)) return { fault: fault.name, decision: "rate", n, effects: [] };
  return { fault: fault.name, decision: "applied", n, effects: type.decide(fault.params, subject, { n, attempt, sinceWindowMs, direction: fault.direction }, random) };
}

/** A stream that is set up at its first draw: most decisions need none. */
function lazily(make: () => Random): Random {
  let stream: Random | undefined;
  return () => {
    stream ??= make();
    return stream();
  };
}
