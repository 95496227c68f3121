import type { Socket } from "node:net";
import type { ConnectionRecord } from "../../model/event.ts";
import type { Decided } from "../../faults/subject.ts";
import { prepareDial } from "../dial.ts";
import type { FaultsChange, LaneConnection, LaneContext } from "../lane.ts";
import { onFin, reset, whenOut } from "../reset.ts";
import { openFilesProblem } from "../shortages.ts";
import { stayAwakeFor } from "../stay-awake.ts";
import { upstreamProblem } from "../tls/problems.ts";
import { Duct, defaultHeldBytes } from "./duct.ts";
import { Grip } from "./grip.ts";
import type { Cut } from "./pending-ends.ts";

/** After our own close a peer may go on sending for so long: closing on bytes unread would be a reset. */
const lingerMs = 2000;

interface Closing extends Pick<ConnectionRecord, "closedBy" | "how"> {
  readonly atMs: number;
}

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
  readonly #upstreamBytes = { got: 0, gave: 0 };
  #dialled = false;
  #upstreamReached = false;
  #closing: Closing | undefined;
  /** Nothing passes any more: a fault made it silent, or is ending it. */
  #shut = false;
  #socketsOpen = 2;

  constructor(client: Socket, context: LaneContext) {
    const { env, proxy: { limits } } = context;
    const mostHeldBytes = limits?.heldBytes ?? defaultHeldBytes;
    this.#context = context;
    this.#client = client;
    const { socket, dial } = prepareDial(context.proxy, { reached: () => (this.#upstreamReached = true), lent: (bytes) => this.#takeAnswer(bytes) });
    this.#upstream = socket;
    this.#openMs = env.nowMs();
    this.#peer = `${client.remoteAddress ?? "unknown"}:${client.remotePort ?? 0}`;
    this.#request = new Duct({ env, mostHeldBytes, source: client, target: this.#upstream, isWatched: true, read: (bytes) => (this.#requestBytes += bytes.byteLength), write: (bytes) => this.#writeRequest(bytes) });
    this.#response = new Duct({ env, mostHeldBytes, source: this.#upstream, target: client, isWatched: false, read: (bytes) => (this.#upstreamBytes.gave += bytes.byteLength), write: (bytes) => this.#writeAnswer(bytes) });
    const seals = { close: () => this.#close("fault"), silence: (read: boolean) => this.#silence(read) };
    this.#grip = new Grip(context, { request: this.#request.line, response: this.#response.line }, () => this.#end("fault", "rst"), seals);
    this.#watch();
    this.#grip.ask();
    if (this.#upstream.destroyed || this.#shut) return;
    this.#dialled = true;
    dial();
  }

  faultsChanged(change: FaultsChange): void {
    this.#grip.lift(change);
    this.#grip.ask(change.replaced?.changed);
  }

  stop(): void {
    this.#end("proxy", "fin");
  }

  leave(): void {
    if (this.#upstreamReached) this.#close("proxy");
    else this.#end("proxy", "fin");
  }

  cut(by: Decided): void {
    if (!this.#client.destroyed && this.#closing?.closedBy !== "fault") this.#grip.ledger.cut(by, this.#context.env.nowMs());
    this.#end("fault", "rst");
  }

  #watch(): void {
    this.#client.on("data", (bytes: Buffer) => {
      this.#request.take(bytes);
      stayAwakeFor("upstream");
    });
    onFin(this.#client, () => this.#ended("client"));
    onFin(this.#upstream, () => {
      if (this.#upstreamReached) this.#ended("upstream");
    });
    this.#client.on("error", () => this.#lost("client"));
    this.#upstream.on("error", (error: NodeJS.ErrnoException) => this.#upstreamFailed(error));
    for (const socket of [this.#client, this.#upstream]) socket.on("close", () => this.#socketClosed());
  }

  #takeAnswer(bytes: Buffer): boolean {
    const isGivenBack = this.#response.take(bytes);
    stayAwakeFor("client");
    return isGivenBack;
  }

  #writeRequest(bytes: Uint8Array): boolean {
    const cut = this.#grip.cutsRequest(bytes.byteLength);
    this.#upstreamBytes.got += cut?.after ?? bytes.byteLength;
    if (cut !== undefined) this.#cut(cut, bytes, this.#upstream);
    return cut === undefined;
  }

  #writeAnswer(bytes: Uint8Array): boolean {
    const cut = this.#grip.cutsAnswer(bytes.byteLength);
    this.#responseBytes += cut?.after ?? bytes.byteLength;
    if (cut !== undefined) this.#cut(cut, bytes, this.#client);
    return cut === undefined;
  }

  /** Writes what is before the cut, and ends the connection behind it. */
  #cut(cut: Cut, bytes: Uint8Array, target: Socket): void {
    this.#shutBoth(false);
    const { env } = this.#context;
    const carryOut = (): void => this.#grip.carryOutCut(cut);
    const before = bytes.subarray(0, cut.after);
    if (cut.how === "fin" || cut.after === 0) {
      // It ends what half a close of theirs had not.
      this.#closing = { closedBy: "fault", how: cut.how, atMs: env.nowMs() };
      target.write(before);
      carryOut();
    } else {
      target.write(before);
      whenOut(target, env, carryOut);
    }
  }

  #shutBoth(read: boolean): void {
    this.#shut = true;
    this.#request.shut(read);
    this.#response.shut(read);
  }

  #silence(read: boolean): () => void {
    this.#shutBoth(read);
    return () => {
      // What was lost cannot be made good: the connection ends with the silence, for a caller that is still there by a reset.
      if (this.#closing?.closedBy === "client") this.#end("client", "fin");
      else if (this.#closing?.closedBy !== "fault") this.#end("fault", "rst");
    };
  }

  /** Ends both sides by FIN, behind what has been written; who does not take that in time is cut off. */
  #close(by: Closing["closedBy"]): void {
    this.#closedBy(by, "fin");
    this.#shutBoth(true);
    for (const socket of [this.#client, this.#upstream]) {
      if (socket !== this.#client && !this.#dialled) socket.destroy();
      else if (by === "proxy") {
        socket.end();
        this.#linger(socket);
      } else socket.end(() => this.#linger(socket));
    }
  }

  #linger(socket: Socket): void {
    if (socket.destroyed) return;
    const timer = this.#context.env.after(lingerMs, () => socket.destroy());
    socket.once("close", () => timer.cancel());
  }

  #ended(side: "client" | "upstream"): void {
    this.#closedBy(side, "fin");
    (side === "client" ? this.#request : this.#response).end("fin");
    this.#endIfLeft();
  }

  /** Where the end of one direction is lost on its way, the connection would stay when both sides have left it. */
  #endIfLeft(): void {
    if (![this.#client, this.#upstream].every((socket) => socket.readableEnded || socket.destroyed)) return;
    if (this.#grip.loses("request")) this.#upstream.end();
    if (this.#grip.loses("response")) this.#client.end();
  }

  /** One side was reset, or lost otherwise: the other is to see a reset, behind the bytes that are on their way to it. */
  #lost(side: "client" | "upstream"): void {
    if (this.#shut) {
      if (side === "client") this.#end(side, "rst");
      return;
    }
    this.#closedBy(side, "rst");
    const [from, to] = side === "client" ? [this.#request, this.#response] : [this.#response, this.#request];
    to.line.drop();
    from.end("rst");
    this.#endIfLeft();
  }

  #upstreamFailed(error: NodeJS.ErrnoException): void {
    const { env, proxy } = this.#context;
    const problem = openFilesProblem(error, "connections to upstream are not opened") ?? upstreamProblem(error);
    if (problem !== undefined) this.#context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, ...problem });
    if (this.#upstreamReached) this.#lost("upstream");
    else if (!this.#shut && proxy.unreachable === "fin") this.#close("upstream");
    else if (!this.#shut) this.#end("upstream", "rst");
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

  /** Who ended it first; a reset outweighs a FIN, which may have been half a close only, unless it was a fault's. */
  #closedBy(closedBy: Closing["closedBy"], how: Closing["how"]): void {
    const outweighs = this.#closing?.how === "fin" && this.#closing.closedBy !== "fault" && how === "rst";
    if (this.#closing === undefined || outweighs) this.#closing = { closedBy, how, atMs: this.#context.env.nowMs() };
  }

  #socketClosed(): void {
    this.#socketsOpen -= 1;
    if (this.#socketsOpen > 0) return;
    const { env, proxy, caller, conn } = this.#context;
    const atMs = env.nowMs();
    const { closedBy, how, atMs: closingMs }: Closing = this.#closing ?? { closedBy: "proxy", how: "fin", atMs };
    // Who left a silent connection was gone long before the silence ended.
    const closeMs = this.#shut && closedBy === "client" ? closingMs : atMs;
    this.#grip.drop();
    this.#request.line.drop();
    this.#response.line.drop();
    this.#context.record({
      kind: "connection", atMs, proxy: proxy.name, caller, conn, openMs: this.#openMs, closeMs, peer: this.#peer, exchanges: 0,
      requestBytes: this.#requestBytes, responseBytes: this.#responseBytes, ...this.#atUpstream(), upstreamReached: this.#upstreamReached,
      closedBy, how, ...this.#grip.ledger.records(),
    });
    this.#context.closed();
  }
  #atUpstream(): Pick<ConnectionRecord, "upstreamBytes"> {
    const got = this.#upstreamReached ? this.#upstreamBytes.got : 0;
    const { gave } = this.#upstreamBytes;
    return got === this.#requestBytes && gave === this.#responseBytes ? {} : { upstreamBytes: { got, gave } };
  }
}
