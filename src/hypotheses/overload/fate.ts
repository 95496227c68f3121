import { hasStatus } from "../../probes/status-test.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import type { Sample } from "../../model/observation.ts";

/** What became of a request that was sent. */
export type Fate =
  /** Turned away with the status that is claimed. */
  | "rejected"
  /** Good or degraded. */
  | "served"
  /** Turned away with another status that says "too much". */
  | "refused"
  /** No answer: it timed out, or its connection was refused or cut. */
  | "unanswered"
  /** Any other answer that is not good. */
  | "failed"
  | "pending";

export const fates: readonly Fate[] = ["rejected", "served", "refused", "unanswered", "failed", "pending"];

/** Statuses that say that there is too much (RFC 6585 §4, RFC 9110 §15.6.4). */
const tooMuch: readonly number[] = [429, 503];

export function fateOf({ grade, status, failure }: Sample, rejection: StatusTest): Fate {
  if (grade === "pending" || grade === "unsent") return "pending";
  if (failure !== undefined || status === undefined) return grade === "bad" ? "unanswered" : "served";
  if (hasStatus(rejection, status)) return "rejected";
  if (grade !== "bad") return "served";
  return tooMuch.includes(status) ? "refused" : "failed";
}
