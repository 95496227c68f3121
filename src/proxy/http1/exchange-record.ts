import type { ExchangeRecord } from "../../model/event.ts";
import { abridged } from "../abridged.ts";
import type { LaneContext } from "../lane.ts";
import type { Exchange } from "./exchange.ts";

type Draft = { -readonly [K in keyof ExchangeRecord]: ExchangeRecord[K] };

const maxPathLength = 1024;

/** The witness's record of an exchange that is over. */
export function exchangeRecord(exchange: Exchange, { proxy, caller, conn }: LaneContext, atMs: number): ExchangeRecord {
  const { nth, target, startMs, requestEndMs, headMs, endMs, leftMs, requestBytes, responseBytes, end, passedOn, trace, key, idempotencyKey, retryAfter, faults, status } = exchange;
  const method = abridged(exchange.method);
  const path = withoutUser(target.length > maxPathLength ? target.slice(0, maxPathLength) : target);
  // Records live long and are many: the usual one is made in one piece, which is smaller than one that grows.
  const isUsual = requestEndMs >= 0 && headMs >= 0;
  const record: Draft = isUsual
    ? { kind: "exchange", atMs, proxy: proxy.name, caller, conn, nth, method, path, startMs, requestEndMs, headMs, endMs, status, requestBytes, responseBytes, end, passedOn }
    : { kind: "exchange", atMs, proxy: proxy.name, caller, conn, nth, method, path, startMs, endMs, requestBytes, responseBytes, end, passedOn };
  if (!isUsual) {
    if (requestEndMs >= 0) record.requestEndMs = requestEndMs;
    if (headMs >= 0) {
      record.headMs = headMs;
      record.status = status;
    }
  }
  if (exchange.authority !== undefined) record.authority = abridged(exchange.authority);
  if (exchange.isSeenThrough) record.carries = "http";
  if (trace !== undefined) record.trace = trace;
  if (faults !== undefined) record.faults = faults;
  if (key !== undefined) record.key = abridged(key);
  if (idempotencyKey !== undefined) record.idempotencyKey = abridged(idempotencyKey);
  if (retryAfter !== undefined && headMs >= 0) record.retryAfter = abridged(retryAfter);
  if (leftMs >= 0 && exchange.leftBy !== undefined) {
    record.leftMs = leftMs;
    record.leftBy = exchange.leftBy;
    if (exchange.afterFin !== undefined) record.afterFin = exchange.afterFin;
  }
  return record;
}

/** User and password that a whole URL names, or a CONNECT, are nobody else's. */
function withoutUser(target: string): string {
  return target.startsWith("/") ? target : target.replace(/^([a-z][a-z\d+.-]*:\/\/)?[^/?#]*@/i, "$1[redacted]@");
}
