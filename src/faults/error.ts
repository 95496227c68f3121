import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { format } from "../units/format.ts";
import { headerName, headerValue, retryAfterField } from "./header-fields.ts";

interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Retry-After as an HTTP-date, so long after the answer. */
  readonly retryAfterDateMs?: number;
  readonly reachUpstream: boolean;
}

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
      retryAfter: retryAfterField().optional().describe('A duration like "2s", sent as Retry-After, rounded up to whole seconds.'),
      retryAfterAs: z.enum(["seconds", "http-date"]).optional().describe("How Retry-After is written; goes with retryAfter. Default seconds."),
      reachUpstream: z.boolean().default(false).describe("true: upstream gets the call and does the work, and its answer is thrown away when it begins. Default false: upstream is not asked."),
    })
    .transform(({ status, body, headers, retryAfter, retryAfterAs, reachUpstream }, context): ErrorAnswer => {
      if (body !== undefined && (status === 204 || status === 304)) {
        context.addIssue({ code: "custom", path: ["body"], message: `expected no body with the status ${status}, which has none (RFC 9110 §6.4.1)` });
      }
      if (retryAfterAs !== undefined && retryAfter === undefined) context.addIssue({ code: "custom", path: ["retryAfterAs"], message: 'expected retryAfter beside it, such as "2s": how long, of which this says how it is written' });
      const again = Object.keys(headers).find((name) => name.toLowerCase() === "retry-after");
      if (retryAfter !== undefined && again !== undefined) context.addIssue({ code: "custom", path: ["headers", again], message: "expected either retryAfter or this header, got both" });
      const isDate = retryAfterAs === "http-date";
      return {
        status,
        headers: { ...contentType(body), ...(retryAfter === undefined || isDate ? {} : { "retry-after": String(Math.ceil(retryAfter / 1000)) }), ...lowerCase(headers) },
        ...(isDate && retryAfter !== undefined && { retryAfterDateMs: retryAfter }),
        body: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body),
        reachUpstream,
      };
    }),
  example: "status: 503\nbody: { error: overloaded }\nretryAfter: 2s",
  explain: ({ status, headers, retryAfterDateMs, reachUpstream }) => {
    const after = retryAfterDateMs === undefined ? headers["retry-after"] : String(Math.ceil(retryAfterDateMs / 1000));
    return `answers ${status} ${reachUpstream ? "when upstream has done the work" : "in upstream's place"}${after === undefined ? "" : `, to be retried after ${/^\d+$/.test(after) ? format("duration", Number(after) * 1000) : after}`}`;
  },
  decide: ({ status, headers, body, retryAfterDateMs, reachUpstream }) => [{ kind: "respond", status, headers, body, ...(retryAfterDateMs !== undefined && { retryAfterDateMs }), ...(reachUpstream && { at: "response" }) }],
};

function contentType(body: unknown): Readonly<Record<string, string>> {
  if (body === undefined) return {};
  return { "content-type": typeof body === "string" ? "text/plain; charset=utf-8" : "application/json" };
}

function lowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
