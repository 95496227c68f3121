import { z } from "zod";
import { LocalEngine } from "../../src/engines/index.ts";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import type { Env } from "../../src/model/env.ts";
import type { ConnectionRecord, WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { findFaultType } from "../../src/faults/index.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Selection } from "../../src/model/selection.ts";
import { createDataPlane } from "../../src/proxy/index.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";

/** A data plane with one tcp proxy, `edge`, on real sockets. */
export async function startPlane(options: { readonly upstreamPort: number; readonly listeners?: ProxyConfig["listeners"]; readonly limits?: ProxyConfig["limits"]; readonly env?: Env }) {
  const env = options.env ?? createSystemEnv();
  const records: WitnessRecord[] = [];
  const engine = new LocalEngine(createDataPlane(env), (batch) => records.push(...batch));
  const listening = await engine.start({
    seed: "test",
    tracePrefix: "0123456789abcdef",
    proxies: [{
      name: "edge", lane: "tcp", upstream: { host: "127.0.0.1", port: options.upstreamPort }, host: "keep", correlate: { by: "none" },
      listeners: options.listeners ?? [{ caller: "default", host: "127.0.0.1", port: 0 }], limits: options.limits ?? {},
    }],
  });
  return {
    engine, env, records, listening,
    port: listening[0]?.port ?? 0,
    connections: (): ConnectionRecord[] => records.filter((record) => record.kind === "connection"),
    wait: (ms: number): Promise<void> => new Promise((resolve) => env.after(ms, resolve)),
  };
}

/** A fault of the layer connection on `edge`, with parameters as an author writes them; its window is the whole of `during` and it hits all, unless told otherwise. */
export function connectionFault(type: string, params: JsonObject, selection: Partial<Selection> = {}, direction?: Fault["direction"]): Fault {
  const known = findFaultType(type, "connection");
  const parsed = z.record(z.string(), z.json()).parse(known?.params.parse(params));
  return { name: `${type}-1`, type, layer: "connection", proxy: "edge", direction: direction ?? known?.direction ?? "response", params: parsed, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", ...selection } };
}
