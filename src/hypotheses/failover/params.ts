import { z } from "zod";
import { atMost, bound } from "../../units/fields.ts";

export const failoverParams = z
  .strictObject({
    from: z.string().describe("The proxy of the active dependency, which the fault hits."),
    to: z.string().describe("The proxy of the standby, which is not called before the fault."),
    probe: z.string(),
    within: atMost("duration").optional().describe("From the first call that met the fault until requests are served by the standby, and stay so."),
    share: bound("share").optional().describe("Share of good answers by way of the standby, over requests due from the onset (and within) to the end of the fault."),
    failsBack: z
      .union([z.literal(false), z.strictObject({ within: atMost("duration").describe("From the end of the fault until requests are served by the active one again, and stay so.") })])
      .optional()
      .describe("false: they must stay with the standby."),
  })
  .refine(({ from, to }) => from !== to, { path: ["to"], message: "expected another proxy than from" })
  .refine(({ within, share, failsBack }) => within !== undefined || share !== undefined || failsBack !== undefined, { message: "expected at least one of within, share, failsBack" });

export type FailoverParams = z.output<typeof failoverParams>;

export function explainFailover({ from, to, probe, within, share, failsBack }: FailoverParams): string {
  const parts = [
    within && `are served by ${to} in ${within.text} from the onset of the fault on ${from}, and stay so`,
    share && `get a good answer by way of ${to} in ${share.text} of cases`,
    failsBack === undefined ? undefined : failsBack === false ? `never return to ${from} by themselves` : `return to ${from} in ${failsBack.within.text} from the end of the fault`,
  ].filter((part) => part !== undefined);
  return `Requests of ${probe} ${parts.join(", ")}`;
}

/** Every claim with the text of its bound. */
export function failoverClaims({ within, share, failsBack }: FailoverParams): readonly { readonly claim: string; readonly text: string }[] {
  return [
    ...(within === undefined ? [] : [{ claim: "within", text: within.text }]),
    ...(share === undefined ? [] : [{ claim: "share", text: share.text }]),
    ...(failsBack === undefined ? [] : [failsBack === false ? { claim: "failsBack", text: "stays" } : { claim: "failsBack.within", text: failsBack.within.text }]),
  ];
}
