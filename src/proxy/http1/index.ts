/**
 * The http1 lane: HTTP/1.x framed on the raw sockets, bytes passed on as they came.
 * Bytes go: socket → reader (cuts them into messages) → pipeline (order, holds, effects) → the other socket; connection.ts wires the two sides.
 * In forward mode a request names its host: forwarding.ts says who is let through and how its head goes on (forward-target.ts, head-rewrite.ts; the list of
 * hosts is ../forward-policy.ts), forward-side.ts holds a connection for each host.
 * May import: model, units, math, faults, the lane's border above it, and of its neighbours message, websocket and what acts on bytes (tcp).
 * To add an effect on an exchange: a case in steps.ts (on the request's way, or the response's) and one in effects.ts; on the bytes of a message, in shape.ts; on a message as a whole, in message-effects.ts.
 */
import type { ProxyConfig } from "../../model/data-plane.ts";
import type { Lane } from "../lane.ts";
import { Http1Connection } from "./connection.ts";
import { defaultLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";

export const http1: Lane = http1Within({});

/** The lane with other limits, where a proxy says nothing of them. */
export function http1Within(limits: Partial<Limits>): Lane {
  const perProxy = new WeakMap<ProxyConfig, Limits>();
  return (client, context) => {
    const { proxy } = context;
    const all = perProxy.get(proxy) ?? { ...defaultLimits, ...limits, ...proxy.limits };
    perProxy.set(proxy, all);
    return new Http1Connection(client, context, all);
  };
}
