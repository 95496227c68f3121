import { z } from "zod";
import type { Bound } from "../../model/bound.ts";
import type { Sample } from "../../model/observation.ts";
import { atMost, bound } from "../../units/fields.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const oneOrMore = <T extends z.ZodType>(one: T): z.ZodUnion<[T, z.ZodArray<T>]> => z.union([one, z.array(one).min(1)]);

const where = z
  .strictObject({
    status: oneOrMore(z.int().min(100).max(599)).optional().describe("Status of the answer, or a list of them."),
    value: oneOrMore(scalar).optional().describe("What the probe captures of the answer (capture: { path: … }), or a list of such values."),
  })
  .refine(({ status, value }) => status !== undefined || value !== undefined, { message: "expected at least one of status, value" });

const staleness = z
  .strictObject({
    primary: z.string().describe("A probe that reads or writes what is newest, and captures a number that only grows."),
    p95: atMost("duration").optional().describe("95 % of the replicas' answers are no older than this."),
    max: atMost("duration").optional().describe("No answer of a replica is older than this."),
  })
  .refine(({ p95, max }) => p95 !== undefined || max !== undefined, { message: "expected at least one of p95, max" });

export const schema = z
  .strictObject({
    probes: z.array(z.string()).min(1).describe("One probe per node."),
    where: where.optional().describe("The condition on each node's answer; default: it is good."),
    count: bound("count").optional().describe('How many nodes satisfy the condition at any time, such as "== 1". Too many are never excused.'),
    perTerm: z.boolean().optional().describe("true = nodes that say so in different terms (capture: { term: … }) are not counted together; too many in one term are."),
    within: atMost("duration").optional().describe("So long after the start and the end of the fault too few are excused, and replicas may lag."),
    staleness: staleness.optional(),
  })
  .refine(({ count, staleness }) => count !== undefined || staleness !== undefined, { message: "expected at least one of count, staleness" })
  .refine(({ where, count }) => where === undefined || count !== undefined, { message: "where is of no use without count", path: ["where"] })
  .refine(({ perTerm, count }) => perTerm !== true || count === undefined || mostOf(count) !== undefined, { message: 'perTerm needs a count with an upper end, such as "<= 1"', path: ["perTerm"] });
export type Params = z.output<typeof schema>;

/** The largest whole number inside a bound; absent: there is none. */
export function mostOf({ max, maxOpen }: Bound): number | undefined {
  if (max === undefined) return undefined;
  return maxOpen === true ? Math.ceil(max) - 1 : Math.floor(max);
}

/** The smallest whole number inside a bound. */
export function fewestOf({ min = 0, minOpen }: Bound): number {
  return minOpen === true ? Math.floor(min) + 1 : Math.ceil(min);
}

/** Whether an answer says what is counted; one that never came whole says nothing. */
export function satisfier({ where: condition }: Params): (sample: Sample) => boolean {
  if (condition === undefined) return ({ grade }) => grade === "good";
  const statuses = condition.status === undefined ? undefined : new Set([condition.status].flat());
  const values = condition.value === undefined ? undefined : new Set([condition.value].flat().map(String));
  return ({ endMs, failure, status = 0, value }) =>
    endMs !== undefined && failure === undefined && (statuses === undefined || statuses.has(status)) && (values === undefined || (value !== undefined && values.has(value)));
}

/** The condition as the end of a sentence: `said "leader"`. */
export function wordsOf({ where: condition }: Params): string {
  if (condition === undefined) return "were good";
  const words = [...(condition.value === undefined ? [] : [`said ${[condition.value].flat().map((one) => `"${one}"`).join(" or ")}`]), ...(condition.status === undefined ? [] : [`answered ${[condition.status].flat().join(" or ")}`])];
  return words.join(" and ");
}
