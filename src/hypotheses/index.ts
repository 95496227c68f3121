/**
 * What lives here: one resilience pattern per file (`type`, params, explain, advise, judge), the judge that makes verdicts of what they say,
 * the gates of the steady state, and the report. Pure: Observations in, verdicts out.
 * May import: model, units, math, journal, faults, probes, evidence.
 * To add one: write `<type>.ts` exporting a HypothesisType, add it to the list below; `decide.ts` has the rules by which claims are decided.
 */
import type { HypothesisType } from "../model/hypothesis-type.ts";
import { bulkhead } from "./bulkhead.ts";
import { circuitBreaker } from "./circuit-breaker.ts";
import { claim } from "./claim.ts";
import { failover } from "./failover.ts";
import { fallback } from "./fallback.ts";
import { healthCheck } from "./health-check.ts";
import { hedging } from "./hedging.ts";
import { idempotency } from "./idempotency.ts";
import { invariant } from "./invariant.ts";
import { isolation } from "./isolation.ts";
import { loadBalance } from "./load-balance.ts";
import { loadShedding } from "./load-shedding.ts";
import { rateLimit } from "./rate-limit.ts";
import { recovery } from "./recovery.ts";
import { retry } from "./retry.ts";
import { stampede } from "./stampede.ts";
import { timeout } from "./timeout.ts";

/** A type with its own parameters forgotten: `params` must have been parsed by its own schema. */
const erase = <P>(type: HypothesisType<P>): HypothesisType => type;

export const hypothesisTypes: readonly HypothesisType[] = [erase(claim), erase(circuitBreaker), erase(retry), erase(timeout), erase(fallback), erase(healthCheck), erase(recovery), erase(isolation), erase(invariant), erase(failover), erase(loadBalance), erase(hedging), erase(bulkhead), erase(rateLimit), erase(loadShedding), erase(stampede), erase(idempotency)];

export function findHypothesisType(type: string): HypothesisType | undefined {
  return hypothesisTypes.find((known) => known.type === type);
}
