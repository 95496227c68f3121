import { z } from "zod";
import type { Json } from "../model/json.ts";
import type { Captured, ProbeAnswer, ProbeType } from "../model/probe-type.ts";
import { blameBy, gradeBy } from "./grading.ts";
import { explainJson, jsonFault, jsonTest, valueAt } from "./json-test.ts";
import type { JsonTest } from "./json-test.ts";
import { explainStatus, hasStatus, statusTest } from "./status-test.ts";
import { excerpt, explainText, textFault, textOrTest, textTest } from "./text-test.ts";

/** Kept of a body that is to be graded; larger ones are graded by their first part and cannot be JSON. */
const gradedBytes = 1024 * 1024;
/** Kept of a captured value. */
const longestValue = 64;
/** Kept of any other body, to be shown when the answer is bad. */
const shownBytes = 200;

const bodyTest = textTest.extend({
  json: z.union([jsonTest, z.array(jsonTest).min(1)]).optional().meta({ description: "tests on places of a JSON body; all must hold" }),
});

const capture = z.strictObject({
  path: z.string().min(1).meta({ description: "the place of a text, number or boolean of the JSON answer: a JSON pointer (/role) or a dotted path" }),
  term: z.string().min(1).optional().meta({ description: "the place of a number that only grows: the term of a leader, an epoch" }),
});

const expectation = z.strictObject({
  status: statusTest.default("200-299"),
  headers: z.record(z.string(), textOrTest).optional().meta({ description: "header name: its value, or {contains, matches}" }),
  body: z.union([z.string(), bodyTest]).optional().meta({ description: "the whole body, or {contains, matches, json}" }),
});
type Expectation = z.infer<typeof expectation>;

