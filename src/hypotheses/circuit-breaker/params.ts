import { z } from "zod";
import type { Bound } from "../../model/bound.ts";
import { atMost, bound } from "../../units/fields.ts";

const trials = z
  .strictObject({
    every: bound("duration").optional().describe("From the end of a trial to the start of the next: the cool-down."),
    coolDown: bound("duration").optional().describe("Another word for every."),
    calls: bound("count").optional().describe("Requests let through per trial."),
  });

const opens = z
  .strictObject({
    within: atMost("duration").optional().describe("From the first call that met the fault to the first request that caused none."),
    afterFailures: bound("count").optional().describe("Failed calls that had ended by then."),
  })
  .refine(({ within, afterFailures }) => within !== undefined || afterFailures !== undefined, { message: "expected at least one of within, afterFailures" });

const whileOpen = z
  .strictObject({
    upstream: bound("share").optional().describe("Share of requests that cause a call all the same, trials included."),
    answersWithin: atMost("duration").optional().describe("p95 of the answers to requests that cause none."),
  })
  .refine(({ upstream, answersWithin }) => upstream !== undefined || answersWithin !== undefined, { message: "expected at least one of upstream, answersWithin" });

export interface BreakerParams {
  readonly proxy: string;
  readonly probe: string;
  readonly opens?: false | { readonly within?: Bound; readonly afterFailures?: Bound };
  readonly whileOpen?: { readonly upstream?: Bound; readonly answersWithin?: Bound };
  readonly trials?: { readonly every?: Bound; readonly calls?: Bound };
  readonly closes?: { readonly within: Bound };
}

export const breakerParams = z
  .strictObject({
    proxy: z.string(),
    probe: z.string(),
    opens: z.union([z.literal(false), opens]).optional().describe("false: it must stay closed."),
    whileOpen: whileOpen.optional(),
    trials: trials.optional(),
    halfOpen: trials.optional().describe("Another word for trials."),
    coolDown: bound("duration").optional().describe("Another word for trials.every."),
    closes: z.strictObject({ within: atMost("duration").describe("From the end of the fault until calls go through again for good.") }).optional(),
  })
  .transform(({ proxy, probe, opens, whileOpen, trials, halfOpen, coolDown, closes }, context): BreakerParams => {
    const every = [trials?.every, trials?.coolDown, halfOpen?.every, halfOpen?.coolDown, coolDown].filter((bound) => bound !== undefined);
    const calls = [trials?.calls, halfOpen?.calls].filter((bound) => bound !== undefined);
    if (every.length > 1 || calls.length > 1) context.addIssue({ code: "custom", path: ["trials"], message: "expected trials to be claimed once: halfOpen and coolDown are other words for it" });
    if ((trials ?? halfOpen) !== undefined && every.length + calls.length === 0) context.addIssue({ code: "custom", path: ["trials"], message: "expected at least one of every, calls" });
    if ([opens, whileOpen, trials, halfOpen, coolDown, closes].every((claim) => claim === undefined)) context.addIssue({ code: "custom", message: "expected at least one of opens, whileOpen, trials, closes" });
    if (opens === false && [whileOpen, trials, halfOpen, coolDown, closes].some((claim) => claim !== undefined)) context.addIssue({ code: "custom", path: ["opens"], message: "expected no other claim beside opens: false, which says that it stays closed" });
    const [rest] = every;
    const [size] = calls;
    return {
      proxy, probe,
      ...(opens !== undefined && { opens: opens === false ? false : { ...(opens.within !== undefined && { within: opens.within }), ...(opens.afterFailures !== undefined && { afterFailures: opens.afterFailures }) } }),
      ...(whileOpen !== undefined && { whileOpen: { ...(whileOpen.upstream !== undefined && { upstream: whileOpen.upstream }), ...(whileOpen.answersWithin !== undefined && { answersWithin: whileOpen.answersWithin }) } }),
      ...((rest !== undefined || size !== undefined) && { trials: { ...(rest !== undefined && { every: rest }), ...(size !== undefined && { calls: size }) } }),
      ...(closes !== undefined && { closes }),
    };
  });

export function explainBreaker({ proxy, probe, opens, whileOpen, trials, closes }: BreakerParams): string {
  if (opens === false) return `The breaker on ${proxy} stays closed for ${probe}`;
  const parts = [
    opens?.within && `opens in ${opens.within.text} from the onset of the fault`,
    opens?.afterFailures && `opens after ${opens.afterFailures.text} failed calls`,
    whileOpen?.upstream && `lets ${whileOpen.upstream.text} of requests through while open`,
    whileOpen?.answersWithin && `answers the others in ${whileOpen.answersWithin.text} (p95)`,
    trials?.every && `tries again every ${trials.every.text}`,
    trials?.calls && `tries with ${trials.calls.text} requests`,
    closes && `closes in ${closes.within.text} from the end of the fault`,
  ].filter((part) => part !== undefined);
  return `The breaker on ${proxy}, asked by ${probe}, ${parts.join(", ")}`;
}
