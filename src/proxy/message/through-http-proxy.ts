import { Agent, METHODS, createServer } from "node:http";
import type { IncomingMessage, OutgoingMessage } from "node:http";
import { Duplex, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createProxyServer } from "http-proxy";
import { editLines, fieldsOf, linesOf, readHead, writeHead } from "./head.ts";
import type { MessageHead } from "./head.ts";

/** A whole message, its framing undone. */
export interface Message extends MessageHead {
  readonly body: Buffer;
  /** Header lines behind the last chunk. */
  readonly trailers: readonly string[];
}

/** What becomes of a message; its headers must frame the new body. Undefined: it stays as it is. */
export type Change = (message: Message) => Promise<Message | undefined>;

/** The lane takes no larger head than its limit, which is far below this. */
const maxHeaderSize = 1024 * 1024;
/** http-proxy wants to know where it sends to; the connection that it gets leads nowhere. */
const target = "http://upstream";
const anyRequest = Buffer.from("GET / HTTP/1.1\r\n\r\n");

/**
 * A framed message, changed on its way through http-proxy, framed anew; undefined when it is not changed.
 * An answer (not to HEAD or CONNECT) comes back for a request of our own. Rejects when Node or http-proxy do not take the message.
 */
export function throughHttpProxy(kind: "request" | "response", bytes: Buffer, change: Change): Promise<Buffer | undefined> {
  const { head, bodyAt } = readHead(bytes);
  // All of a body is here: nobody need be asked whether it may come.
  const shown = Buffer.concat([writeHead({ startLine: shownLine(kind, head.startLine), lines: editLines(head.lines, { expect: null }) }), bytes.subarray(bodyAt)]);
  const caller = memoryEnd();
  const upstream = memoryEnd();
  const passed = new Promise<Buffer | undefined>((resolve, reject) => {
    const proxy = createProxyServer({ target, agent: agentTo(upstream.stream), selfHandleResponse: true, ssl: { maxHeaderSize } });
    const server = createServer({ maxHeaderSize, requireHostHeader: false, headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 });
    /** Sends the changed message out in the place of the one that has come. */
    const exchange = async (incoming: IncomingMessage, send: (changed: Message) => void): Promise<void> => {
      const changed = await change({ ...head, body: await buffer(incoming), trailers: linesOf(incoming.rawTrailers) });
      if (changed === undefined) resolve(undefined);
      else send(changed);
    };
    const leave = (outgoing: OutgoingMessage, changed: Message, written: () => Buffer): void => {
      dress(outgoing, changed);
      outgoing.on("finish", () => resolve(withHead(written(), changed)));
    };
    server.on("clientError", reject);
    proxy.on("error", reject);
    caller.stream.on("close", () => reject(new Error("expected an HTTP message, got one that Node does not take")));
    server.on("request", (incoming, outgoing) => {
      if (kind === "response") {
        void proxy.web(incoming, outgoing).catch(reject);
        upstream.stream.push(shown);
        upstream.stream.push(null);
        return;
      }
      exchange(incoming, (changed) => {
        proxy.on("proxyReq", (request) => leave(request, changed, upstream.written));
        void proxy.web(incoming, outgoing, { buffer: Readable.from([changed.body]) }).catch(reject);
      }).catch(reject);
    });
    proxy.on("proxyRes", (incoming, _, outgoing) => {
      exchange(incoming, (changed) => {
        outgoing.statusCode = Number(changed.startLine.split(" ")[1]);
        leave(outgoing, changed, caller.written);
        outgoing.end(changed.body);
      }).catch(reject);
    });
    server.emit("connection", caller.stream);
    caller.stream.push(kind === "request" ? shown : anyRequest);
  });
  return passed.finally(() => {
    caller.stream.destroy();
    upstream.stream.destroy();
  });
}

/** The lane takes methods, targets and versions that Node does not; they are put back in the end. */
function shownLine(kind: "request" | "response", startLine: string): string {
  const [first = "", second = ""] = startLine.split(" ");
  if (kind === "response") return `HTTP/1.1 ${second} OK`;
  return `${METHODS.includes(first) ? first : "POST"} / HTTP/1.1`;
}

/** One end of a connection in memory: what is pushed is read, what is written is kept. */
function memoryEnd(): { readonly stream: Duplex; readonly written: () => Buffer } {
  const pieces: Buffer[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write: (piece: Buffer, _, done) => {
      pieces.push(piece);
      done();
    },
  });
  return { stream, written: () => Buffer.concat(pieces) };
}

function agentTo(stream: Duplex): Agent {
  return Object.assign(new Agent(), { createConnection: () => stream });
}

/** What frames the body, and its trailers: Node writes those, and the head is put in its place in the end. */
function dress(outgoing: OutgoingMessage, { lines, trailers }: Message): void {
  for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
  for (const [name, value] of fieldsOf(lines)) if (framingNames.has(name.toLowerCase())) outgoing.setHeader(name, value);
  if (trailers.length > 0) outgoing.addTrailers(fieldsOf(trailers).map(([name, value]): [string, string] => [name, value]));
}

const framingNames = new Set(["content-length", "transfer-encoding"]);

/** Node writes HTTP/1.1, reasons and headers of its own, and those that repeat as one wrote the first. */
function withHead(bytes: Buffer, head: MessageHead): Buffer {
  return Buffer.concat([writeHead(head), bytes.subarray(readHead(bytes).bodyAt)]);
}