const params = z.strictObject({
  method: z.string().regex(/^[A-Za-z]+$/, "expected a method like GET or POST").optional().meta({ description: "default GET, or POST when there is a body" }),
  url: z.string().regex(/^(https?:\/\/|\$\{)/, "expected an http:// or https:// URL").meta({ description: 'what is asked, such as "${services.checkout.url}/checkout"' }),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional().meta({ description: "header name: value" }),
  json: z.json().optional().meta({ description: "body, sent as JSON" }),
  body: z.string().optional().meta({ description: "body, sent as it is" }),
  expect: expectation.prefault({}).meta({ description: "what makes an answer good" }),
  degraded: expectation.optional().meta({ description: "what is acceptable while a fault is in force" }),
  capture: capture.optional().meta({ description: "what is kept of each JSON answer, for hypotheses that compare answers: at most 64 characters" }),
  ca: z.string().min(1).optional().meta({ description: 'of https://: PEM file of the authorities that are trusted, instead of the well-known ones, such as "${proxies.payments.ca}"' }),
  insecure: z.boolean().optional().meta({ description: "of https://: true = any certificate will do" }),
  trace: z.boolean().default(true).meta({ description: "send traceparent, so that the calls which a request causes are known to be its own" }),
}).refine(({ json, body }) => json === undefined || body === undefined, { message: "expected json or body, got both", path: ["body"] });
type HttpParams = z.infer<typeof params>;

/** Asks over HTTP/1.1. */
export const http: ProbeType<HttpParams> = {
  type: "http",
  summary: "Asks over HTTP, and grades status, headers and body.",
  params,
  example: 'method: POST\nurl: "${services.checkout.url}/checkout"\njson: { order: "${request.id}", amount: 12 }\nexpect: { status: 200 }\ndegraded: { status: 202, body: { json: { path: /status, equals: queued } } }\n',
  explain: (params) => `${methodOf(params)} ${params.url}; good: ${explainExpectation(params.expect)}${params.degraded === undefined ? "" : `; degraded: ${explainExpectation(params.degraded)}`}${params.capture === undefined ? "" : `; keeps ${[params.capture.path, params.capture.term].filter(Boolean).join(" and ")} of each answer`}`,
  ask(params) {
    const given = Object.entries(params.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
    const body = params.json === undefined ? params.body : JSON.stringify(params.json);
    return {
      kind: "http",
      method: methodOf(params),
      url: params.url,
      headers: { ...(params.json === undefined ? {} : { "content-type": "application/json" }), ...Object.fromEntries(given) },
      ...(body === undefined ? {} : { body }),
      trace: params.trace,
      ...(params.ca === undefined && params.insecure !== true ? {} : { trust: { ...(params.ca === undefined ? {} : { ca: params.ca }), ...(params.insecure === true ? { insecure: true } : {}) } }),
      keepBytes: params.expect.body === undefined && params.degraded?.body === undefined && params.capture === undefined ? shownBytes : gradedBytes,
    };
  },
  grade: (params, answer) => gradeBy(faultOf, params, answer),
  blame: (params, answer) => blameBy(faultOf, params, answer),
  capture: ({ capture }, answer) => (capture === undefined || answer.failure !== undefined ? {} : capturedOf(capture, answer)),
};

function methodOf(params: HttpParams): string {
  return params.method?.toUpperCase() ?? (params.json === undefined && params.body === undefined ? "GET" : "POST");
}

/** Of a body that is no JSON, of a place that is not there or holds a list or an object: nothing. */
function capturedOf({ path, term }: z.infer<typeof capture>, { body = "" }: ProbeAnswer): Captured {
  const document = parsed(body);
  if (document === undefined) return {};
  const value = valueAt(document, path);
  const number = term === undefined ? undefined : valueAt(document, term);
  return {
    ...(value === undefined || typeof value === "object" ? {} : { value: String(value).slice(0, longestValue) }),
    ...(typeof number === "number" && Number.isFinite(number) ? { term: number } : {}),
  };
}

function faultOf(expect: Expectation, answer: ProbeAnswer): string | undefined {
  const { status = 0, body = "" } = answer;
  if (!hasStatus(expect.status, status)) return `expected ${explainStatus(expect.status)}, got ${status}${body === "" ? "" : `: ${excerpt(body)}`}`;
  for (const [name, test] of Object.entries(expect.headers ?? {})) {
    const value = answer.headers?.[name.toLowerCase()];
    const wanted = value === undefined ? "that header" : textFault(test, value);
    if (wanted !== undefined) return `expected ${name}: ${wanted}, got ${value === undefined ? "none" : `"${excerpt(value)}"`}`;
  }
  return bodyFault(expect, body, answer.bodyBytes ?? 0);
}

function bodyFault({ body: test }: Expectation, body: string, bodyBytes: number): string | undefined {
  if (test === undefined) return undefined;
  const wanted = textFault(test, body);
  if (wanted !== undefined) return `expected the body to be ${wanted}, got "${excerpt(body)}"`;
  const tests = typeof test === "string" ? [] : jsonTestsOf(test.json);
  if (tests.length === 0) return undefined;
  if (bodyBytes > gradedBytes) return `expected a JSON body of at most ${gradedBytes} bytes, got ${bodyBytes}`;
  const document = parsed(body);
  if (document === undefined) return `expected a JSON body, got "${excerpt(body)}"`;
  return tests.map((one) => jsonFault(one, document)).find((fault) => fault !== undefined);
}

function jsonTestsOf(json: JsonTest | readonly JsonTest[] | undefined): readonly JsonTest[] {
  if (json === undefined) return [];
  return "path" in json ? [json] : json;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function explainExpectation(expect: Expectation): string {
  const headers = Object.entries(expect.headers ?? {}).map(([name, test]) => `${name} ${explainText(test)}`);
  const body = expect.body;
  const json = typeof body === "object" ? jsonTestsOf(body.json).map(explainJson) : [];
  const text = body === undefined || (typeof body === "object" && json.length > 0 && body.contains === undefined && body.matches === undefined && body.equals === undefined)
    ? [] : [`the body ${explainText(body)}`];
  return [explainStatus(expect.status), ...headers, ...text, ...json].join(", ");
}
