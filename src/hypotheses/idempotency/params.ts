import { z } from "zod";
import { atMost } from "../../units/fields.ts";

/** The header that the witness keeps of each call. */
const witnessed = "idempotency-key";

const effects = z.strictObject({
  probe: z.string().describe("Of type http: its answers tell how many effects there were."),
  path: z.string().min(1).describe("The place of the number in its JSON answers: a JSON pointer (/charges) or a dotted path."),
  equals: z.union([z.literal("requests"), z.int().min(0)]).default("requests").describe("requests (default): it grows by one for each request, however often that was sent. A number: every answer has it."),
});

export const idempotencyParams = z
  .strictObject({
    proxy: z.string(),
    probe: z.string(),
    effects: effects.optional().describe("What was done in the end."),
    duplicates: atMost("count").optional().describe("Calls of one request that reach upstream beyond the first."),
    keyHeader: z
      .union([z.literal(true), z.string()])
      .refine((name) => name === true || name.toLowerCase() === witnessed, { message: "expected Idempotency-Key: of other headers the witness keeps no record" })
      .optional()
      .describe("All attempts at a request carry the same Idempotency-Key, and no other request does."),
  })
  .refine(({ effects, duplicates, keyHeader }) => [effects, duplicates, keyHeader].some((claim) => claim !== undefined), { message: "expected at least one of effects, duplicates, keyHeader" });
export type IdempotencyParams = z.output<typeof idempotencyParams>;
export type EffectsClaim = z.output<typeof effects>;

export function expectedEffects({ equals }: EffectsClaim): string {
  return equals === "requests" ? "one per request" : String(equals);
}

export function explainIdempotency({ proxy, probe, effects, duplicates, keyHeader }: IdempotencyParams): string {
  const parts = [
    effects && (effects.equals === "requests" ? `takes effect once (${effects.path} of ${effects.probe})` : `leaves ${effects.path} of ${effects.probe} at ${effects.equals}`),
    duplicates && `reaches upstream ${duplicates.text} times more than once`,
    keyHeader !== undefined && "carries one Idempotency-Key in all its attempts",
  ].filter((part) => part !== undefined && part !== false);
  return `A request of ${probe} whose answer is lost on ${proxy} ${parts.join(", ")}`;
}
