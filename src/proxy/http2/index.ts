/**
 * The http2 lane: node:http2 on both sides, cleartext with prior knowledge or over TLS; each client connection has one session with upstream.
 * A stream of the client is an exchange (exchange.ts). It goes: client stream → flow (holds, effects on data) → upstream stream, and back the same way;
 * connection.ts wires the two sessions. Bytes of exchanges are counted as data and the characters of fields, before compression.
 * May import: model, units, math, faults, the lane's border above it, what acts on bytes (tcp), and what both lanes of HTTP know (http1: the client's side, limits, the witness).
 * To add an effect on an exchange: a case in steps.ts (on the request's way, or the response's) and one in effects.ts; on data, in data-shape.ts.
 */
import type { ProxyConfig } from "../../model/data-plane.ts";
import type { Limits } from "../http1/limits.ts";
import type { Lane } from "../lane.ts";
import { Http2Connection } from "./connection.ts";
import { defaultLimits } from "./limits.ts";

export const http2: Lane = http2Within({});

/** The lane with other limits, where a proxy says nothing of them. */
export function http2Within(limits: Partial<Limits>): Lane {
  const perProxy = new WeakMap<ProxyConfig, Limits>();
  return (client, context) => {
    const { proxy } = context;
    const all = perProxy.get(proxy) ?? { ...defaultLimits, ...limits, ...proxy.limits };
    perProxy.set(proxy, all);
    return new Http2Connection(client, context, all);
  };
}
