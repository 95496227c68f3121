import { describe, expect, it } from "vitest";
import { Exchange } from "../../src/proxy/http1/exchange.ts";
import { defaultLimits } from "../../src/proxy/http1/limits.ts";
import { RequestReader } from "../../src/proxy/http1/request-reader.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import { allowedRequests, allowedResponses } from "./allowances.ts";
import corpus from "./corpus.json" with { type: "json" };
import { requests, responses } from "./hunt.ts";
import { readRequests, readResponses } from "./our-readers.ts";
import type { Reading } from "./reading.ts";

/** As the corpus writes it: start, data of the body, and "cut" when the last byte has not come. */
function written({ messages }: Reading): readonly (readonly string[])[] {
  return messages.map(({ start, body, done }) => [start, body, ...(done ? [] : ["cut"])]);
}

/** Byte by byte, the body before a malformed chunk has gone on already: only what is read of the heads has to be the same. */
function starts({ messages }: Reading): readonly string[] {
  return messages.map(({ start }) => start);
}

function single(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

interface RequestCase {
  readonly bytes: string;
  readonly reads: readonly (readonly string[])[];
  readonly rejected?: number;
}

interface ResponseCase {
  readonly bytes: string;
  readonly reads: readonly (readonly string[])[];
  readonly methods: readonly string[];
  readonly closes?: boolean;
  readonly upgrade?: boolean;
  readonly refused?: boolean;
}

describe("the corpus of requests", () => {
  it.each(corpus.requests)("$name", async ({ bytes: text, reads, rejected }: RequestCase) => {
    const bytes = Buffer.from(text, "latin1");
    const stream = { bytes, packets: [bytes], host: undefined, refusesAfter: 1 };
    const [whole, split] = [readRequests(stream), readRequests({ ...stream, packets: single(bytes) })];
    expect(written(whole)).toEqual(reads);
    expect(whole.refusal).toBe(rejected === undefined ? undefined : String(rejected));
    expect([starts(split), split.refusal]).toEqual([starts(whole), whole.refusal]);
    expect(await requests.judge([stream])).not.toMatchObject([{ kind: "differs" }]);
  });
});

describe("the corpus of answers", () => {
  it.each(corpus.responses)("$name", async ({ bytes: text, methods, reads, closes = false, upgrade = false, refused = false }: ResponseCase) => {
    const bytes = Buffer.from(text, "latin1");
    const stream = { bytes, packets: [bytes], methods, upgrade, closes };
    const [whole, split] = [readResponses(stream), readResponses({ ...stream, packets: single(bytes) })];
    expect(written(whole)).toEqual(reads);
    expect(whole.refusal !== undefined).toBe(refused);
    expect([starts(split), split.refusal]).toEqual([starts(whole), whole.refusal]);
    expect(await responses.judge([stream])).not.toMatchObject([{ kind: "differs" }]);
  });
});

/** NUL to US and DEL, but for the tab: in values, reasons and extensions it is white space (RFC 9110 §5.5, §5.6.3). */
const controls = [...Array(32).keys(), 127].filter((byte) => byte !== 9);

describe("control bytes", () => {
  it.each(corpus.controls)("$place of a $side are refused", async ({ side, bytes: text }) => {
    for (const control of controls) {
      const bytes = Buffer.from(text.replace("@", String.fromCharCode(control)), "latin1");
      const request = { bytes, packets: [bytes], host: undefined, refusesAfter: 1 };
      const response = { bytes, packets: [bytes], methods: ["GET"], upgrade: false, closes: false };
      const reading = side === "request" ? readRequests(request) : readResponses(response);
      // What belongs to the message may not be read as whole.
      expect([control, reading.refusal !== undefined, reading.messages.filter(({ done }) => done)]).toEqual([control, true, []]);
      expect(side === "request" ? await requests.judge([request]) : await responses.judge([response])).not.toMatchObject([{ kind: "differs" }]);
    }
  });
});

const agreed = Number(process.versions.node.split(".")[0]) > 20 ? ["a tab behind a length or coding"] : [];

describe("the differences from node:http that are allowed", () => {
  it.each(corpus.allowances)("$side: $name", async ({ side, name, bytes: text, upgrade = false }: { side: string; name: string; bytes: string; upgrade?: boolean }) => {
    const bytes = Buffer.from(text, "latin1");
    const verdicts = side === "request"
      ? await requests.judge([{ bytes, packets: [bytes], host: undefined, refusesAfter: 0 }])
      : await responses.judge([{ bytes, packets: [bytes], methods: ["GET"], upgrade, closes: true }]);
    // Later parsers of node:http agree in some.
    expect(agreed.includes(name) ? [[{ kind: "alike" }], [{ kind: "allowed", by: name }]] : [[{ kind: "allowed", by: name }]]).toContainEqual(verdicts);
  });

  it("are shown one by one", () => {
    const shown = (side: string) => corpus.allowances.filter((allowance) => allowance.side === side).map(({ name }) => name);
    expect(shown("request").sort()).toEqual(allowedRequests.map(({ name }) => name).sort());
    expect(shown("response").sort()).toEqual(allowedResponses.map(({ name }) => name).sort());
  });
});

/** A reader, and the statuses that it rejects with. */
function reading(env: HeldClock) {
  const rejections: number[] = [];
  const reader = new RequestReader({
    env, limits: defaultLimits,
    sink: {
      requestsPaused: false,
      tunnelSpeaksHttp: () => false,
      requestHead: (head, startMs) => new Exchange(head, 1, startMs),
      requestBytes: () => undefined,
      requestRejected: ({ status }) => rejections.push(status),
    },
  });
  return { reader, rejections };
}

describe("a request without an end", () => {
  it.each(corpus.endlessRequests)("in its $name is rejected before 128 KiB have come, once", ({ before, unit, rejected }) => {
    const { reader, rejections } = reading(new HeldClock());
    reader.push(Buffer.from(before));
    const packet = Buffer.from(unit.repeat(1024));
    for (let sent = 0; sent < 128 * 1024 + 1024; sent += packet.length) reader.push(packet);
    expect(rejections).toEqual([rejected]);
  });

  it("one byte a second is rejected with 408 a minute after its first", () => {
    const env = new HeldClock();
    const { reader, rejections } = reading(env);
    const head = Buffer.from(`GET / HTTP/1.1\r\nA: ${"b".repeat(100)}\r\n\r\n`);
    for (let second = 0; rejections.length === 0 && second < head.length; second++) {
      reader.push(head.subarray(second, second + 1));
      env.advance(1000);
    }
    expect(rejections).toEqual([408]);
    expect(env.nowMs()).toBe(defaultLimits.headMs);
  });
});
