import { createServer, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import type { Message, Reading } from "./reading.ts";

/** A connection in memory: what is pushed is read by the other side, what that writes is forgotten. */
class Wire extends Duplex {
  readonly drafts: Draft[] = [];
  interims: string[] = [];
  refusal: string | undefined;

  override _read(): void {}

  override _write(_: unknown, __: unknown, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  begin(message: IncomingMessage, start: string, last: boolean): void {
    const draft: Draft = { message, start, last, body: "", interims: this.interims };
    this.drafts.push(draft);
    message.on("data", (bytes: Buffer) => (draft.body += bytes.toString("latin1")));
    message.on("error", () => undefined);
  }

  refuse(error: NodeJS.ErrnoException & { readonly reason?: string }): void {
    this.refusal ??= `${error.code ?? ""} ${error.reason ?? error.message}`;
  }

  reading(): Reading {
    const messages = this.drafts.map(({ message, start, body, last, interims }): Message => ({ start, body, done: message.complete, last, wire: nothing, isBodiless: false, interims }));
    return { messages, refusal: this.refusal };
  }
}

interface Draft {
  readonly message: IncomingMessage;
  readonly start: string;
  readonly last: boolean;
  readonly interims: readonly string[];
  body: string;
}

const nothing = Buffer.alloc(0);
const parser = { maxHeaderSize: 256 * 1024, insecureHTTPParser: false };
const wireOf = (message: IncomingMessage): Wire => message.socket as unknown as Wire;

const server = createServer({ ...parser, requireHostHeader: false });
for (const event of ["request", "checkContinue", "checkExpectation", "connect"]) {
  server.on(event, (message: IncomingMessage) => wireOf(message).begin(message, `${message.method} ${message.url}`, event === "connect"));
}
server.on("clientError", (error: Error, socket: Duplex) => (socket as Wire).refuse(error));

/** How the strict parser of node:http reads each stream as what a client sends. */
export async function readRequestsAsNode(streams: readonly Buffer[]): Promise<readonly Reading[]> {
  return readAll(streams.map((bytes) => {
    const wire = new Wire();
    server.emit("connection", wire);
    wire.push(bytes);
    return wire;
  }));
}

/** One answer, as far as it has come, and what it answers. */
export interface Answer {
  readonly bytes: Buffer;
  readonly method: string;
  readonly upgrade: boolean;
  readonly closes: boolean;
}

/** How the strict parser of node:http reads the first answer in each stream. */
export async function readResponsesAsNode(answers: readonly Answer[]): Promise<readonly Reading[]> {
  return readAll(answers.map(({ bytes, method, upgrade, closes }) => {
    const wire = new Wire();
    const headers = upgrade ? { connection: "upgrade", upgrade: "x" } : {};
    const asking = request({ ...parser, createConnection: () => wire, method, headers, ...(method === "CONNECT" ? { path: "x:1" } : {}) });
    asking.on("information", ({ statusCode }) => wire.interims.push(String(statusCode)));
    for (const event of ["response", "upgrade", "connect"]) {
      asking.on(event, (message: IncomingMessage) => wire.begin(message, String(message.statusCode), event !== "response"));
    }
    asking.on("error", (error) => wire.refuse(error));
    asking.end();
    wire.push(bytes);
    if (closes) wire.push(null);
    return wire;
  }));
}

async function readAll(wires: readonly Wire[]): Promise<readonly Reading[]> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  const readings = wires.map((wire) => wire.reading());
  for (const wire of wires) wire.destroy();
  return readings;
}
