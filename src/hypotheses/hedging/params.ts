import { z } from "zod";
import { about, atMost } from "../../units/fields.ts";

export const hedgingParams = z
  .strictObject({
    proxy: z.string(),
    probe: z.string(),
    after: about("duration", 25).optional().describe("From the start of a slow call to the start of the second: median."),
    extraLoad: atMost("share").optional().describe("Calls beyond the first, of the requests before the fault."),
    cancelsLoser: z.literal(true).optional().describe("When one call is answered, the other is left at once."),
  })
  .refine(({ after, extraLoad, cancelsLoser }) => [after, extraLoad, cancelsLoser].some((claim) => claim !== undefined), { message: "expected at least one of after, extraLoad, cancelsLoser" });
export type HedgingParams = z.output<typeof hedgingParams>;

/** The claims that a hypothesis makes, with what each expects. That requests are hedged at all is always one of them. */
export function hedgingClaims({ after, extraLoad, cancelsLoser }: HedgingParams): readonly { readonly claim: string; readonly text: string }[] {
  return Object.entries({ hedges: "true", after: after?.text, extraLoad: extraLoad?.text, cancelsLoser: cancelsLoser === undefined ? undefined : "true" }).flatMap(([claim, text]) => (text === undefined ? [] : [{ claim, text }]));
}

export function explainHedging({ proxy, probe, after, extraLoad, cancelsLoser }: HedgingParams): string {
  const parts = [
    `has a second call made for it${after === undefined ? "" : ` ${after.text.startsWith("about") ? after.text : `after ${after.text}`}`}, and is answered by whichever comes first`,
    cancelsLoser && "leaves the other at once",
    extraLoad && `makes ${extraLoad.text} more calls than requests when nothing is slow`,
  ].filter((part) => part !== undefined);
  return `A request of ${probe} that waits for ${proxy} ${parts.join(", ")}`;
}
