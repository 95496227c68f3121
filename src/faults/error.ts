import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { duration } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly reachUpstream: boolean;
}

/** Framing is the proxy's: an answer with a wrong length would be another fault than the one asked for. */
const framing = new Set(["content-length", "transfer-encoding", "connection"]);

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~\w-]+$/, "expected the name of a header (RFC 9110 §5.1)")
  .refine((name) => !framing.has(name.toLowerCase()), "expected another header: this one is written by the proxy, which frames the answer");
const headerValue = z.string().regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/, "expected the value of a header: one line of Latin text");

/** Upstream's failure in its own words: an answer in its place, without asking it, or when it has done the work. */
export const error: FaultType<ErrorAnswer> = {
  type: "error",
  layer: "exchange",
  on: "exchange",
  summary: "Calls are answered with an error status; upstream is not asked, or its answer is lost.",
  params: z
    .strictObject({
      status: z.int().min(200).max(599).default(503).describe("Status of the answer, 200 to 599. Default 503."),
      body: z
        .union([z.string(), z.record(z.string(), z.json()), z.array(z.json())])
        .optional()
        .describe("Body of the answer: text, or an object or list that is sent as JSON. Default: none."),
      headers: z.record(headerName, headerValue).default({}).describe("Headers of the answer. content-type follows from the body unless given."),
      retryAfter: duration().optional().describe('A duration like "2s", sent as Retry-After in whole seconds, rounded up.'),
      reachUpstream: z.boolean().default(false).describe("true: upstream gets the call and does the work, and its answer is thrown away when it begins. Default false: upstream is not asked."),
    })
    .transform(({ status, body, headers, retryAfter, reachUpstream }, context): ErrorAnswer => {
      if (body !== undefined && (status === 204 || status === 304)) {
        context.addIssue({ code: "custom", path: ["body"], message: `expected no body with the status ${status}, which has none (RFC 9110 §6.4.1)` });
      }
      return {
        status,
        headers: { ...contentType(body), ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter / 1000)) }), ...lowerCase(headers) },
        body: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body),
        reachUpstream,
      };
    }),
  example: "status: 503\nbody: { error: overloaded }\nretryAfter: 2s",
  explain: ({ status, headers, reachUpstream }) => {
    const after = headers["retry-after"];
    return `answers ${status} ${reachUpstream ? "when upstream has done the work" : "in upstream's place"}${after === undefined ? "" : `, to be retried after ${/^\d+$/.test(after) ? format("duration", Number(after) * 1000) : after}`}`;
  },
  decide: ({ status, headers, body, reachUpstream }) => [{ kind: "respond", status, headers, body, ...(reachUpstream && { at: "response" }) }],
};

function contentType(body: unknown): Readonly<Record<string, string>> {
  if (body === undefined) return {};
  return { "content-type": typeof body === "string" ? "text/plain; charset=utf-8" : "application/json" };
}

function lowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
