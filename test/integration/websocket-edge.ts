import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import type { ClientOptions, ServerOptions } from "ws";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Selection } from "../../src/model/selection.ts";
import { exchangeFault, startEdge } from "./http-edge.ts";
import type { EdgeOptions, Undo } from "./http-edge.ts";

/** What one end of a WebSocket has got, in order, and how it was closed. */
export interface End {
  readonly socket: WebSocket;
  readonly got: string[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Resolves when so many messages have come in all. */
  readonly received: (count: number) => Promise<readonly string[]>;
}

function listenTo(socket: WebSocket): End {
  const got: string[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  socket.on("message", (data) => {
    got.push(Buffer.isBuffer(data) ? data.toString() : "");
    for (const { count, resolve } of waiting) if (got.length >= count) resolve();
  });
  socket.on("error", () => undefined);
  return {
    socket, got,
    closed: new Promise((resolve) => socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }))),
    received: async (count) => {
      if (got.length < count) await new Promise<void>((resolve) => waiting.push({ count, resolve }));
      return got;
    },
  };
}

export interface WebSocketEdgeOptions extends EdgeOptions {
  readonly server?: ServerOptions;
  /** What the server does with each WebSocket; default: it sends each message back. */
  readonly serve?: (socket: WebSocket) => void;
}

/** A WebSocket server, an edge before it, and callers; all are undone at the end of the test. */
export async function setUpWebSockets(undo: Undo, { server = {}, serve = sendBack, ...options }: WebSocketEdgeOptions = {}) {
  const upstream = new WebSocketServer({ host: "127.0.0.1", port: 0, ...server });
  const served: End[] = [];
  upstream.on("connection", (socket) => {
    served.push(listenTo(socket));
    serve(socket);
  });
  await once(upstream, "listening");
  undo.push(() => {
    for (const socket of upstream.clients) socket.terminate();
    upstream.close();
  });
  const address = upstream.address();
  const upstreamPort = typeof address === "object" && address !== null ? address.port : 0;
  const edge = await startEdge(upstreamPort, options);
  undo.push(() => edge.server.close());
  return { edge, upstreamPort, served, dial: (path = "/", options: ClientOptions = {}) => dialWebSocket(undo, `ws://127.0.0.1:${edge.port}${path}`, options) };
}

/** The caller's end of a WebSocket, once it is open. */
export async function dialWebSocket(undo: Undo, url: string, options: ClientOptions): Promise<End> {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
  undo.push(() => socket.terminate());
  const end = listenTo(socket);
  await once(socket, "open");
  return end;
}

function sendBack(socket: WebSocket): void {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

/** A fault on the WebSockets of `edge`. */
export function webSocketFault(type: string, written: JsonObject = {}, direction: Fault["direction"] = "response", selection: Partial<Selection> = {}): Fault {
  return { ...exchangeFault(type, written, selection), direction };
}
