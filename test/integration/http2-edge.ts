import { Selector } from "../../src/faults/select.ts";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import type { Env } from "../../src/model/env.ts";
import type { ConnectionRecord, ExchangeRecord, WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { http2Within } from "../../src/proxy/http2/index.ts";
import type { Limits } from "../../src/proxy/http1/limits.ts";
import { ProxyServer } from "../../src/proxy/proxy-server.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { tracePrefix } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

export interface Http2EdgeOptions {
  readonly limits?: Partial<Limits>;
  readonly proxy?: Partial<ProxyConfig>;
  readonly env?: Env;
}

/** A proxy with the http2 lane, `edge`, on real sockets before an upstream; closed at the end of the test. */
export async function startHttp2Edge(undo: Undo, upstreamPort: number, { limits = {}, proxy = {}, env = createSystemEnv() }: Http2EdgeOptions = {}) {
  const records: WitnessRecord[] = [];
  let connections = 0;
  const selectorOf = (faults: readonly Fault[]): Selector => new Selector({ seed: "test", epoch: 1, faults, startMs: env.nowMs() });
  const server = new ProxyServer({
    env, lane: http2Within(limits), selector: selectorOf([]), run: { seed: "test", tracePrefix }, nextConn: () => (connections += 1), record: (record) => records.push(record),
    config: {
      name: "edge", lane: "http2", upstream: { host: "127.0.0.1", port: upstreamPort }, host: "keep", correlate: { by: "trace" },
      listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }], ...proxy,
    },
  });
  const [listening] = await server.open();
  undo.push(() => server.close());
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
