import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { authority, dial } from "../dial.ts";
import type { Limits } from "../http1/limits.ts";
import type { LaneContext } from "../lane.ts";
import { onFin, reset } from "../reset.ts";
import { openFilesProblem } from "../shortages.ts";
import type { Cut } from "../tcp/pending-ends.ts";
import { Line } from "../tcp/line.ts";
import { upstreamProblem } from "../tls/problems.ts";
import { Cable } from "./cable.ts";
import { LastCode } from "./last-code.ts";
import { LastWords } from "./last-words.ts";
import { tellOwnReset } from "./own-resets.ts";
import { clientSession } from "./sessions.ts";
import { Turns } from "./turns.ts";
import type { Waiter } from "./turns.ts";

/** How the connection to upstream was lost. */
export interface Loss {
  readonly how: "fin" | "rst";
  /** False: there never was one. */
  readonly reached: boolean;
}

/** What is told of the session with upstream. */
export interface UpstreamListener {
  /** So many exchanges. */
  upstreamTakesAtOnce(streams: number): void;
  /** It takes no more exchanges; those that it has are over too unless the code is 0. */
  upstreamGoesAway(code: number, data: Uint8Array): void;
  /** The connection is gone, or was never there. */
  upstreamLost(loss: Loss): void;
  /** So many bytes are about to be written to it: a fault may cut them off. */
  upstreamTakes(length: number): Cut | undefined;
  /** What is before the cut has been written, as far as it could be. */
  upstreamCut(cut: Cut): void;
  /** Nothing is left of it. */
  upstreamClosed(): void;
  issue(code: string, message: string): void;
}

