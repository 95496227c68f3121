import type { ExchangeEnd, ExchangeRecord, FaultRecord } from "../../model/event.ts";
import { abridged } from "../abridged.ts";
import type { LaneContext } from "../lane.ts";
import type { BodyProbe } from "../http1/correlation.ts";
import type { RequestHead } from "./request-head.ts";

const maxPathLength = 1024;

/** What the witness writes down of an exchange while it goes on. */
export class Witness {
  readonly nth: number;
  readonly head: RequestHead;
  readonly startMs: number;
  key: string | undefined;
  /** Looks for the key in the data of the request, when it stands there. */
  jsonKey: BodyProbe | undefined;
  faults: readonly FaultRecord[] | undefined;
  requestEndMs: number | undefined;
  headMs: number | undefined;
  endMs = 0;
  leftMs: number | undefined;
  leftBy: ExchangeRecord["leftBy"];
  status = 0;
  grpcStatus: number | undefined;
  retryAfter: string | undefined;
  requestBytes = 0;
  responseBytes = 0;
  passedOn = false;
  /** Absent while it is not over. */
  end: ExchangeEnd | undefined;

  constructor(head: RequestHead, nth: number, startMs: number) {
    this.head = head;
    this.nth = nth;
    this.startMs = startMs;
  }

  record({ proxy, caller, conn }: LaneContext, atMs: number): ExchangeRecord {
    const { nth, head, key = this.jsonKey?.key(), faults, startMs, requestEndMs, headMs, endMs, leftMs, leftBy, grpcStatus, retryAfter, requestBytes, responseBytes, passedOn, end = "open" } = this;
    const { method, target, trace, idempotencyKey } = head;
    return {
      kind: "exchange", atMs, proxy: proxy.name, caller, conn, nth, method: abridged(method), path: target.length > maxPathLength ? target.slice(0, maxPathLength) : target, startMs,
      ...(requestEndMs !== undefined && { requestEndMs }),
      ...(headMs !== undefined && { headMs, status: this.status }),
      endMs, requestBytes, responseBytes, end, passedOn,
      ...(grpcStatus !== undefined && { grpcStatus }),
      ...(trace !== undefined && { trace }), ...(faults !== undefined && { faults }), ...(key !== undefined && { key: abridged(key) }), ...(idempotencyKey !== undefined && { idempotencyKey: abridged(idempotencyKey) }),
      ...(retryAfter !== undefined && headMs !== undefined && { retryAfter: abridged(retryAfter) }),
      ...(leftMs !== undefined && leftBy !== undefined && { leftMs, leftBy }),
    };
  }
}
