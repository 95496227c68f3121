import { describe, expect, test } from "vitest";
import { ChaosError } from "../../src/model/error.ts";
import type { Event } from "../../src/model/event.ts";
import { decodeEvent, decodeHeader, encodeHeader } from "../../src/journal/codec.ts";
import { header, lineOf } from "./header.ts";

const sample: Event = { kind: "sample", seq: 7, atMs: 1234.56789, probe: "checkout", n: 3, dueMs: 1200, sentMs: 1200.0004, endMs: 1234.56789, grade: "good", status: 200 };

describe("encodeEvent", () => {
  test("writes one line and keeps times to the microsecond", () => {
    const line = lineOf(sample);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({ ...sample, atMs: 1234.568, sentMs: 1200, endMs: 1234.568 });
  });

  test("leaves numbers that are no times as they are", () => {
    const event: Event = { kind: "guard-tripped", seq: 1, atMs: 5, probe: "p", metric: "success", expected: ">= 20%", observed: 0.199999, n: 40 };
    expect(decodeEvent(lineOf(event))).toEqual(event);
  });

  test("rounds times inside the records of faults too", () => {
    const event: Event = {
      kind: "connection", seq: 2, atMs: 9, proxy: "p", caller: "default", conn: 1, openMs: 1, closeMs: 9, peer: "127.0.0.1:5", exchanges: 0, requestBytes: 0, responseBytes: 0,
      closedBy: "client", how: "fin", upstreamReached: true, faults: [{ fault: "f", decision: "applied", n: 1, effect: "delay", actedMs: 2.00049 }],
    };
    expect(lineOf(event)).toContain('"actedMs":2}');
  });
});

describe("decodeEvent", () => {
  test("gives back what was written", () => {
    const written = { ...sample, atMs: 1.001, sentMs: 2, endMs: 3 };
    expect(decodeEvent(lineOf(written))).toEqual(written);
  });

  test.each(["", "nonsense", "[]", "null", '{"kind":"sample"}', '{"kind":"sample","seq":1,"atMs":"2"}'])("refuses %j, with its line number and a hint", (line) => {
    expect(() => decodeEvent(line, 12)).toThrow(ChaosError);
    expect(() => decodeEvent(line, 12)).toThrow(/journal, line 12: expected/);
  });
});

describe("decodeHeader", () => {
  test("gives back what was written", () => {
    expect(decodeHeader(encodeHeader(header))).toEqual(header);
  });

  test("names the schema that it got in place of its own", () => {
    expect(() => decodeHeader(JSON.stringify({ ...header, schema: "chaos/journal/9" }))).toThrow(/expected the schema "chaos\/journal\/1", got "chaos\/journal\/9"/);
    expect(() => decodeHeader('{"title":"a report"}')).toThrow(/got none/);
  });

  test("refuses a header without its plan", () => {
    const { plan: _, ...rest } = header;
    expect(() => decodeHeader(JSON.stringify(rest))).toThrow(/runId, tracePrefix and plan/);
  });
});