/** The one session with upstream of a client connection, dialled with the first exchange for it. */
export class Upstream {
  /** What faults of the connection do to its bytes: those that go to it, and those that have come from it. */
  readonly requestLine = new Line((chunk) => {
    if ("bytes" in chunk) this.write(chunk.bytes);
    else this.socket?.end();
  });
  readonly responseLine = new Line((chunk) => {
    if ("bytes" in chunk) this.give(Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength));
    else this.cable?.whenRead(this.context.env, () => this.lose("fin"));
  });
  reached = false;
  private readonly context: LaneContext;
  private readonly limits: Limits;
  private readonly listener: UpstreamListener;
  private readonly lastCode = new LastCode();
  private readonly turns = new Turns(() => this.open());
  private socket: Socket | undefined;
  private cable: Cable | undefined;
  private session: ClientHttp2Session | undefined;
  private closed = false;
  /** It takes no more, and nothing that comes of it is told. */
  private isLost = false;
  /** Nothing is read of it for now. */
  private isHeld = false;
  /** Nothing goes to it any more, whatever its session wants to say. */
  private isMute = false;

  constructor(context: LaneContext, limits: Limits, listener: UpstreamListener) {
    this.context = context;
    this.limits = limits;
    this.listener = listener;
  }

  /** There is no connection, or no more. */
  get isGone(): boolean {
    return this.socket === undefined || this.closed;
  }

  /** Gives an exchange its stream as soon as upstream takes one more; dials it when need be. */
  ask(waiter: Waiter): void {
    this.turns.ask(waiter);
  }

  /** An exchange does not wait for its stream any more. */
  leave(waiter: Waiter): void {
    this.turns.leave(waiter);
  }

  /** Is not read while the caller takes nothing: of interim answers no window of HTTP/2 says how many may come. */
  hold(): void {
    this.isHeld = true;
    this.socket?.pause();
  }

  release(): void {
    if (this.isHeld) this.socket?.resume();
    this.isHeld = false;
  }

  /** What comes of it is lost (`read`), or not even taken. Nothing goes to it. */
  silence(read: boolean): void {
    this.isLost = true;
    this.isMute = true;
    this.turns.drop();
    this.requestLine.drop();
    this.responseLine.drop();
    if (read) this.socket?.resume();
    else this.socket?.pause();
  }

  /** Nothing of it is wanted any more. `fin`: it is told so, in peace; `now`: not even that. */
  drop(how: "fin" | "rst" | "now"): void {
    this.isLost = true;
    this.turns.drop();
    const { socket, session } = this;
    this.responseLine.drop();
    if (socket === undefined) return;
    if (how === "fin" && !this.isMute) return session?.destroy();
    this.isMute = true;
    this.requestLine.drop();
    if (how === "rst") reset(socket);
    else socket.destroy();
    session?.destroy();
  }

  /** The session that takes further exchanges; undefined when there is none any more. */
  private open(): ClientHttp2Session | undefined {
    if (this.isLost) return undefined;
    const session = this.session ?? this.connect();
    return session.closed || session.destroyed ? undefined : session;
  }

  private connect(): ClientHttp2Session {
    const { context, limits, listener } = this;
    const { proxy, env } = context;
    const socket = dial(proxy, { reached: () => this.connected(socket), bytes: (bytes) => this.came(bytes), protocols: ["h2"] });
    const lastWords = new LastWords({
      ended: (why) => session.destroyed || this.broken(why),
      calmed: (stream) => tellOwnReset(session, stream, "upstream", { limits, issue: (code, message) => listener.issue(code, message) }),
    }, prefaceLength);
    const send = (bytes: Buffer): boolean => {
      lastWords.hear(bytes);
      return this.send(bytes);
    };
    const cable = new Cable({ send, end: (sent) => this.end(sent), flow: () => this.isHeld || socket.resume() });
    onFin(socket, () => {
      if (!this.reached) return;
      if (this.responseLine.open) cable.whenRead(env, () => this.lose("fin"));
      else this.responseLine.take({ end: "fin", atMs: env.nowMs() });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => this.failed(error));
    socket.on("drain", () => cable.drained());
    socket.on("close", () => {
      this.closed = true;
      this.requestLine.drop();
      cable.duplex.destroy();
      listener.upstreamClosed();
    });
    // The session has closed its half, or all of it; upstream may be slow to close the other.
    cable.duplex.on("close", () => socket.destroySoon());
    const scheme = proxy.upstreamTls === undefined ? "http" : "https";
    const session = clientSession(`${scheme}://${authority(proxy)}`, cable.duplex, limits);
    session.on("remoteSettings", ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) => {
      listener.upstreamTakesAtOnce(maxConcurrentStreams);
      this.turns.allow(maxConcurrentStreams);
    });
    session.on("goaway", (_code, _last, data) => {
      if (this.isLost) return;
      listener.upstreamGoesAway(this.lastCode.code, data ?? nothing);
      this.turns.refuse();
    });
    session.on("error", (error) => this.broken(error.message));
    session.on("close", () => this.lose("fin"));
    this.socket = socket;
    this.cable = cable;
    this.session = session;
    return session;
  }

  private connected(socket: Socket): void {
    const chosen: unknown = Reflect.get(socket, "alpnProtocol");
    // A socket without TLS has chosen nothing, and HTTP/2 is known to be spoken.
    this.reached = chosen === undefined || chosen === null || chosen === "h2";
    if (this.reached) return;
    this.listener.issue("no-http2", `upstream does not speak HTTP/2 over TLS: of what it was offered (ALPN: h2) it chose ${typeof chosen === "string" ? chosen : "nothing"}`);
    this.lose("rst");
  }

  private came(bytes: Buffer): void {
    if (this.isMute) return;
    if (!this.responseLine.open) this.responseLine.take({ bytes, atMs: this.context.env.nowMs() });
    else if (!this.give(bytes)) this.socket?.pause();
  }

  /** To the session; false: it takes no more for now. */
  private give(bytes: Buffer): boolean {
    this.lastCode.take(bytes);
    return this.cable?.give(bytes) ?? true;
  }

  private send(bytes: Buffer): boolean {
    if (this.requestLine.open) return this.write(bytes);
    this.requestLine.take({ bytes, atMs: this.context.env.nowMs() });
    return true;
  }

  private write(bytes: Uint8Array): boolean {
    const { socket, listener } = this;
    if (socket === undefined || !socket.writable || this.isMute) return true;
    const cut = listener.upstreamTakes(bytes.byteLength);
    if (cut === undefined) return socket.write(bytes) || socket.writableLength === 0;
    this.isMute = true;
    socket.write(bytes.subarray(0, cut.after), () => listener.upstreamCut(cut));
    return true;
  }

  private end(sent: () => void): void {
    if (this.isMute) sent();
    else if (this.requestLine.open) this.socket?.end(sent);
    else {
      this.requestLine.take({ end: "fin", atMs: this.context.env.nowMs() });
      sent();
    }
  }

  private failed(error: NodeJS.ErrnoException): void {
    const problem = openFilesProblem(error, "connections to upstream are not opened") ?? (this.reached ? undefined : upstreamProblem(error));
    if (problem !== undefined && !this.isLost) this.listener.issue(problem.code, problem.message);
    this.lose("rst");
  }

  /** It broke the protocol, and its session has ended; what is said of one that is lost is known. */
  private broken(why: string): void {
    if (this.isLost) return;
    this.listener.issue("malformed-response", `upstream broke HTTP/2: ${why}`);
    this.lose("rst");
  }

  private lose(how: Loss["how"]): void {
    if (this.isLost) return;
    this.isLost = true;
    this.listener.upstreamLost({ how, reached: this.reached });
  }
}

const nothing = new Uint8Array(0);
/** Of what a client says first (RFC 9113 §3.4). */
const prefaceLength = 24;
