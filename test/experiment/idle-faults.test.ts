import { describe, expect, test } from "vitest";
import { experimentOf, issueOf, placesOf, textWith } from "./minimal.ts";

const proxies = "proxies:\n  payments: { upstream: http://127.0.0.1:8080, callers: 1 }";
const withFault = (fault: string): string => textWith({ proxies, faults: `faults:\n  - { proxy: payments, ${fault} }` });
const lead = "  - { proxy: payments, ".length;

describe("what can never act", () => {
  test.each([
    ["type: corrupt, share: 0%", "bad-value", 'share: expected a share like "5%" or "99.9%" above 0, got "0%"'],
    ["type: truncate, share: 100%", "bad-value", 'share: expected below 100%: a body that comes whole is not cut, got "100%"'],
  ])("is refused as %s, at its place", (fault, code, message) => {
    expect(issueOf(withFault(fault))).toMatchObject({ code, message, severity: "error", line: 12, column: lead + fault.indexOf("share: ") + "share: ".length + 1 });
  });

  test.each([
    ["type: drop, rate: 0%", "rate: ", "drop-1 hits nothing: its rate is 0%"],
    ["type: drop, ramp: { to: 0%, over: 1s }", "ramp: ", "drop-1 hits nothing: its ramp begins and ends at 0%"],
  ])("for want of a share is a warning, since a variable may say so: %s", (fault, key, message) => {
    const text = withFault(fault);
    expect(issueOf(text)).toMatchObject({ code: "never-hits", message, severity: "warning", line: 12, column: lead + fault.indexOf(key) + key.length + 1, hint: "write a share above 0%, or leave the fault out" });
    expect(experimentOf(text).faults).toHaveLength(1);
  });

  test.each(["type: corrupt, share: 0.1%", "type: truncate, share: 0%", "type: truncate, share: 99%", "type: drop, rate: 0.1%", "type: drop, ramp: { from: 10%, to: 0%, over: 1s }", "type: drop"])("is not what %s says", (fault) => {
    expect(experimentOf(withFault(fault)).faults).toHaveLength(1);
    expect(placesOf(withFault(fault))).toEqual([]);
  });
});

describe("ordinals and matches that nothing reaches", () => {
  test.each([
    ["type: reset, layer: connection, per: connection, after: 1", "after: ", "reset-1 hits nothing: each connection is the first one of its own"],
    ["type: latency, layer: connection, delay: 1s, per: connection, every: 2", "every: ", "latency-1 hits nothing: each connection is the first one of its own"],
    ["type: down, after: 1", "after: ", "down-1 hits nothing: its window opens once, and what counts are its openings"],
    ["type: down, for: 1s, every: 3, flap: { on: 300ms, off: 300ms }", "every: ", "down-1 hits nothing: its window opens 2 times, and what counts are its openings"],
    ["type: drop, match: { path: /a?b=1 }", "/a", "drop-1 hits nothing: its path has a ?, and paths are matched without their query"],
  ])("are a warning: %s", (fault, at, message) => {
    const text = withFault(fault);
    expect(issueOf(text)).toMatchObject({ code: "never-hits", message, severity: "warning", line: 12, column: lead + fault.indexOf(at) + 1 });
    expect(experimentOf(text).faults).toHaveLength(1);
  });

  test.each(["type: down, for: 1s, every: 2, flap: { on: 300ms, off: 300ms }", "type: reset, layer: connection, after: 1", "type: drop, per: connection, after: 4", "type: websocket-drop, per: connection, every: 3", "type: drop, match: { path: { regex: 'a?b' } }"])("are not %s", (fault) => {
    expect(placesOf(withFault(fault))).toEqual([]);
  });
});

describe("Retry-After", () => {
  test.each(["type: error, retryAfter: 3000000000h, retryAfterAs: http-date", "type: error, retryAfter: 1000001h", "type: rate-limit, limit: 1/s, retryAfter: 1000001h"])("is bounded: %s", (fault) => {
    expect(issueOf(withFault(fault))).toMatchObject({ code: "bad-value", message: expect.stringMatching(/^retryAfter: expected at most "1000000h", a century, got "\d+h"$/) as string, line: 12, column: lead + fault.indexOf("retryAfter: ") + "retryAfter: ".length + 1 });
  });

  test("of a century can be told as a date", () => {
    expect(experimentOf(withFault("type: error, retryAfter: 1000000h, retryAfterAs: http-date")).faults[0]?.params).toMatchObject({ retryAfterDateMs: 3.6e12 });
    expect(new Date(Date.now() + 3.6e12).toUTCString()).toMatch(/ 2\d{3} /);
  });

  test("is not said twice, whatever the case of the header", () => {
    const fault = "type: error, retryAfter: 2s, headers: { retry-After: 5 }";
    expect(issueOf(withFault(fault.replace("5", '"5"')))).toMatchObject({ code: "bad-value", message: 'retry-After: expected either retryAfter or this header, got both', line: 12, column: lead + fault.indexOf("5") + 1 });
  });
});
