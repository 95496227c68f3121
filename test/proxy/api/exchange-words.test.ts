import { describe, expect, it } from "vitest";
import type { ConnectionRecord, ExchangeRecord, FaultRecord } from "../../../src/model/event.ts";
import { describePassage } from "../../../src/proxy/api/exchange-words.ts";
import { aConnection, anExchange } from "./records.ts";

const zeroMs = Date.UTC(2026, 0, 2, 3, 4, 5);

describe("an exchange in words", () => {
  it("says when, what, how much, how it ended and what hit it", () => {
    const faults: readonly FaultRecord[] = [
      { fault: "slow", decision: "applied", n: 1, effect: "delay", actedMs: 1_001, releasedMs: 1_201 },
      { fault: "rare", decision: "rate", n: 1 },
    ];
    expect(describePassage(anExchange({ faults, trace: "ab" }), zeroMs)).toEqual({
      kind: "exchange", time: "2026-01-02T03:04:06.000Z", timeMs: zeroMs + 1_000, proxy: "payments", caller: "default", connection: 3, exchange: 1, method: "POST", path: "/pay", status: 201,
      requestBytes: 120, responseBytes: 340, firstByteMs: 240, durationMs: 250.123, end: "complete", ended: "answered whole", reachedUpstream: true, trace: "ab",
      toxics: [
        { toxic: "slow", applied: true, n: 1, effect: "delay", what: "held back", actedForMs: 200 },
        { toxic: "rare", applied: false, n: 1, what: "spared by the draw of its toxicity, or by what it has counted" },
      ],
    });
  });

  it.each<[Partial<ExchangeRecord>, string]>([
    [{ end: "client-left", leftBy: "rst" }, "the caller reset the connection before the end of the answer"],
    [{ end: "client-left", leftBy: "fin" }, "the caller closed the connection before the end of the answer"],
    [{ end: "upstream-lost" }, "upstream closed or reset the connection before the end of its answer"],
    [{ end: "upstream-unreachable" }, "upstream could not be reached"],
    [{ end: "dropped" }, "a toxic closed the connection"],
    [{ end: "reset" }, "a toxic reset the connection"],
  ])("that ended %j", (over, ended) => {
    expect(describePassage(anExchange(over), zeroMs)).toMatchObject({ ended });
  });

  it.each<[Partial<FaultRecord>, string]>([
    [{ decision: "match" }, "spared: not one that its match names"], [{ decision: "window" }, "spared: outside its window of time"], [{ decision: "ordinal" }, "spared: not its turn by after, every, first or attempt"],
    [{ decision: "applied" }, "applied, but it was over before the caller could notice"], [{ decision: "applied", effect: "respond", actedMs: 1 }, "answered in upstream's place"],
  ])("with a toxic that was %j", (over, what) => {
    expect(describePassage(anExchange({ faults: [{ fault: "f", decision: "rate", ...over }] }), zeroMs)).toMatchObject({ toxics: [{ toxic: "f", what }] });
  });

  it("of a WebSocket counts its messages", () => {
    const inside = { epoch: 1, applied: 2, felt: 1, missed: { match: 1, window: 0, ordinal: 0, rate: 4 } };
    expect(describePassage(anExchange({ faults: [{ fault: "f", decision: "applied", inside }] }), zeroMs)).toMatchObject({ toxics: [{ messages: { applied: 2, felt: 1, spared: 5 } }] });
  });
});

describe("a connection in words", () => {
  it("says who ended it, and for how long a toxic had hold of it", () => {
    expect(describePassage(aConnection({ closedBy: "fault", how: "rst", faults: [{ fault: "cut", decision: "applied", n: 2, effect: "reset", actedMs: 1_900 }] }), zeroMs)).toEqual({
      kind: "connection", time: "2026-01-02T03:04:06.500Z", timeMs: zeroMs + 1_500, proxy: "payments", caller: "default", connection: 4, peer: "127.0.0.1:5555", exchanges: 0, requestBytes: 10, responseBytes: 20,
      durationMs: 500, closedBy: "fault", how: "rst", ended: "reset by a toxic", reachedUpstream: true, toxics: [{ toxic: "cut", applied: true, n: 2, effect: "reset", what: "reset", actedForMs: 100 }],
    });
  });

  it("leaves out the pauses between a toxic's holds", () => {
    const faults: readonly FaultRecord[] = [{ fault: "slow", decision: "applied", n: 1, effect: "throttle", actedMs: 1_600, pauses: [{ fromMs: 1_700, toMs: 1_800 }], releasedMs: 1_850 }];
    expect(describePassage(aConnection({ faults }), zeroMs)).toMatchObject({ toxics: [{ toxic: "slow", actedForMs: 150 }] });
  });

  it("says what upstream got and gave, where a toxic kept some of it", () => {
    expect(describePassage(aConnection({ upstreamBytes: { got: 4, gave: 90 } }), zeroMs)).toMatchObject({ requestBytes: 10, responseBytes: 20, upstreamGotBytes: 4, upstreamGaveBytes: 90 });
  });

  it.each<[Partial<ConnectionRecord>, string]>([
    [{ closedBy: "client" }, "closed by the caller"], [{ closedBy: "upstream", how: "rst" }, "reset by upstream"], [{ closedBy: "upstream", how: "rst", upstreamReached: false }, "upstream could not be reached"],
    [{ closedBy: "proxy" }, "closed by the proxy, as it was closed, changed or disabled"],
  ])("that ended %j", (over, ended) => {
    expect(describePassage(aConnection(over), zeroMs)).toMatchObject({ ended });
  });
});
