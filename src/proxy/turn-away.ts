import type { Socket } from "node:net";
import type { Timer } from "../model/env.ts";
import type { Decided } from "../faults/subject.ts";
import type { LaneConnection, LaneContext } from "./lane.ts";
import { reset } from "./reset.ts";

/** From our FIN on the client may go on sending for so long: closing on bytes unread would be a reset. */
const lingerMs = 2000;

/** Why a connection is not served, and how it ends. */
export interface Refusal {
  readonly how: "fin" | "rst";
  /** The fault that admits no more; absent: it is more than the proxy itself takes. */
  readonly decided?: Decided;
}

/** Ends a connection as soon as it was accepted, by no lane, because no more are admitted; it is witnessed all the same. */
export function turnAway(client: Socket, context: LaneContext, { decided, how }: Refusal): LaneConnection {
  const { env, proxy, caller, conn } = context;
  const openMs = env.nowMs();
  const peer = `${client.remoteAddress ?? "unknown"}:${client.remotePort ?? 0}`;
  let linger: Timer | undefined;
  client.on("error", () => undefined);
  client.on("close", () => {
    linger?.cancel();
    const closeMs = env.nowMs();
    context.record({
      kind: "connection", atMs: closeMs, proxy: proxy.name, caller, conn, openMs, closeMs, peer, exchanges: 0, requestBytes: 0, responseBytes: 0,
      closedBy: decided === undefined ? "proxy" : "fault", how, upstreamReached: false,
      ...(decided === undefined ? {} : { faults: [{ fault: decided.fault, decision: "applied", ...(decided.n === undefined ? {} : { n: decided.n }), effect: "admit", actedMs: openMs }] }),
    });
    context.closed();
  });
  if (how === "rst") reset(client);
  else {
    client.end();
    client.resume();
    linger = env.after(lingerMs, () => client.destroy());
  }
  return { faultsChanged: () => undefined, stop: () => void client.destroy(), leave: () => void client.destroy(), cut: () => reset(client) };
}
