import { Socket } from "node:net";
import type { ConnectionRecord } from "../../model/event.ts";
import type { LaneConnection, LaneContext } from "../lane.ts";
import { onFin, reset } from "../reset.ts";
import { Duct } from "./duct.ts";
import { Grip } from "./grip.ts";

/**
 * From the last bytes to a reset that follows them. An RST overtakes what is unsent, and a caller on libuv that finds both at once
 * is told of an end instead of the reset: it is given this long to read.
 */
const readingGraceMs = 20;

type Closing = Pick<ConnectionRecord, "closedBy" | "how">;

/** One client connection and its upstream connection, bytes both ways. */
export class TcpConnection implements LaneConnection {
  readonly #context: LaneContext;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #request: Duct;
  readonly #response: Duct;
  readonly #grip: Grip;
  readonly #openMs: number;
  readonly #peer: string;
  #requestBytes = 0;
  #responseBytes = 0;
  #upstreamReached = false;
  #closing: Closing | undefined;
  #socketsOpen = 2;

  constructor(client: Socket, context: LaneContext) {
    const { env } = context;
    this.#context = context;
    this.#client = client;
    this.#upstream = new Socket({ allowHalfOpen: true });
    this.#openMs = env.nowMs();
    this.#peer = `${client.remoteAddress ?? "unknown"}:${client.remotePort ?? 0}`;
    this.#request = new Duct({ env, source: client, target: this.#upstream, read: (bytes) => this.#requestCame(bytes), write: () => true });
    this.#response = new Duct({ env, source: this.#upstream, target: client, read: () => true, write: (bytes) => this.#writeAnswer(bytes) });
    this.#grip = new Grip(context, { request: this.#request.line, response: this.#response.line }, () => this.#end("fault", "rst"));
    this.#watch();
    this.#grip.ask();
    if (!this.#upstream.destroyed) this.#upstream.setNoDelay(true).connect({ ...context.proxy.upstream });
  }

  faultsChanged({ release, lifted }: { readonly release: boolean; readonly lifted: boolean }): void {
    if (lifted) this.#grip.letGoAll(release);
    this.#grip.ask();
  }

  stop(): void {
    this.#end("proxy", "fin");
  }

  cut(): void {
    this.#end("fault", "rst");
  }

  #watch(): void {
    onFin(this.#client, () => this.#ended("client"));
    onFin(this.#upstream, () => this.#ended("upstream"));
    this.#client.on("error", () => this.#lost("client"));
    this.#upstream.on("error", (error: NodeJS.ErrnoException) => (this.#upstreamReached ? this.#lost("upstream") : this.#unreachable(error)));
    this.#upstream.on("connect", () => {
      this.#upstreamReached = true;
    });
    for (const socket of [this.#client, this.#upstream]) socket.on("close", () => this.#socketClosed());
  }

  #requestCame(bytes: Uint8Array): boolean {
    this.#requestBytes += bytes.byteLength;
    return !this.#grip.resetsRequest();
  }

  #writeAnswer(bytes: Uint8Array): boolean {
    const cut = this.#grip.cutsAnswer(bytes.byteLength);
    this.#responseBytes += cut?.after ?? bytes.byteLength;
    if (cut === undefined) return true;
    this.#response.line.drop();
    this.#upstream.pause();
    const severed = (): void => this.#grip.reset(cut.fault);
    if (cut.after === 0) severed();
    else this.#client.write(bytes.subarray(0, cut.after), () => this.#context.env.after(readingGraceMs, severed));
    return false;
  }

  #ended(side: "client" | "upstream"): void {
    this.#closedBy(side, "fin");
    (side === "client" ? this.#request : this.#response).end("fin");
  }

  /** One side was reset, or lost otherwise: the other is to see a reset, behind the bytes that are on their way to it. */
  #lost(side: "client" | "upstream"): void {
    this.#closedBy(side, "rst");
    const [from, to] = side === "client" ? [this.#request, this.#response] : [this.#response, this.#request];
    to.line.drop();
    from.end("rst");
  }

  #unreachable(error: NodeJS.ErrnoException): void {
    const { env, proxy } = this.#context;
    if (error.code === "EMFILE" || error.code === "ENFILE") {
      this.#context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, code: error.code, message: "the limit of open files is reached: connections to upstream cannot be opened" });
    }
    this.#end("upstream", "rst");
  }

  /** Ends both sides at once; what is on its way is lost. */
  #end(by: Closing["closedBy"], how: Closing["how"]): void {
    this.#closedBy(by, how);
    this.#request.line.drop();
    this.#response.line.drop();
    for (const socket of [this.#client, this.#upstream]) {
      if (how === "rst") reset(socket);
      else socket.destroy();
    }
  }

  /** Who ended it first; a reset outweighs a FIN, which may have been half a close only. */
  #closedBy(closedBy: Closing["closedBy"], how: Closing["how"]): void {
    if (this.#closing === undefined || (this.#closing.how === "fin" && how === "rst")) this.#closing = { closedBy, how };
  }

  #socketClosed(): void {
    this.#socketsOpen -= 1;
    if (this.#socketsOpen > 0) return;
    const { env, proxy, caller, conn } = this.#context;
    const closeMs = env.nowMs();
    this.#request.line.drop();
    this.#response.line.drop();
    this.#context.record({
      kind: "connection", atMs: closeMs, proxy: proxy.name, caller, conn, openMs: this.#openMs, closeMs, peer: this.#peer, exchanges: 0,
      requestBytes: this.#requestBytes, responseBytes: this.#responseBytes, upstreamReached: this.#upstreamReached,
      ...(this.#closing ?? { closedBy: "proxy", how: "fin" }), ...this.#grip.ledger.records(),
    });
    this.#context.closed();
  }
}
