import type { ConnectionRecord, ExchangeRecord } from "../../../src/model/event.ts";

export function anExchange(over: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    kind: "exchange", atMs: 1_250, proxy: "payments", caller: "default", conn: 3, nth: 1, method: "POST", path: "/pay", startMs: 1_000, requestEndMs: 1_001, headMs: 1_240, endMs: 1_250.1234,
    status: 201, requestBytes: 120, responseBytes: 340, end: "complete", passedOn: true, ...over,
  };
}

export function aConnection(over: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    kind: "connection", atMs: 2_000, proxy: "payments", caller: "default", conn: 4, openMs: 1_500, closeMs: 2_000, peer: "127.0.0.1:5555", exchanges: 0,
    requestBytes: 10, responseBytes: 20, closedBy: "client", how: "fin", upstreamReached: true, ...over,
  };
}
