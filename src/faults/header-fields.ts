import { z } from "zod";
import { duration } from "../units/fields.ts";

/** Framing is the proxy's: a message with a wrong length would be another fault than the one asked for. */
const framing = new Set(["content-length", "transfer-encoding", "connection"]);

/** Parameters that name headers and their values. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~\w-]+$/, "expected the name of a header (RFC 9110 §5.1)")
  .refine((name) => !framing.has(name.toLowerCase()), "expected another header: this one is written by the proxy, which frames the message");
export const headerValue = z.string().regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/, "expected the value of a header: one line of Latin text");

/** What Retry-After can say at most, ms: as a date it has a year of four digits (RFC 9110 §5.6.7). Over a century. */
export const longestRetryAfterMs = 3_600_000 * 1_000_000;
export const retryAfterField = (): z.ZodType<number, string | number> => duration().refine((ms) => ms <= longestRetryAfterMs, 'expected at most "1000000h", a century');
