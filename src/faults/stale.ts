import { z } from "zod";
import type { FaultType, Subject } from "../model/fault-type.ts";
import { duration } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { headerName } from "./header-fields.ts";

interface Stale {
  readonly age: number;
  readonly vary: readonly string[];
  readonly reachUpstream: boolean;
}

/**
 * A cache that nobody invalidates, a replica that lags. What is remembered is learnt while the fault is in force, also from the calls that it
 * matches and does not hit: those before its window, below `after`, not drawn by `rate`. So the first call of each kind passes.
 */
export const stale: FaultType<Stale> = {
  type: "stale",
  layer: "exchange",
  on: "exchange",
  summary: "Calls get an earlier answer to the same call again; the first of each kind passes, and is remembered.",
  params: z.strictObject({
    age: duration().prefault("0ms").describe('How old an answer is at least when it is given again, like "5s". Of those the latest is given; where there is none, the call passes. Default 0ms: the last one that came by.'),
    vary: z.array(headerName.transform((name) => name.toLowerCase())).default(["accept", "accept-encoding", "authorization"]).describe("Headers that tell calls apart, beside method, host and target. Default [accept, accept-encoding, authorization]."),
    reachUpstream: z
      .boolean()
      .default(false)
      .describe("true: upstream gets each call and does the work, and its answer is remembered instead of given: with an age, a replica that lags by as much. Default false: upstream is not asked, and what is remembered stays."),
  }),
  example: "age: 5s\nreachUpstream: true",
  explain: ({ age, reachUpstream }) => `gives ${age === 0 ? "an earlier answer" : `answers of at least ${format("duration", age)} ago`} again${reachUpstream ? ", when upstream has done the work" : ", without asking upstream"}`,
  headers: ({ vary }) => ["host", ...vary],
  decide: (params, subject) => [{ kind: "replay", key: keyOf(params, subject), ageMs: params.age, reachUpstream: params.reachUpstream }],
  learn: (params, subject) => [{ kind: "remember", key: keyOf(params, subject), ageMs: params.age }],
};

function keyOf({ vary }: Stale, subject: Subject): string {
  return subject.kind === "exchange" ? JSON.stringify([subject.method, subject.path, subject.headers?.["host"] ?? "", ...vary.map((name) => subject.headers?.[name] ?? "")]) : "";
}
