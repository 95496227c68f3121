import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import type { Effect } from "../model/effect.ts";
import { quantity, share } from "../units/fields.ts";
import { format } from "../units/format.ts";

type Truncate = Pick<Extract<Effect, { kind: "truncate" }>, "after" | "end">;

/** An upstream that dies as it answers: the head promises more than comes. */
export const truncate: FaultType<Truncate> = {
  type: "truncate",
  layer: "exchange",
  on: "exchange",
  summary: "Answers break off: the body ends early, and the connection is closed or reset.",
  params: z
    .strictObject({
      afterBytes: quantity("size").optional().describe('Bytes of the body that still come, like "1KiB"; of a chunked one, of its data. One that is no longer is left alone.'),
      share: share().refine((part) => part < 1, "expected below 100%: a body that comes whole is not cut").optional().describe('Share of the body that still comes, like "50%" (default). A body that does not tell its length is held until its length is known, 64KiB of it at most.'),
      end: z.enum(["close", "reset"]).default("close").describe("close (default): FIN behind the last byte. reset: RST."),
    })
    .transform(({ afterBytes, share, end }, context): Truncate => {
      if (afterBytes === undefined) return { after: { share: share ?? 0.5 }, end };
      if (share !== undefined) context.addIssue({ code: "custom", path: ["share"], message: "expected either afterBytes or share, got both" });
      return { after: { bytes: afterBytes }, end };
    }),
  example: "afterBytes: 1KiB\nend: reset",
  explain: ({ after, end }) => `${end === "close" ? "closes" : "resets"} the connection after ${"share" in after ? `${format("share", after.share)} of the body` : `${format("size", after.bytes)} of body`}`,
  decide: ({ after, end }) => [{ kind: "truncate", after, end }],
};
