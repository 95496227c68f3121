import { lookup } from "node:dns/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { ChaosError } from "../../model/error.ts";
import { mostBodyBytes } from "./read-body.ts";
import { RequestHandler } from "./request-handler.ts";
import type { ApiControl } from "./routes.ts";
import { checkExposure, exposureNotice } from "./security.ts";
import type { WitnessLog } from "./witness-log.ts";

/** A request has to be here whole by then, and its head by two thirds of it. */
const requestWithinMs = 15_000;
/** A connection without a request is kept so long. */
const idleMs = 60_000;
/** Nothing read and nothing written in the midst of a request: longer than any answer takes. */
const stuckMs = 30_000;
const answerWithinMs = 25_000;
const closeWithinMs = 2_000;

export interface ApiServerOptions {
  /** An address of this machine, or a name of one. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Asked for with every request. */
  readonly token?: string | undefined;
  /** Not bound to the loopback it may be without a token. */
  readonly open?: boolean | undefined;
  /** Names by which it may be called, besides addresses, names without dots and localhost. */
  readonly hosts: readonly string[];
  readonly control: ApiControl;
  readonly log: WitnessLog;
  /** Of chaos, for the `Server` header. */
  readonly version: string;
  /** How many connections each proxy has open; what is witnessed so far is in the log when it resolves. */
  readonly openConnections?: (() => Promise<ReadonlyMap<string, number>>) | undefined;
  /** After so long a request is answered 503. */
  readonly answerWithinMs?: number | undefined;
}

export interface ApiServer {
  readonly address: { readonly host: string; readonly port: number };
  /** What is worth a line at start. */
  readonly notice?: string;
  /** Takes no further request; resolves when all connections have ended. */
  close(): Promise<void>;
}

/** Serves the control API. Throws ChaosError `api-exposed`, `bad-token`, `port-taken` or `listen-failed`; then nothing listens. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { port, token, open, hosts, control, log, version, openConnections } = options;
  const bound = await resolve(options.host, port);
  const rules = { bound, token, open, hosts: [options.host, ...hosts] };
  checkExposure(rules);
  const handler = new RequestHandler({ rules, control, log, server: `chaos/${version}`, answerWithinMs: options.answerWithinMs ?? answerWithinMs, openConnections });
  const server = createServer({ requireHostHeader: false, headersTimeout: 10_000, requestTimeout: requestWithinMs, keepAliveTimeout: idleMs, connectionsCheckingInterval: 1_000, noDelay: true });
  server.setTimeout(stuckMs);
  server.on("request", (request, response) => void handler.handle(request, response));
  // The continuation is asked for when the body is read.
  server.on("checkContinue", (request, response) => {
    if (!(Number(request.headers["content-length"]) > mostBodyBytes)) response.writeContinue();
    void handler.handle(request, response);
  });
  server.on("connect", (_request, socket) => refuseRaw(socket, "405 Method Not Allowed", ""));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // What is wrong is behind a request that is being answered.
    if (handler.isAnswering(socket)) socket.end();
    else answerBroken(error, socket);
  });
  try {
    await listen(server, bound, port);
  } catch (error) {
    handler.close();
    throw error;
  }
  const address = server.address();
  const notice = exposureNotice(rules);
  return {
    address: { host: bound, port: typeof address === "object" && address !== null ? address.port : port },
    ...(notice === undefined ? {} : { notice }),
    close: () => close(server, handler),
  };
}

/** What is being answered is answered to its end; who has not asked yet is not waited for. */
async function close(server: Server, handler: RequestHandler): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  handler.close();
  const timer = setTimeout(() => server.closeAllConnections(), closeWithinMs);
  await Promise.race([handler.quiet(), closed]);
  server.closeAllConnections();
  await closed;
  clearTimeout(timer);
}

/** Of several addresses of a name IPv4 is taken, as most clients dial `localhost`. */
async function resolve(host: string, port: number): Promise<string> {
  try {
    const [first, ...others] = await lookup(host.replaceAll(/[[\]]/g, ""), { all: true });
    const chosen = [first, ...others].find((found) => found?.family === 4) ?? first;
    if (chosen !== undefined) return chosen.address;
  } catch (error) {
    throw new ChaosError("listen-failed", `the control API cannot listen on ${textOf(host, port)}: the name does not resolve`, { hint: "write an IP address of this machine, such as 127.0.0.1", cause: error });
  }
  throw new ChaosError("listen-failed", `the control API cannot listen on ${textOf(host, port)}: the name has no address`, { hint: "write an IP address of this machine, such as 127.0.0.1" });
}

const refusals: Readonly<Record<string, { readonly code: string; readonly why: string; readonly hint: string }>> = {
  EADDRINUSE: { code: "port-taken", why: "another process holds the port (a Toxiproxy, or another chaos proxy?)", hint: "choose another with --api HOST:PORT, or port 0 for any free one" },
  EADDRNOTAVAIL: { code: "listen-failed", why: "no interface of this machine has that address", hint: "listen on 127.0.0.1, ::1 or 0.0.0.0" },
  EACCES: { code: "listen-failed", why: "not permitted", hint: "ports below 1024 need privileges: choose a higher one" },
};

async function listen(server: Server, host: string, port: number): Promise<void> {
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
    server.once("error", done);
    server.listen({ host, port }, () => done(undefined));
  });
  server.removeAllListeners("error");
  // Accepting failed, such as EMFILE: the listener goes on.
  server.on("error", () => undefined);
  if (failure === undefined) return;
  const { code, why, hint } = refusals[failure.code ?? ""] ?? { code: "listen-failed", why: failure.message };
  throw new ChaosError(code, `the control API cannot listen on ${textOf(host, port)}: ${why}`, { ...(hint === undefined ? {} : { hint }), cause: failure });
}

function textOf(host: string, port: number): string {
  return `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

/** What was no HTTP, too large a head, or did not come in time. */
function answerBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status = statuses[error.code ?? ""] ?? "400 Bad Request";
  refuseRaw(socket, status, status);
}

const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_INVALID_VERSION: "505 HTTP Version Not Supported",
};

function refuseRaw(socket: Duplex, status: string, body: string): void {
  socket.on("error", () => undefined);
  const type = body === "" ? "Content-Length: 0\r\n" : "Content-Type: text/plain; charset=utf-8\r\n";
  socket.end(`HTTP/1.1 ${status}\r\n${type}Connection: close\r\n\r\n${body}`, () => socket.destroy());
}
