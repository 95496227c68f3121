import { z } from "zod";
import { statusTest } from "../../probes/status-test.ts";
import { atMost, bound } from "../../units/fields.ts";

const protects = z
  .strictObject({ probe: z.string(), success: bound("share").optional().describe("Its share of good answers meanwhile."), p95: atMost("duration").optional().describe("Of its answers meanwhile.") })
  .refine(({ success, p95 }) => success !== undefined || p95 !== undefined, { message: "expected at least one of success, p95" })
  .describe("A probe of what must not suffer: judged while the limit is reached.");

export const schema = z
  .strictObject({
    proxy: z.string(),
    probe: z.string(),
    maxConcurrent: atMost("count").optional().describe("Most calls of one instance that are live at once."),
    rejects: z
      .strictObject({ answersWithin: atMost("duration").describe("p95 of the answers to requests that found no room and made no call."), status: statusTest.optional().describe("The answer that turns a request away.") })
      .optional()
      .describe("Requests that find no room are turned away, so fast (p95), instead of queueing without end."),
    protects: protects.optional(),
  })
  .refine(({ maxConcurrent, rejects, protects: neighbour }) => [maxConcurrent, rejects, neighbour].some((part) => part !== undefined), { message: "expected at least one of maxConcurrent, rejects, protects" })
  .refine(({ maxConcurrent }) => maxConcurrent === undefined || (maxConcurrent.min === undefined && limitOf(maxConcurrent) >= 1), { message: 'expected an upper limit of at least 1, such as 5 or "<= 5"', path: ["maxConcurrent"] });
export type Params = z.output<typeof schema>;

/** The most that a bound on a whole number allows. */
export function limitOf({ max = 0, maxOpen }: { readonly max?: number | undefined; readonly maxOpen?: boolean | undefined }): number {
  return maxOpen === true ? max - 1 : max;
}
