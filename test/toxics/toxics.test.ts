import { describe, expect, test } from "vitest";
import { findFaultType } from "../../src/faults/index.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { asFloat32, attributeProblems, directionOf, findToxicType, readStream, toxicOf, toxicTypes, withDefaults } from "../../src/toxics/index.ts";
import type { Attributes, ToxicType } from "../../src/toxics/index.ts";
import { fc } from "../support/properties.ts";

/** A toxic, and the fault as its author would have written it. */
const sayings: readonly (readonly [string, Attributes, string, Record<string, unknown>])[] = [
  ["latency", { latency: 200, jitter: 50 }, "latency", { delay: "200ms", jitter: "50ms" }],
  ["latency", { latency: 200, jitter: 0 }, "latency", { delay: "200ms" }],
  ["bandwidth", { rate: 100 }, "bandwidth", { throughput: "100KB/s" }],
  ["bandwidth", { rate: 100, scope: "proxy" }, "bandwidth", { throughput: "100KB/s", scope: "proxy" }],
  ["slow_close", { delay: 2000 }, "slow-close", { delay: "2s" }],
  ["timeout", { timeout: 300 }, "blackhole", { closeAfter: "300ms" }],
  ["timeout", { timeout: 0 }, "blackhole", {}],
  ["reset_peer", { timeout: 0 }, "reset", { delay: "0ms", holds: true }],
  ["reset_peer", { timeout: 500 }, "reset", { delay: "500ms", holds: true }],
  ["slicer", { average_size: 64, size_variation: 16, delay: 10_500 }, "slicer", { size: "64B", variation: "16B", spacing: "10.5ms" }],
  ["limit_data", { bytes: 4096 }, "limit-data", { bytes: "4KiB" }],
  ["packet_loss", { loss_rate: 0.02, correlation: 0 }, "packet-loss", { loss: "2%" }],
  ["packet_loss", { loss_rate: 0.2, correlation: 0.5 }, "packet-loss", { loss: "20%", burst: 2.5 }],
];

function toxic(type: string): ToxicType {
  const found = findToxicType(type);
  if (found === undefined) throw new Error(`no toxic ${type}`);
  return found;
}

