import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

const kinds = {
  "status-line": "a status that is no number",
  header: "a header without a colon",
  chunk: "a chunk without a size",
  length: "two Content-Lengths that contradict each other",
};

interface Malformed {
  readonly kind: keyof typeof kinds;
}

/** An upstream, or something before it, that does not speak HTTP: strict clients refuse the answer, lenient ones show what they make of it. */
export const malformed: FaultType<Malformed> = {
  type: "malformed",
  layer: "exchange",
  on: "exchange",
  summary: "Answers break the grammar of HTTP in one place; then the connection is closed.",
  params: z.strictObject({
    kind: z
      .enum(["status-line", "header", "chunk", "length"])
      .default("status-line")
      .describe(`${Object.entries(kinds).map(([kind, what]) => `${kind}: ${what}${kind === "chunk" ? " (answers without a body are left alone)" : ""}`).join("; ")}. Default status-line.`),
  }),
  example: "kind: header",
  explain: ({ kind }) => `breaks answers by ${kinds[kind]}`,
  decide: ({ kind }) => [{ kind: "malformed", part: kind }],
};
