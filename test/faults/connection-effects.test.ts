import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { beyondLane } from "../../src/faults/carried-out.ts";
import { findFaultType } from "../../src/faults/index.ts";

const typeOf = (name: string) => {
  const type = findFaultType(name, "connection");
  if (type === undefined) throw new Error(`there is no ${name}`);
  return type;
};
const decided = (name: string, params: JsonObject) => {
  const type = typeOf(name);
  return type.decide(type.params.parse(params), type.on === "listener" ? { kind: "listener" } : { kind: "connection", id: 1 }, { n: 1, attempt: 1, sinceWindowMs: 0, direction: "request" }, () => 0);
};
const problems = (name: string, params: JsonObject): readonly string[] => (typeOf(name).params.safeParse(params).error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
const explained = (name: string, params: JsonObject): string => typeOf(name).explain(typeOf(name).params.parse(params));

describe("what faults of connections decide", () => {
  test.each([
    ["bandwidth", { throughput: "100KB/s" }, { kind: "throttle", direction: "request", bytesPerSecond: 100_000, shared: false }],
    ["bandwidth", { throughput: "1MiB/s", scope: "proxy" }, { kind: "throttle", direction: "request", bytesPerSecond: 2 ** 20, shared: true }],
    ["slicer", { size: "64B" }, { kind: "slice", direction: "request", bytes: 64, everyMs: 0, variationBytes: 0 }],
    ["slicer", { size: "64B", variation: "16B", spacing: "10ms" }, { kind: "slice", direction: "request", bytes: 64, everyMs: 10, variationBytes: 16 }],
    ["slow-close", { delay: "2s" }, { kind: "hold-end", direction: "request", delay: { delayMs: 2000, jitterMs: 0, distribution: "uniform" } }],
    ["limit-data", { bytes: "4KiB" }, { kind: "limit", direction: "request", bytes: 4096, how: "fin" }],
    ["limit-data", { bytes: "0B", end: "reset" }, { kind: "limit", direction: "request", bytes: 0, how: "rst" }],
    ["blackhole", {}, { kind: "silence", direction: "request", read: true }],
    ["blackhole", { closeAfter: "5s" }, { kind: "silence", direction: "request", read: true, closeAfterMs: 5000 }],
    ["half-open", {}, { kind: "silence", direction: "both", read: false }],
    ["reset", { delay: "500ms" }, { kind: "reset", at: "accept", afterMs: 500 }],
    ["connection-limit", { connections: 5 }, { kind: "admit", connections: 5, how: "rst" }],
    ["connection-limit", { connections: 1, end: "close" }, { kind: "admit", connections: 1, how: "fin" }],
    ["packet-loss", { loss: "20%" }, { kind: "lose", direction: "request", lossShare: 0.2, burstPackets: 1.25, retransmitMs: 200 }],
    ["packet-loss", { loss: "90%", burst: 9 }, { kind: "lose", direction: "request", lossShare: 0.9, burstPackets: 9, retransmitMs: 200 }],
    ["packet-loss", { loss: "2%", burst: 3, retransmit: "1s" }, { kind: "lose", direction: "request", lossShare: 0.02, burstPackets: 3, retransmitMs: 1000 }],
  ] as const)("%s %j", (name, params, effect) => {
    expect(decided(name, params)).toEqual([effect]);
  });
});

describe("what cannot be is refused in one sentence", () => {
  test.each([
    ["bandwidth", { throughput: "0B/s" }, /^throughput: expected a throughput like .* above 0/],
    ["slicer", { size: "0B" }, /^size: expected a size like .* above 0/],
    ["slicer", { size: "10B", variation: "10B" }, /^variation: expected less than the size of 10B, got 10B/],
    ["packet-loss", { loss: "0%" }, /^loss: expected above 0% and at most 90%/],
    ["packet-loss", { loss: "95%" }, /^loss: expected above 0% and at most 90%/],
    ["packet-loss", { loss: "80%", burst: 2 }, /^burst: expected at least 4, got 2: with 80% lost there are no gaps/],
    ["connection-limit", { connections: 0 }, /^connections: /],
    ["blackhole", { closeAfter: "0ms" }, /^closeAfter: expected a duration like .* above 0/],
  ] as const)("%s %j", (name, params, problem) => {
    const [first, ...others] = problems(name, params);
    expect(first).toMatch(problem);
    expect(others).toEqual([]);
  });
});

test("each says what it does in the field's words", () => {
  expect(explained("bandwidth", { throughput: "1KiB/s" })).toBe("lets 1KiB/s through each connection");
  expect(explained("bandwidth", { throughput: "1KiB/s", scope: "proxy" })).toBe("lets 1KiB/s through all connections together");
  expect(explained("slicer", { size: "64B", variation: "16B", spacing: "10ms" })).toBe("cuts bytes into pieces of 64B ± 16B, 10ms apart");
  expect(explained("packet-loss", { loss: "2%", burst: 3 })).toBe("loses 2% of packets, 3 in a row on average, each sent again after 200ms");
  expect(explained("slow-close", { delay: "2s", jitter: "1s" })).toBe("holds the end of the stream back for 2s ± 1s");
  expect(explained("limit-data", { bytes: "4KiB", end: "reset" })).toBe("resets connections after 4KiB");
  expect(explained("blackhole", { closeAfter: "5s" })).toBe("takes bytes and answers with silence, and closes after 5s");
  expect(explained("connection-limit", { connections: 5, end: "close" })).toBe("closes connections beyond 5 open at once");
});

test("an effect that a lane lacks is named, with the lanes that have it", () => {
  const hang = findFaultType("hang", "exchange");
  expect(hang && beyondLane(hang, hang.params.parse({}), "tcp")).toEqual({ effect: "hang", lanes: ["http1", "http2"] });
  for (const lane of ["http1", "tcp"] as const) expect(beyondLane(typeOf("half-open"), {}, lane)).toBeUndefined();
});