function faultOf(type: string, params: Fault["params"], over: Partial<Fault> = {}): Fault {
  return { name: "x", type, layer: "connection", proxy: "p", direction: "response", selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" }, params, ...over };
}

describe("toxics", () => {
  test("are those of Toxiproxy, all of them", () => {
    expect(toxicTypes.map(({ type }) => type).toSorted()).toEqual(["bandwidth", "latency", "limit_data", "noop", "packet_loss", "reset_peer", "slicer", "slow_close", "timeout"]);
  });

  test.each(sayings)("%s %j is the fault %s %j", (type, attributes, faultType, written) => {
    const fault = toxic(type).toFault(attributes);
    expect(fault?.type).toBe(faultType);
    const schema = findFaultType(faultType, "connection")?.params;
    expect(fault?.params).toEqual(JSON.parse(JSON.stringify(schema?.parse(written))));
  });

  test.each(sayings)("%s %j comes back from its fault", (type, attributes) => {
    const known = toxic(type);
    const fault = known.toFault(attributes);
    expect(fault && known.fromFault(fault)).toEqual(attributes);
  });

  test("keep what Toxiproxy's clients may say and an experiment may not: a rate of nothing, a delay of nothing, a reset that waits", () => {
    expect(toxic("bandwidth").toFault({ rate: 0 })?.params).toEqual({ throughput: 0, scope: "connection" });
    expect(toxic("latency").toFault({ latency: 0, jitter: 0 })?.params).toMatchObject({ delayMs: 0, jitterMs: 0 });
    expect(toxic("reset_peer").toFault({ timeout: 500 })?.params).toEqual({ at: "accept", delay: 500, holds: true });
    expect(toxic("packet_loss").toFault({ loss_rate: 0, correlation: 0 })?.params).toMatchObject({ loss: 0 });
    expect(toxic("packet_loss").toFault({ loss_rate: 1, correlation: 0 })).toMatchObject({ type: "bandwidth", params: { throughput: 0 } });
  });

  test("noop is no fault", () => {
    expect(toxic("noop").toFault({})).toBeUndefined();
  });

  test("are found with - for _, and in no other case", () => {
    expect(findToxicType("slow-close")?.type).toBe("slow_close");
    expect(findToxicType("Latency")).toBeUndefined();
    expect(findToxicType("constructor")).toBeUndefined();
  });
});

describe("attributes", () => {
  test("are zero where they are left out, in Toxiproxy's order, and unknown ones are dropped", () => {
    expect(Object.entries(withDefaults(toxic("latency"), { jitter: 3, other: 1 }))).toEqual([["latency", 0], ["jitter", 3]]);
    expect(withDefaults(toxic("bandwidth"), {})).toEqual({ rate: 0 });
    expect(withDefaults(toxic("bandwidth"), { scope: "proxy" })).toEqual({ rate: 0, scope: "proxy" });
    expect(withDefaults(toxic("noop"), { latency: 1 })).toEqual({});
  });

  test.each([
    ["latency", { latency: -100 }, "latency"],
    ["latency", { jitter: 2 ** 62 }, "jitter"],
    ["latency", { latency: 2 ** 31 - 1, jitter: 1 }, "jitter"],
    ["latency", { latency: 1.5 }, "latency"],
    ["bandwidth", { rate: -1 }, "rate"],
    ["bandwidth", { rate: 1, scope: "everyone" }, "scope"],
    ["slow_close", { delay: -1 }, "delay"],
    ["timeout", { timeout: -1 }, "timeout"],
    ["reset_peer", { timeout: 2 ** 31 }, "timeout"],
    ["slicer", {}, "average_size"],
    ["slicer", { average_size: 10, size_variation: 11 }, "size_variation"],
    ["slicer", { average_size: 10, size_variation: 20 }, "size_variation"],
    ["slicer", { average_size: 10, delay: -1 }, "delay"],
    ["limit_data", { bytes: -1 }, "bytes"],
    ["packet_loss", { loss_rate: 1.1 }, "loss_rate"],
    ["packet_loss", { loss_rate: 0.5, correlation: -0.1 }, "correlation"],
  ])("%s %j is refused for its %s", (type, given, attribute) => {
    const known = toxic(type);
    expect(attributeProblems(known, withDefaults(known, given)).map((problem) => problem.attribute)).toEqual([attribute]);
  });

  test("say all that is wrong with them, what was expected and got", () => {
    expect(attributeProblems(toxic("latency"), { latency: -1, jitter: -2 })).toEqual([
      { attribute: "latency", message: "expected a whole number of ms from 0 to 2147483647, got -1" },
      { attribute: "jitter", message: "expected a whole number of ms from 0 to 2147483647, got -2" },
    ]);
  });

  test("are in range with their defaults for every type but slicer, which has to be told its size", () => {
    const wrong = toxicTypes.filter((known) => attributeProblems(known, withDefaults(known, {})).length > 0);
    expect(wrong.map(({ type }) => type)).toEqual(["slicer"]);
  });

  test("a mean burst of lost packets never gets endless", () => {
    expect(toxic("packet_loss").toFault({ loss_rate: 0.5, correlation: 1 })?.params["burst"]).toBe(10_000);
  });
});

describe("a fault in Toxiproxy's words", () => {
  test("is a toxic on its stream, with its rate as toxicity", () => {
    const fault = faultOf("latency", { delayMs: 100, jitterMs: 0, distribution: "uniform" }, { direction: "request" });
    expect(toxicOf({ ...fault, selection: { ...fault.selection, rateShare: 0.3 } })).toEqual({ type: "latency", attributes: { latency: 100, jitter: 0 }, toxicity: 0.3, streams: ["upstream"] });
    expect(toxicOf({ ...fault, direction: "both" })?.streams).toEqual(["upstream", "downstream"]);
  });

  test.each([
    ["on calls", faultOf("latency", { delayMs: 100, jitterMs: 0, distribution: "uniform" }, { layer: "exchange" })],
    ["of another distribution", faultOf("latency", { delayMs: 100, jitterMs: 10, distribution: "normal" })],
    ["with a part of a ms", faultOf("latency", { delayMs: 0.5, jitterMs: 0, distribution: "uniform" })],
    ["in a window", faultOf("latency", { delayMs: 100, jitterMs: 0, distribution: "uniform" }, { selection: { fromMs: 0, forMs: 100, after: 0, every: 1, rateShare: 1, per: "fault" } })],
    ["of each second connection", faultOf("latency", { delayMs: 100, jitterMs: 0, distribution: "uniform" }, { selection: { fromMs: 0, after: 0, every: 2, rateShare: 1, per: "fault" } })],
    ["at a rate that is no whole number of KB/s", faultOf("bandwidth", { throughput: 1500, scope: "connection" })],
    ["by RST after some bytes", faultOf("limit-data", { bytes: 10, end: "reset" })],
    ["after some bytes", faultOf("reset", { at: "response", afterBytes: 10 })],
    ["with another retransmission", faultOf("packet-loss", { loss: 0.1, retransmit: 300 })],
    ["that it has no word for", faultOf("down", { keepOpen: false })],
  ])("has none %s", (_claim, fault) => {
    expect(toxicOf(fault)).toBeUndefined();
  });
});

describe("streams and toxicity", () => {
  test("a stream is meant in any case", () => {
    expect([readStream("UPSTREAM"), readStream("DownStream"), readStream("sideways")]).toEqual(["upstream", "downstream", undefined]);
    expect([directionOf("upstream"), directionOf("downstream")]).toEqual(["request", "response"]);
  });

  test("toxicity has 32 bits and as few digits as that takes", () => {
    expect([0, 1, 0.1, 0.3, 0.5, 0.123456789, 1e-7, 0.99999999].map(asFloat32)).toEqual([0, 1, 0.1, 0.3, 0.5, 0.12345679, 1e-7, 1]);
  });

  test("toxicity that was read back is the same", () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (value) => {
      const once = asFloat32(value);
      expect(Math.fround(once)).toBe(Math.fround(value));
      expect(asFloat32(once)).toBe(once);
    }));
  });
});
