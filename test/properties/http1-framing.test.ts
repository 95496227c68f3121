import { describe, expect, it } from "vitest";
import type { ExchangeRecord, WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { Selector } from "../../src/faults/select.ts";
import { defaultLimits } from "../../src/proxy/http1/limits.ts";
import { Pipeline } from "../../src/proxy/http1/pipeline.ts";
import { RequestReader } from "../../src/proxy/http1/request-reader.ts";
import { ResponseReader } from "../../src/proxy/http1/response-reader.ts";
import type { LaneContext } from "../../src/proxy/lane.ts";
import { RecordedAnswers } from "../../src/proxy/message/index.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import { fc, runs } from "../support/properties.ts";

/** One exchange as it goes over the wire. */
interface Wire {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly request: string;
  readonly response: string;
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]{0,9}$/);
const value = fc.stringMatching(/^[ -9;-~\t:\u00a1-\u00ff]{0,20}$/).map((text) => text.trim());
const framing = /^(content-length|transfer-encoding|host|connection|upgrade|expect|traceparent)$/i;
const header = fc.tuple(token, value).filter(([name]) => !framing.test(name)).map(([name, text]) => `${name}:${text}\r\n`);
const headers = fc.array(header, { maxLength: 4 }).map((lines) => lines.join(""));
const bodyText = fc.string({ unit: "binary-ascii", maxLength: 60 });
const cased = (name: string) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase());

const chunk = fc.tuple(bodyText.filter((text) => text.length > 0), fc.constantFrom("", ";a", " ;a=b", ";q=\"x y\""), fc.boolean())
  .map(([text, extension, upper]) => `${upper ? text.length.toString(16).toUpperCase() : `0${text.length.toString(16)}`}${extension}\r\n${text}\r\n`);
const chunked = fc.tuple(fc.array(chunk, { maxLength: 4 }), fc.constantFrom("0", "000", "0;last"), headers)
  .map(([chunks, last, trailers]) => `${chunks.join("")}${last}\r\n${trailers}\r\n`);

/** Framing headers with the body that they announce. */
const framed = fc.oneof(
  fc.tuple(cased("Content-Length"), bodyText).map(([name, body]) => [`${name}: ${body.length}\r\n`, body] as const),
  fc.tuple(cased("Transfer-Encoding"), fc.constantFrom("chunked", "Chunked", "gzip, chunked"), chunked).map(([name, coding, body]) => [`${name}: ${coding}\r\n`, body] as const),
);
const none = fc.constant(["", ""] as const);
const requestOf = ({ method, target }: Pick<Wire, "method" | "target">) => fc.tuple(headers, method === "GET" || method === "HEAD" ? none : framed, headers)
  .map(([before, [framing, body], after]) => `${method} ${target} HTTP/1.1\r\n${before}Host: x\r\n${framing}${after}\r\n${body}`);
