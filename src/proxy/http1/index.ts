/**
 * The http1 lane: HTTP/1.x framed on the raw sockets, bytes passed on as they came.
 * Bytes go: socket → reader (cuts them into messages) → pipeline (order, holds, effects) → the other socket; connection.ts wires the two sides.
 * To add an effect on an exchange: a case in steps.ts (on the request's way, or the response's) and one in effects.ts; on the bytes of a message, in shape.ts.
 */
import type { Lane } from "../lane.ts";
import { Http1Connection } from "./connection.ts";
import { defaultLimits } from "./limits.ts";
import type { Limits } from "./limits.ts";

export const http1: Lane = http1Within({});

/** The lane with other limits. */
export function http1Within(limits: Partial<Limits>): Lane {
  const all = { ...defaultLimits, ...limits };
  return (client, context) => new Http1Connection(client, context, all);
}
