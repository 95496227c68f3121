import { z } from "zod";
import { statusTest } from "../../probes/status-test.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import type { Bound } from "../../model/bound.ts";
import { atMost, bound } from "../../units/fields.ts";

/** How what is too much is turned away. */
export interface Rejects {
  readonly status: StatusTest;
  readonly share: Bound;
  readonly answersWithin?: Bound | undefined;
}

/** What those get that are not turned away. */
export interface Accepted {
  readonly success?: Bound | undefined;
  readonly p95?: Bound | undefined;
  readonly p99?: Bound | undefined;
  readonly throughput?: Bound | undefined;
}

export function rejectsField(status: StatusTest): z.ZodType<Rejects> {
  return z.strictObject({
    status: statusTest.default(status).describe("The answer that turns a request away."),
    share: bound("share").prefault(">= 95%").describe("Of the requests that were turned away or got no answer, the share that got this status."),
    answersWithin: atMost("duration").optional().describe("p95 of these answers."),
  }).describe("How requests above the limit are turned away.");
}

export const acceptedField: z.ZodType<Accepted> = z
  .strictObject({
    success: bound("share").optional().describe("Share of good answers among the requests that were not turned away."),
    p95: atMost("duration").optional().describe("Of the answers to these requests, as p99."),
    p99: atMost("duration").optional().describe("As p95; takes 459 of them at 99% confidence."),
    throughput: bound("rate").optional().describe("Good answers per second while there is too much load."),
  })
  .refine((given) => Object.values(given).some((part) => part !== undefined), { message: "expected at least one of success, p95, p99, throughput" })
  .describe("What requests get that are not turned away, while others are.");
