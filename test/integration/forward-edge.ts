import type { Socket } from "node:net";
import { setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { serve } from "./wire.ts";

/** A forward proxy, `edge`, and two hosts that it may be told to call: `here` and `there`. */
export async function setUpForward(undo: Undo, handle: (socket: Socket, host: "here" | "there") => void, forward: { readonly hosts?: readonly string[]; readonly allowHosts?: readonly string[] } = {}) {
  const there = await serve((socket) => handle(socket, "there"));
  undo.push(() => there.close());
  const { upstream: here, edge, call } = await setUpEdge(undo, (socket) => handle(socket, "here"), { proxy: { forward: { allowHosts: [], ...forward } } });
  const authorityOf = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`;
  return { here, there, edge, call, toHere: authorityOf(here), toThere: authorityOf(there) };
}
