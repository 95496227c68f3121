import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface LimitData {
  readonly bytes: number;
  readonly end: "close" | "reset";
}

/** A transfer that breaks off: exactly so many bytes, and then the end. */
export const limitData: FaultType<LimitData> = {
  type: "limit-data",
  layer: "connection",
  on: "connection",
  summary: "Connections end after some bytes, by FIN or by RST.",
  params: z.strictObject({
    bytes: quantity("size").describe('How many bytes pass, like "4KiB", counted from when the fault takes hold; 0B ends at the first byte.'),
    end: z.enum(["close", "reset"]).default("close").describe("close (default): both sides get a FIN. reset: both get an RST."),
  }),
  example: "bytes: 4KiB\nend: reset",
  explain: ({ bytes, end }) => `${end === "close" ? "closes" : "resets"} connections after ${format("size", bytes)}`,
  decide: ({ bytes, end }, _subject, { direction }) => [{ kind: "limit", direction, bytes, how: end === "close" ? "fin" : "rst" }],
};
