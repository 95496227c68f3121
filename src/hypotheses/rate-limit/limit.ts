import type { Scope } from "../../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import { format } from "../../units/format.ts";
import { undecided } from "../decide.ts";
import type { Pressure } from "../overload/pressure.ts";
import type { Obstacle } from "../preconditions.ts";
import { fewestSamples } from "../steady-state.ts";
import { admissionsOf } from "./admissions.ts";
import type { Admissions } from "./admissions.ts";
import { explainAllowance } from "./allowance.ts";
import type { Allowance } from "./allowance.ts";
import { betraysFixedWindow, isNearlyWindow, measureArrivals } from "./arrivals.ts";
import type { Arrivals } from "./arrivals.ts";

export interface LimitSeen {
  readonly claim: ClaimVerdict;
  readonly most: number;
  readonly evidence: readonly Evidence[];
  readonly equivalentTo: readonly string[];
}

/** Decides how many were let in over all stretches of time. `steady`: the same rate was seen while the dependency was slow. */
export function judgeLimit({ limit, burst }: { readonly limit: Allowance; readonly burst?: number | undefined }, rejection: StatusTest, probe: string, pressure: Pressure, scope: Scope, obstacle: Obstacle | undefined, steady: boolean): LimitSeen {
  const seen = admissionsOf(scope, probe, rejection);
  const perhaps = measureArrivals(seen.perhaps, limit, burst);
  const surely = sureExcess(seen, limit, burst);
  const n = seen.perhaps.length;
  const bound = { text: explainAllowance(limit, burst) };
  const claimed = { claim: "limit", bound };
  const observed = burst === undefined ? `${perhaps.most} in ${format("duration", limit.windowMs)}` : `${perhaps.most} at once`;
  const open = (why: Obstacle): LimitSeen => ({ claim: undecided(claimed, why.reason, why.nextStep, { observed, n }), most: perhaps.most, evidence: [], equivalentTo: [] });
  if (obstacle !== undefined) return open(obstacle);
  if (surely.excess >= 2) {
    const reason = `${surely.excess} requests were let in beyond ${bound.text}: ${tell(surely)}.`;
    return { claim: { claim: "limit", verdict: "violated", expected: bound.text, observed, n, reason }, most: perhaps.most, evidence: evidenceOf(surely), equivalentTo: burst === undefined ? ["a token bucket whose burst is not claimed (burst)", "a limit per instance of several"] : ["a limit per instance of several"] };
  }
  const why = unproved(seen, perhaps, { limit, burst }, pressure, steady);
  if (why !== undefined) return open(why);
  return {
    claim: { claim: "limit", verdict: "held", expected: bound.text, observed, n, reason: `Of ${n} requests that were let in at most ${observed} were together, inside ${bound.text}, while ${pressure.counts.rejected} were turned away.` },
    most: perhaps.most, evidence: [],
    equivalentTo: ["a limit on each caller (the probe is one)", ...(betraysFixedWindow(seen.sent, seen.fromMs, limit, burst) ? [] : ["a limit that counts afresh at fixed moments"])],
  };
}

/** Surely let in: in one stretch, or in several together, where answers are slow. */
function sureExcess({ surely, asideMs }: Admissions, limit: Allowance, burst: number | undefined): Arrivals {
  const spanMs = (surely.at(-1) ?? 0) - (surely[0] ?? 0);
  let found = measureArrivals(surely, limit, burst, asideMs);
  if (burst !== undefined) return found;
  for (let k = 2; found.excess < 2 && k * limit.windowMs <= spanMs; k *= 2) {
    found = measureArrivals(surely, { ...limit, count: k * limit.count, windowMs: k * limit.windowMs }, undefined, asideMs);
  }
  return found;
}

/** What a limit that was kept does not show yet. */
function unproved(seen: Admissions, perhaps: Arrivals, { limit, burst }: { readonly limit: Allowance; readonly burst: number | undefined }, { counts }: Pressure, steady: boolean): Obstacle | undefined {
  const allowed = explainAllowance(limit, burst);
  const offered = measureArrivals(seen.offered, limit, burst);
  if (offered.excess < fewestSamples) {
    return { reason: `The load came to at most ${offered.most} ${burst === undefined ? `in ${format("duration", limit.windowMs)}` : "at once"}, so ${allowed} was not put to the test.`, nextStep: `Raise the load of the phase during to two or three times ${limit.text}.` };
  }
  if (perhaps.excess > 0) return { reason: `${perhaps.excess} requests more than ${allowed} may have been let in, but answers took up to ${format("duration", seen.asideMs)}, too long to say when.`, nextStep: "Probe an endpoint that answers quickly, or claim the limit over a longer time (such as 1000/10s)." };
  if (counts.rejected < fewestSamples) return { reason: `Only ${counts.rejected} requests were turned away, too few to show a limit.`, nextStep: `Raise the load of the phase during to two or three times ${limit.text}.` };
  if (!isNearlyWindow(limit, burst) && !betraysFixedWindow(seen.sent, seen.fromMs, limit, burst)) {
    return { reason: `No stretch held more than ${allowed}, but under this load a limiter that counts afresh every ${format("duration", limit.windowMs)} looks the same, and lets up to twice as many through around its boundary.`, nextStep: `Let the load come in pulses of some ${format("duration", 0.7 * limit.windowMs)}: steps: [high, low, high, low, …].` };
  }
  if (!seen.isNoConcurrencyLimit && !steady) {
    return { reason: "Requests were turned away only while as many were being served as ever: a limit on how many are served at once looks the same, and its rate changes with the time that they take.", nextStep: "Add a latency fault to the dependency, with the load above the limit before it, too: a rate stays the same." };
  }
  return undefined;
}

function tell({ stretches }: Arrivals): string {
  return stretches.map(({ startMs, endMs, count }) => `${count} in ${format("duration", endMs - startMs)} from ${format("duration", startMs)} on`).join(", ");
}

function evidenceOf({ stretches }: Arrivals): readonly Evidence[] {
  return stretches.map(({ startMs, endMs, count }) => ({ atMs: startMs, what: `${count} requests were let in within ${format("duration", endMs - startMs)}` }));
}
