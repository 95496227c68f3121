import type { Socket } from "node:net";
import { findFaultType } from "../../src/faults/index.ts";
import { Selector } from "../../src/faults/select.ts";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import type { Env } from "../../src/model/env.ts";
import type { ConnectionRecord, ExchangeRecord, WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Selection } from "../../src/model/selection.ts";
import { http1Within } from "../../src/proxy/http1/index.ts";
import type { Limits } from "../../src/proxy/http1/limits.ts";
import { ProxyServer } from "../../src/proxy/proxy-server.ts";
import { createSteadyEnv } from "../support/steady-env.ts";
import { Caller, serve } from "./wire.ts";

export const tracePrefix = "0123456789abcdef";

export interface EdgeOptions {
  readonly limits?: Partial<Limits>;
  readonly proxy?: Partial<ProxyConfig>;
  readonly env?: Env;
  /** Where other proxies have connections in the same run. */
  readonly nextConn?: () => number;
}

/** A proxy with the http1 lane, `edge`, on real sockets before an upstream. */
export async function startEdge(upstreamPort: number, { limits = {}, proxy = {}, env = createSteadyEnv(), nextConn = counter() }: EdgeOptions = {}) {
  const records: WitnessRecord[] = [];
  const selectorOf = (faults: readonly Fault[]): Selector => new Selector({ seed: "test", epoch: 1, faults, startMs: env.nowMs() });
  const server = new ProxyServer({
    env, lane: http1Within(limits), selector: selectorOf([]), run: { seed: "test", tracePrefix }, nextConn, record: (record) => records.push(record),
    config: {
      name: "edge", lane: "http1", upstream: { host: "127.0.0.1", port: upstreamPort }, host: "keep", correlate: { by: "trace" },
      listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }], ...proxy,
    },
  });
  const [listening] = await server.open();
  return {
    env, records, server,
    port: listening?.port ?? 0,
    setFaults: (...faults: readonly Fault[]): void => server.setFaults(selectorOf(faults), false),
    lift: (release = false): void => server.setFaults(selectorOf([]), release),
    exchanges: (): ExchangeRecord[] => records.filter((record) => record.kind === "exchange"),
    connections: (): ConnectionRecord[] => records.filter((record) => record.kind === "connection"),
    issues: () => records.filter((record) => record.kind === "witness-issue"),
  };
}

export function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}

/** A fault of the layer exchange on `edge` that hits all, unless told otherwise. */
export function exchangeFault(type: string, written: JsonObject, selection: Partial<Selection> = {}, name = `${type}-1`): Fault {
  const params = findFaultType(type, "exchange")?.params.parse(written) as JsonObject;
  return { name, type, layer: "exchange", proxy: "edge", direction: "response", params, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", ...selection } };
}

/** What a test has to undo at its end, last first. */
export type Undo = (() => unknown)[];

/** An upstream, an edge before it, and callers; all are undone at the end of the test. */
export async function setUpEdge(undo: Undo, handle: (socket: Socket) => void, options: EdgeOptions = {}) {
  const upstream = await serve(handle);
  undo.push(() => upstream.close());
  const edge = await startEdge(upstream.port, options);
  undo.push(() => edge.server.close());
  const call = (): Caller => {
    const caller = new Caller(edge.port);
    undo.push(() => caller.close());
    return caller;
  };
  return { upstream, edge, call };
}

/** Hands each request head (with whatever came in the same packet) to `answer`, as text. Good for requests that come one per packet. */
export function answering(answer: (request: string, socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    socket.on("data", (bytes) => answer(bytes.toString("latin1"), socket));
    socket.on("end", () => socket.end());
  };
}

export const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
