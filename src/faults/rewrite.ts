import { z } from "zod";
import type { BodyChange, Effect } from "../model/effect.ts";
import type { FaultType } from "../model/fault-type.ts";
import type { Json } from "../model/json.ts";
import { quantity } from "../units/fields.ts";
import { headerName, headerValue } from "./header-fields.ts";

type Rewrite = Omit<Extract<Effect, { kind: "rewrite" }>, "kind">;

const pointer = z.string().regex(/^(?:\/(?:[^~]|~[01])*)?$/, 'expected a JSON pointer such as "/items/0/price" (RFC 6901)');

interface Body {
  readonly json?: Readonly<Record<string, Json>> | undefined;
  readonly removeJson?: readonly string[] | undefined;
  readonly body?: string | Readonly<Record<string, Json>> | readonly Json[] | undefined;
}

/** What another version, a careless gateway or a tampering hand makes of a message: well-formed, and not what was agreed. */
export const rewrite: FaultType<Rewrite> = {
  type: "rewrite",
  layer: "exchange",
  on: "exchange",
  summary: "Answers, or requests, come with other contents: status, headers, values in a JSON body, or another body.",
  params: z
    .strictObject({
      at: z.enum(["request", "response"]).default("response").describe("response (default): what the caller gets is changed. request: what upstream gets."),
      status: z.int().min(200).max(599).optional().describe("Another status, 200 to 599; of answers only. With 204 or 304 the body goes."),
      headers: z.record(headerName, z.union([headerValue, z.null()])).default({}).describe("Headers that are set, each in the place of all of its name; null takes one out."),
      json: z.record(pointer, z.json()).optional().describe('Values in a JSON body by JSON pointer, like { /items/0/price: null }: replaced, or added to the object or list that is there. "-" stands for behind the last item. The rest of the body stays as it is.'),
      removeJson: z.array(pointer.min(1, 'expected a JSON pointer to something inside the body, such as "/email"')).min(1).optional().describe("Members and items of a JSON body that are taken out, by JSON pointer, like [/customer/email]."),
      body: z
        .union([z.string(), z.record(z.string(), z.json()), z.array(z.json())])
        .optional()
        .describe("Another body: text, or an object or list that is sent as JSON. It is coded (gzip, deflate, br) as the one before."),
      maxBody: quantity("size", { positive: true }).prefault("8MiB").describe('Messages with a larger body, like "1MiB", whose body would change go on as they are. Default 8MiB.'),
    })
    .transform(({ at, status, headers, json, removeJson, body, maxBody }, context): Rewrite => {
      const complain = (path: string, message: string): void => context.addIssue({ code: "custom", path: [path], message });
      const changesJson = json !== undefined || removeJson !== undefined;
      if (status === undefined && Object.keys(headers).length === 0 && !changesJson && body === undefined) complain("headers", "expected something to change: status, headers, json, removeJson or body, got nothing");
      if (status !== undefined && at === "request") complain("status", "expected no status beside at: request: requests have none");
      if (body !== undefined && changesJson) complain("body", "expected either body or json and removeJson, got both");
      if ((body !== undefined || changesJson) && (status === 204 || status === 304)) complain("status", `expected another status beside a body: ${status} has none (RFC 9110 §6.4.1)`);
      const isJson = body !== undefined && typeof body !== "string";
      const change = changeOf({ json, removeJson, body });
      return {
        at, ...(status !== undefined && { status }), headers: { ...(isJson && { "content-type": "application/json" }), ...lowerCase(headers) }, ...(change !== undefined && { body: change }), maxBytes: maxBody,
      };
    }),
  example: "json: { /status: declined, /receipt: null }\nheaders: { x-api-version: \"2\" }",
  explain: ({ at, status, headers, body }) => {
    const changes = [
      ...(status === undefined ? [] : [`status ${status}`]),
      ...Object.entries(headers).map(([name, value]) => (value === null ? `no ${name}` : `${name}: ${value}`)),
      ...(body === undefined ? [] : explainBody(body)),
    ];
    return `${at === "request" ? "changes requests on their way to upstream" : "changes answers"}: ${changes.join(", ")}`;
  },
  decide: (params) => [{ kind: "rewrite", ...params }],
};

function changeOf({ json, removeJson, body }: Body): BodyChange | undefined {
  if (body !== undefined) return { text: typeof body === "string" ? body : JSON.stringify(body) };
  return json === undefined && removeJson === undefined ? undefined : { set: json ?? {}, remove: removeJson ?? [] };
}

function explainBody(body: BodyChange): readonly string[] {
  if ("text" in body) return ["another body"];
  return [...Object.entries(body.set).map(([path, value]) => `${path === "" ? "the whole JSON" : path} = ${JSON.stringify(value)}`), ...body.remove.map((path) => `no ${path}`)];
}

function lowerCase(headers: Readonly<Record<string, string | null>>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
