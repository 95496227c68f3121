import { once } from "node:events";
import { connect, createServer } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, ClientSessionOptions, IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Session, ServerHttp2Stream, ServerOptions } from "node:http2";
import { connect as connectSocket } from "node:net";
import type { Socket } from "node:net";
import type { Undo } from "./http-edge.ts";

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) => void;

/** An HTTP/2 upstream without TLS; closed at the end of the test. */
export async function serveHttp2(undo: Undo, serve: Serve, options: ServerOptions = {}) {
  const server = createServer(options);
  const sessions: ServerHttp2Session[] = [];
  let closed = 0;
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => undefined).on("close", () => (closed += 1));
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: readonly string[] = []) => {
    stream.on("error", () => undefined);
    serve(stream, headers, rawHeaders);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  undo.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, sessions, closed: () => closed };
}

/** Answers with 200 and what it got, trailers included. */
export const echo: Serve = (stream) => {
  let trailers: OutgoingHttpHeaders = {};
  stream.on("trailers", (got: IncomingHttpHeaders) => (trailers = { ...got }));
  stream.respond({ ":status": 200 }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.pipe(stream);
};

/** What came of a stream. */
export interface Got {
  readonly headers: IncomingHttpHeaders | undefined;
  readonly rawHeaders: readonly string[];
  readonly interims: readonly IncomingHttpHeaders[];
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
  /** Code of the reset that ended it; 0: none, or NO_ERROR. */
  readonly code: number;
}

export class Http2Caller {
  readonly session: ClientHttp2Session;
  readonly socket: Socket;
  readonly goaways: { readonly code: number; readonly last: number; readonly data: string }[] = [];
  /** When its session is closed: the error's code, if there was one. */
  readonly closed: Promise<string>;

  constructor(undo: Undo, port: number, options: ClientSessionOptions = {}) {
    this.socket = connectSocket({ host: "127.0.0.1", port, noDelay: true });
    this.session = connect(`http://127.0.0.1:${port}`, { ...options, createConnection: () => this.socket });
    let error = "";
    this.session.on("error", (reason: NodeJS.ErrnoException) => (error = reason.code ?? reason.message));
    this.session.on("goaway", (code, last, data) => this.goaways.push({ code, last, data: Buffer.from(data ?? []).toString() }));
    this.closed = new Promise((resolve) => { this.session.on("close", () => resolve(error)); });
    undo.push(() => this.session.destroy());
  }

  open(headers: OutgoingHttpHeaders, options: { readonly endStream?: boolean; readonly waitForTrailers?: boolean } = {}) {
    const stream = this.session.request({ ":path": "/", ...headers }, { endStream: options.endStream ?? true, waitForTrailers: options.waitForTrailers ?? false });
    return { stream, got: gather(stream) };
  }

  /** A request without a body. */
  ask(headers: OutgoingHttpHeaders = {}): Promise<Got> {
    return this.open(headers).got;
  }

  /** A request with a body, and trailers if need be. */
  send(headers: OutgoingHttpHeaders, body: Buffer | string, trailers?: OutgoingHttpHeaders): Promise<Got> {
    const { stream, got } = this.open({ ":method": "POST", ...headers }, { endStream: false, waitForTrailers: trailers !== undefined });
    if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(body);
    return got;
  }
}

function gather(stream: ClientHttp2Stream): Promise<Got> {
  const pieces: Buffer[] = [];
  const interims: IncomingHttpHeaders[] = [];
  let headers: IncomingHttpHeaders | undefined;
  let rawHeaders: readonly string[] = [];
  let trailers: IncomingHttpHeaders | undefined;
  stream.on("headers", (interim: IncomingHttpHeaders) => interims.push(interim));
  stream.on("response", (head: IncomingHttpHeaders, _flags: number, raw: readonly string[] = []) => {
    headers = head;
    rawHeaders = raw;
  });
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  stream.on("trailers", (got: IncomingHttpHeaders) => (trailers = got));
  stream.on("error", () => undefined);
  return new Promise((resolve) => {
    stream.on("close", () => resolve({ headers, rawHeaders, interims, body: Buffer.concat(pieces), trailers, code: stream.rstCode }));
  });
}
