import { disturbedAt } from "../../evidence/disturbances.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import { explainStatus } from "../../probes/status-test.ts";
import { format } from "../../units/format.ts";
import { decideByWitnesses, decideQuantile, decideShare, undecided } from "../decide.ts";
import type { Claimed } from "../decide.ts";
import type { Obstacle } from "../preconditions.ts";
import { fewestSamples } from "../steady-state.ts";
import { graceMs } from "./in-flight.ts";
import { limitOf } from "./params.ts";
import type { Params } from "./params.ts";
import type { Saturation } from "./saturation.ts";

export interface Ruling {
  readonly claims: readonly ClaimVerdict[];
  readonly evidence: readonly Evidence[];
}

const told = 3;

/** At most so many calls at once: each that was begun beside as many speaks against it. */
export function judgeLimit({ maxConcurrent, proxy }: Params, { callers, peak, demand, obstacle: unpressed }: Saturation, { observations }: Scope, obstacle: Obstacle | undefined): Ruling {
  if (maxConcurrent === undefined) return { claims: [], evidence: [] };
  const claimed: Claimed = { claim: "maxConcurrent", bound: maxConcurrent, kind: "count", what: `the number of calls on ${proxy} that were live at once` };
  const isDisturbed = disturbedAt(observations.disturbances);
  const evidence: Evidence[] = [];
  let [witnesses, doubtful] = [0, 0];
  for (const inFlight of callers) {
    for (const { startMs, live } of inFlight.beyond(limitOf(maxConcurrent))) {
      if (isDisturbed(startMs) || isDisturbed(startMs + graceMs)) {
        doubtful += 1;
        continue;
      }
      witnesses += 1;
      if (evidence.length < told) evidence.push({ atMs: startMs, what: `${live} calls of ${inFlight.caller} on ${proxy} were live at once, for more than ${graceMs}ms` });
    }
  }
  const why = obstacle ?? (witnesses < 2 && doubtful > 0 ? { reason: `${doubtful} calls on ${proxy} seemed to be beyond the limit while this machine was disturbed.`, nextStep: "Run on a quieter machine, or lower the load." } : undefined) ?? unpressed;
  if (why !== undefined) return { claims: [undecided(claimed, why.reason, why.nextStep, { n: demand.requests, ...(peak > 0 && { observed: String(peak) }) })], evidence: [] };
  const verdict = decideByWitnesses(claimed, { observed: peak, witnesses, n: witnesses > 0 ? callers.reduce((sum, { calls }) => sum + calls, 0) : demand.requests, enough: fewestSamples });
  const reason = verdict.verdict === "held" ? `At most ${peak} calls on ${proxy} were live at once, inside ${maxConcurrent.text}, while ${demand.requests} requests came for which there was no room (up to ${demand.atOnce} at once were asked for).` : verdict.reason;
  return { claims: [{ ...verdict, reason }], evidence };
}

/** A queue this long, in which nobody is turned away, has no end. */
const long = 20;

/** Requests that find no room are told so, and soon. */
export function judgeRejects({ rejects, proxy, maxConcurrent }: Params, { demand, peak, heldBack, obstacle: unpressed }: Saturation, { confidence }: Scope, obstacle: Obstacle | undefined): Ruling {
  if (rejects === undefined) return { claims: [], evidence: [] };
  const { turnedAway, gaveUp, turnedAwayMs, gaveUpMs, waitingAtOnce, withStatus } = demand;
  const n = turnedAway + gaveUp;
  const inTime: Claimed = { claim: "rejects.answersWithin", bound: rejects.answersWithin, kind: "duration", what: `the p95 of the answers to requests for which there was no room on ${proxy}` };
  const claims: ClaimVerdict[] = [];
  const limit = maxConcurrent === undefined ? peak : limitOf(maxConcurrent);
  const isExceeded = peak > limit;
  const why = obstacle ?? unpressed ?? (isExceeded && n === 0 ? { reason: `More calls than the limit were live on ${proxy}, so there was room for all and nobody to turn away.`, nextStep: "See maxConcurrent: the limit does not hold." } : undefined);
  if (why !== undefined) claims.push(undecided(inTime, why.reason, why.nextStep, { n }));
  else if (turnedAway === 0 && waitingAtOnce >= Math.max(long, 2 * limit)) {
    claims.push({ claim: inTime.claim, verdict: "violated", expected: rejects.answersWithin.text, observed: "nobody turned away", n: heldBack, reason: `As many as ${waitingAtOnce} requests waited at once for room on ${proxy}, and none was turned away: they queue.` });
  } else if (n === 0) {
    claims.push(undecided(inTime, `${demand.queued} requests waited for room on ${proxy}, at most ${waitingAtOnce} at once, and none was turned away: that there is an end to the queue was not seen.`, "Raise the load until the queue is full.", { n }));
  } else claims.push(decideQuantile(inTime, 0.95, { sortedMs: turnedAwayMs, pendingMs: gaveUpMs, confidence }));
  if (rejects.status !== undefined) {
    const status = explainStatus(rejects.status);
    const share: Claimed = { claim: "rejects.status", bound: { text: ">= 95%", min: 0.95 }, kind: "share", what: `the share with ${status} among the requests that were turned away` };
    const reason = why?.reason ?? `No request was turned away, so with which status was not seen.`;
    claims.push(why !== undefined || turnedAway === 0 ? undecided(share, reason, why?.nextStep ?? "Raise the load until the queue is full.", { n: turnedAway }) : decideShare(share, { k: withStatus, n: turnedAway, confidence }));
  }
  const isViolated = claims.some(({ verdict }) => verdict === "violated");
  return { claims, evidence: isViolated && demand.fromMs !== undefined ? [{ atMs: demand.fromMs, what: `from here on there was no room on ${proxy}: ${turnedAway} requests were turned away${turnedAwayMs.length > 0 ? ` (the slowest after ${format("duration", turnedAwayMs.at(-1) ?? 0)})` : ""}, ${demand.queued} waited for their call, ${gaveUp} in vain` }] : [] };
}
