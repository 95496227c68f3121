import { z } from "zod";
import type { Layer } from "../../model/fault-type.ts";
import type { Match, Per, Selection, TextMatch } from "../../model/selection.ts";
import { pattern } from "../../probes/text-test.ts";
import { duration, quantity, share } from "../../units/fields.ts";
import { name } from "./names.ts";

const textForms = [z.strictObject({ regex: pattern() }), z.strictObject({ glob: z.string().min(1) }), z.strictObject({ equals: z.string() }), z.strictObject({ present: z.boolean() })] as const;
const fieldMatch = z.union([z.string(), ...textForms]).transform((given): TextMatch => (typeof given === "string" ? { glob: given } : given)).meta({ description: "a text with * for any part, or { regex }, { equals }, { present }" });

/** Names of hosts are the same in any case; a regular expression is left as it is. */
function lowerCase(text: TextMatch): TextMatch {
  if ("glob" in text) return { glob: text.glob.toLowerCase() };
  return "equals" in text ? { equals: text.equals.toLowerCase() } : text;
}

const method = z.string().regex(/^[A-Za-z]+$/, "expected a method like GET or POST").transform((word) => word.toUpperCase());

const matchSchema = z.strictObject({
  method: z.union([method, z.array(method).min(1)]).optional().meta({ description: "POST, or a list of methods" }),
  path: z.union([z.string().regex(/^[/*]/, "expected a path that begins with / or *"), ...textForms]).transform((given): TextMatch => (typeof given === "string" ? { glob: given } : given)).optional()
    .meta({ description: "a glob such as /orders/* (** crosses slashes), or { regex }" }),
  host: fieldMatch.transform(lowerCase).optional().meta({ description: "the host that is called, such as api.example.com, *.internal or 127.0.0.1:9000: on a forward proxy the one in the URL, else the Host header" }),
  headers: z.record(z.string().min(1), fieldMatch).optional().meta({ description: "header name: its value" }),
  query: z.record(z.string().min(1), fieldMatch).optional().meta({ description: "query parameter: its value" }),
}).transform(({ method, host, path, headers, query }): Match => ({
  ...(method === undefined ? {} : { methods: typeof method === "string" ? [method] : method }),
  ...(host === undefined ? {} : { host }),
  ...(path === undefined ? {} : { path }),
  ...(headers === undefined ? {} : { headers: Object.fromEntries(Object.entries(headers).map(([header, text]) => [header.toLowerCase(), text])) }),
  ...(query === undefined ? {} : { query }),
}));

const attemptSchema = z.union([z.int().min(1), z.string()]).transform((given, context): { readonly min: number; readonly max: number } => {
  const parts = /^\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?$/.exec(String(given));
  const min = Number(parts?.[1]);
  const max = Number(parts?.[2] ?? parts?.[1]);
  if (parts !== null && min >= 1 && max >= min) return { min, max };
  context.addIssue({ code: "custom", message: `expected a call of its request such as 1, or "1..2", got "${given}"` });
  return z.NEVER;
});

const perSchema = z.union([z.enum(["fault", "connection", "trace", "caller"]), z.string().regex(/^header\s+\S+$/i, 'expected fault, connection, trace, caller, or "header x"'), z.strictObject({ header: z.string().min(1) })]).transform((given): Per => {
  if (typeof given === "object") return { header: given.header.toLowerCase() };
  if (given === "fault" || given === "connection" || given === "trace" || given === "caller") return given;
  return { header: given.replace(/^header\s+/i, "").toLowerCase() };
});

const positive = (): z.ZodType<number, string | number> => quantity("duration", { positive: true });

/** The keys that every fault may have beside its own. */
export const faultCommons = z.strictObject({
  name: name.optional().meta({ description: "default: type-1, type-2, … in order" }),
  type: z.string().meta({ description: "what happens" }),
  proxy: name.optional().meta({ description: "the edge on which it happens" }),
  service: name.optional().meta({ description: "the service of the run to whose process it happens" }),
  replica: z.int().min(1).optional().meta({ description: "which replica of the service, from 1; default: all of them" }),
  layer: z.enum(["exchange", "connection", "process"]).optional().meta({ description: "where a type stands on two: default exchange on http proxies, connection on tcp" }),
  match: matchSchema.optional().meta({ description: "which exchanges: { method, host, path, headers, query }, all must match" }),
  from: duration().prefault("0s").meta({ description: "its window begins so long after the start of during" }),
  for: positive().optional().meta({ description: "how long its window is; default: to the end of during" }),
  flap: z.strictObject({ on: positive(), off: positive() }).optional().meta({ description: "on and off again inside the window: { on: 2s, off: 1s }" }),
  afterSilence: positive().optional().meta({ description: "only the first call after a silence, such as a breaker's trial call: before it no call that matches came, in the window or out of it, for so long, counted per `per` and from the start of during at the earliest; first, after and every then count these calls" }),
  first: z.int().min(1).optional().meta({ description: "only the first so many of those that pass after and every" }),
  after: z.int().min(0).default(0).meta({ description: "spares the first so many" }),
  every: z.int().min(1).default(1).meta({ description: "only each so-manieth" }),
  attempt: attemptSchema.optional().meta({ description: 'only these attempts of one request at one call, of the same method, path and query: 1, or "1..2"' }),
  rate: share().optional().meta({ description: "share of those left that are hit, such as 20%; default 100%" }),
  burstLength: z.number().min(1).max(10_000).optional().meta({ description: "hits come in bursts: how many calls in a row are hit on average, at the same rate in the long run; who is hit then goes by the order of arrival, not by the request" }),
  ramp: z.strictObject({ from: share().prefault("0%"), to: share().prefault("100%"), over: positive() }).optional().meta({ description: "moves the rate: { from: 0%, to: 100%, over: 10s }" }),
  per: perSchema.prefault("fault").meta({ description: 'what is numbered separately: fault, connection, trace, caller, or "header x"' }),
  direction: z.enum(["request", "response", "both"]).default("response").meta({ description: "bytes to upstream, to the client, or both; for faults that act on bytes" }),
});
export type FaultCommons = z.output<typeof faultCommons>;

const ofProcesses: readonly string[] = ["service", "replica"];
/** What tells calls and connections apart says nothing of a process. */
const ofEdges: readonly string[] = ["proxy", "match", "afterSilence", "attempt", "rate", "burstLength", "ramp", "per", "direction"];

/** Whether a common key has a meaning on a layer. */
export function fitsLayer(key: string, layer: Layer): boolean {
  return !(layer === "process" ? ofEdges : ofProcesses).includes(key);
}

export function selectionOf(given: FaultCommons): Selection {
  const { match, from, flap, afterSilence, after, every, first, attempt, rate, burstLength, ramp, per } = given;
  return {
    ...(match === undefined ? {} : { match }),
    fromMs: from,
    ...(given.for === undefined ? {} : { forMs: given.for }),
    ...(flap === undefined ? {} : { flap: { onMs: flap.on, offMs: flap.off } }),
    ...(afterSilence === undefined ? {} : { afterSilenceMs: afterSilence }),
    after,
    every,
    ...(first === undefined ? {} : { first }),
    ...(attempt === undefined ? {} : { attempt }),
    rateShare: rate ?? 1,
    ...(burstLength === undefined ? {} : { burstLength }),
    ...(ramp === undefined ? {} : { ramp: { fromShare: ramp.from, toShare: ramp.to, overMs: ramp.over } }),
    per,
  };
}