const interim = fc.constantFrom("", "", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
const responseOf = ({ method, status }: Pick<Wire, "method" | "status">) => fc.tuple(interim, headers, status === 204 ? none : framed)
  .map(([interim, lines, [framing, body]]) => `${interim}HTTP/1.1 ${status} Reason\r\n${lines}${framing}\r\n${method === "HEAD" || status === 304 ? "" : body}`);
const exchange: fc.Arbitrary<Wire> = fc.record({
  method: fc.constantFrom("GET", "POST", "HEAD", "DELETE"), target: fc.constantFrom("/", "/a/b?c=d", "*", "http://x/y"), status: fc.constantFrom(200, 404, 503, 204, 304),
}).chain((head) => fc.record({ method: fc.constant(head.method), target: fc.constant(head.target), status: fc.constant(head.status), request: requestOf(head), response: responseOf(head) }));

/** Sizes of packets, taken in turn, and whose turn it is. */
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
const split = fc.record({ request: sizes, response: sizes, turns: fc.array(fc.constantFrom("request", "response"), { minLength: 1, maxLength: 20 }) });
type Split = Readonly<{ request: readonly number[]; response: readonly number[]; turns: readonly ("request" | "response")[] }>;

function latency(at: "request" | "response", every: number): Fault {
  const params = { at, delayMs: 10, jitterMs: 0, distribution: "uniform" };
  return { name: `late ${at}`, type: "latency", layer: "exchange", proxy: "p", direction: "response", params, selection: { fromMs: 0, after: 0, every, rateShare: 1, per: "fault" } };
}

/** A fault on the bytes of every second exchange, both ways. */
function onBytes(type: string, params: Fault["params"]): Fault {
  return { name: type, type, layer: "exchange", proxy: "p", direction: "both", params, selection: { fromMs: 0, after: 0, every: 2, rateShare: 1, per: "fault" } };
}

function* packets(text: string, sizes: readonly number[]): Generator<Buffer> {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** Sends a stream of exchanges through the readers and the pipeline, split as told; upstream answers what it has got whole, and time passes when nothing else happens. */
function pass(wires: readonly Wire[], { request, response, turns }: Split, faults: readonly Fault[]) {
  const env = new HeldClock();
  const records: WitnessRecord[] = [];
  const toUpstream: Buffer[] = [];
  const toClient: Buffer[] = [];
  const selector = new Selector({ seed: "s", epoch: 1, faults, startMs: 0 });
  const context: LaneContext = {
    env, conn: 1, nth: 1, caller: "default", seed: "s", tracePrefix: "0123456789abcdef",
    proxy: { name: "p", lane: "http1", upstream: { host: "h", port: 1 }, host: "keep", correlate: { by: "trace" }, listeners: [] },
    selector: () => selector,
    sharedWires: () => new Map(),
    answers: () => new RecordedAnswers(),
    copies: new Set(),
    record: (record) => records.push(record),
    closed: () => undefined,
  };
  const refuse = (): never => {
    throw new Error("the connection was ended");
  };
  const pipeline = new Pipeline(context, {
    toUpstream: (bytes) => void toUpstream.push(bytes),
    forwarding: undefined,
    grip: { loses: () => false },
    toClient: (bytes) => {
      toClient.push(bytes);
      return bytes.length;
    },
    isCut: false,
    wroteMs: 0,
    controlFlow: () => undefined,
    close: refuse, reset: refuse, dropUpstream: refuse, endClient: refuse,
    idle: () => undefined, requests: { tunnel: refuse, resume: () => undefined }, requestsPaused: false,
  });
  const requests = new RequestReader({ env, limits: defaultLimits, sink: pipeline });
  const responses = new ResponseReader(defaultLimits, pipeline);

  const asking = packets(wires.map((wire) => wire.request).join(""), request);
  const ask = (): boolean => {
    const { value, done } = asking.next();
    if (done !== true) requests.push(value);
    return done !== true;
  };
  let answered = 0;
  let neededBytes = 0;
  let answering = packets("", response);
  const answer = (): boolean => {
    const { value, done } = answering.next();
    if (done !== true) {
      responses.push(value);
      return true;
    }
    const wire = wires[answered];
    if (wire === undefined || toUpstream.reduce((sum, { length }) => sum + length, 0) < neededBytes + wire.request.length) return false;
    neededBytes += wire.request.length;
    answered++;
    answering = packets(wire.response, response);
    return answer();
  };
  for (let turn = 0; ; turn++) {
    const moved = turns[turn % turns.length] === "request" ? ask() || answer() : answer() || ask();
    if (moved) continue;
    if (env.armed === 0) break;
    env.advance(10);
  }
  return { records, toUpstream: Buffer.concat(toUpstream).toString("latin1"), toClient: Buffer.concat(toClient).toString("latin1") };
}

function witnessed(records: readonly WitnessRecord[]) {
  return records.filter((record): record is ExchangeRecord => record.kind === "exchange")
    .map(({ method, path, nth, status, requestBytes, responseBytes, end, passedOn }) => ({ method, path, nth, status, requestBytes, responseBytes, end, passedOn }));
}

describe("HTTP/1.1 framing", () => {
  it.each([
    ["with no fault", []],
    ["with requests held", [latency("request", 2)]],
    ["with answers held", [latency("response", 1)]],
    ["with both held", [latency("request", 1), latency("response", 2)]],
    ["with a narrow path", [onBytes("bandwidth", { throughput: 3000 })]],
    ["with bodies that drip", [onBytes("slow-body", { size: 7, spacing: 5 })]],
    ["with bodies spread in time", [onBytes("slow-body", { over: 30 }), latency("response", 3)]],
    ["with bytes read on their way, none of them changed", [onBytes("corrupt", { share: 0 }), onBytes("truncate", { after: { bytes: 1_000_000 }, end: "close" })]],
  ])("%s, any split of any stream of pipelined exchanges gives the same exchanges and the same bytes both ways", (_, faults) => {
    fc.assert(fc.property(fc.array(exchange, { minLength: 1, maxLength: 5 }), split, (wires, split) => {
      const { records, toUpstream, toClient } = pass(wires, split, faults);
      expect(toUpstream).toBe(wires.map(({ request }) => request).join(""));
      expect(toClient).toBe(wires.map(({ response }) => response).join(""));
      expect(witnessed(records)).toEqual(wires.map(({ method, target, status, request, response }, i) => ({
        method, path: target, nth: i + 1, status, requestBytes: request.length, responseBytes: response.length, end: "complete", passedOn: true,
      })));
    }), runs(200));
  });
});
