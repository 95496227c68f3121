import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { ExchangeEnd } from "../../model/event.ts";
import { ClientSide, readingGraceMs } from "../http1/client-side.ts";
import type { ClientListener } from "../http1/client-side.ts";
import { ConnectionWitness } from "../http1/connection-witness.ts";
import type { ClosedBy } from "../http1/connection-witness.ts";
import type { Limits } from "../http1/limits.ts";
import type { FaultsChange, LaneConnection, LaneContext } from "../lane.ts";
import { Grip } from "../tcp/grip.ts";
import type { Cut } from "../tcp/pending-ends.ts";
import { CallerSide } from "./caller-side.ts";
import type { Goaway } from "./effects.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import { Farewell } from "./farewell.ts";
import type { Fields } from "./fields.ts";
import { Ledger, changedFields } from "./ledger.ts";
import { resetBudget } from "./limits.ts";
import { Mute } from "./mute.ts";
import { tellOwnReset } from "./own-resets.ts";
import { brokeHttp2, manyResets, refusedStream } from "./refusals.ts";
import type { Refusal } from "./refusals.ts";
import { readRequestHead } from "./request-head.ts";
import { ResetBudget } from "./reset-budget.ts";
import { serverSession } from "./sessions.ts";
import { Upstream } from "./upstream.ts";
import type { Loss, UpstreamListener } from "./upstream.ts";

/** One client connection and, from the first exchange that is passed on, its one session with upstream. */
export class Http2Connection implements LaneConnection, ExchangeHost, ClientListener, UpstreamListener {
  readonly context: LaneContext;
  readonly limits: Limits;
  readonly changedFields: Readonly<Record<string, string>>;
  isSilent = false;
  readonly grip: Grip;
  readonly client: ClientSide;
  private readonly callerSide: CallerSide;
  private readonly session: ServerHttp2Session;
  private readonly farewell: Farewell;
  readonly upstream: Upstream;
  private readonly ledger: Ledger;
  private readonly witness: ConnectionWitness;
  private readonly resets: ResetBudget;
  private readonly exchanges = new Set<Exchange>();
  /** No further exchange is taken; when those under way are over, the connection ends like this. */
  private retiring: { readonly by: ClosedBy; readonly how: "fin" | "rst" } | undefined;
  /** Nothing is said to either side any more. */
  private silenced: Mute | undefined;
  /** A fault has cut the client off: no byte is written any more. */
  private isCut = false;
  /** Nothing that comes is read any more. */
  private over = false;

  constructor(client: Socket, context: LaneContext, limits: Limits) {
    const { env, proxy } = context;
    this.context = context;
    this.limits = limits;
    this.changedFields = changedFields(proxy);
    this.witness = new ConnectionWitness(context);
    this.ledger = new Ledger(context);
    this.resets = new ResetBudget(resetBudget, env.nowMs());
    this.client = new ClientSide(client, env, limits, this);
    this.upstream = new Upstream(context, limits, this);
    this.callerSide = new CallerSide({
      env, proxy, ...limits, isSecured: proxy.tls !== undefined, isHeldUp: () => this.client.paused || this.silenced !== undefined, refuse: (refusal) => this.refuse(refusal),
      send: (bytes) => this.toClient(bytes), end: (sent) => this.endClient(sent), flow: () => this.client.pause(false), calmed: (stream) => tellOwnReset(this.session, stream, "callers", this),
    });
    this.session = serverSession(this.callerSide.duplex, limits);
    this.farewell = new Farewell(env, this.session, this.callerSide);
    this.session.on("stream", this.onStream);
    this.session.on("error", (error) => this.refuse(brokeHttp2(error.message)));
    this.grip = new Grip(context, { request: this.upstream.requestLine, response: this.upstream.responseLine }, () => this.cut(), { close: () => this.hangUp(), silence: (read) => this.silence(read) });
    this.client.rests();
    this.grip.ask();
  }

  faultsChanged(change: FaultsChange): void {
    this.grip.lift(change);
    for (const exchange of this.exchanges) exchange.lift(change);
    if (!this.over) this.grip.ask(change.replaced?.changed);
  }

  stop(): void {
    this.settleAll("open");
    this.finish("proxy", "fin");
    this.upstream.drop("now");
    this.client.destroy();
  }

  leave(): void {
    this.upstream.requestLine.drop();
    this.hangUp("proxy", "open");
  }

  cut(): void {
    this.settleAll("reset");
    this.end("fault", "rst");
  }

  goAway({ code, graceful }: Goaway): void {
    if (graceful) return this.retire(code, { by: "fault", how: "fin" });
    this.settleAll("dropped");
    this.finish("fault", "fin", code);
  }

  clientReset(): void {
    if (this.resets.take(this.context.env.nowMs()) || this.retiring !== undefined || this.over) return;
    this.issue(manyResets.code, manyResets.message);
    this.retire(0, { by: "proxy", how: "fin" });
  }

  done(exchange: Exchange): void {
    this.exchanges.delete(exchange);
    if (this.exchanges.size > 0 || this.over) return;
    if (this.retiring === undefined) this.client.rests();
    else this.end(this.retiring.by, this.retiring.how);
  }

  issue(code: string, message: string): void {
    this.ledger.issue(code, message);
  }

  controlFlow(): void {
    if (!this.client.blocked) this.callerSide.drained();
    if (!this.client.blocked) this.upstream.release();
  }

  clientBytes(bytes: Buffer): void {
    const { client, silenced } = this;
    if (this.over) return;
    if (this.exchanges.size === 0) client.rests();
    if (!this.callerSide.give(bytes)) client.pause(true);
    if (silenced !== undefined) client.pause(!silenced.takes(bytes.length));
  }

  clientEnded(): void {
    this.clientLeft("fin");
  }

  clientFailed(): void {
    this.clientLeft("rst");
  }

  clientRested(): void {
    if (this.silenced === undefined) this.end("proxy", "fin");
  }

  clientClosed(): void {
    this.clientLeft("fin");
    this.finish("client", "fin");
    this.session.destroy();
    this.grip.drop();
    const { client, upstream } = this;
    this.witness.write({
      peer: client.peer, exchanges: this.ledger.exchanges, requestBytes: client.receivedBytes, responseBytes: client.sentBytes,
      upstreamReached: upstream.reached, ...this.grip.ledger.records(),
    });
    if (upstream.isGone) this.context.closed();
  }

  upstreamTakesAtOnce(streams: number): void {
    if (this.callerSide.announces(streams) && !this.session.destroyed) this.session.settings({ maxConcurrentStreams: this.limits.inFlight });
  }

  upstreamGoesAway(code: number, data: Uint8Array): void {
    this.retire(code, { by: "upstream", how: "fin" }, data);
    if (code !== 0) this.upstreamLost({ how: "fin", reached: true }, code);
  }

  upstreamLost({ how, reached }: Loss, code = 0): void {
    if (this.over) return;
    const lost = [...this.exchanges].filter((exchange) => !exchange.isOver && !exchange.isIndependent);
    const goesOn = lost.length < this.exchanges.size;
    for (const exchange of lost) exchange.lose(reached ? "upstream-lost" : "upstream-unreachable", goesOn);
    if (goesOn) this.retire(0, { by: "upstream", how });
    else this.end("upstream", how, code);
  }

  upstreamTakes(length: number): Cut | undefined {
    const cut = this.grip.cutsRequest(length);
    if (cut !== undefined) this.isCut = true;
    return cut;
  }

  upstreamCut(cut: Cut): void {
    this.context.env.after(cut.how === "fin" ? 0 : readingGraceMs, () => this.over || this.grip.carryOutCut(cut));
  }

  upstreamClosed(): void {
    if (this.client.closed) this.context.closed();
  }

  private readonly onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, fields: Fields = []): void => {
    // Streams that end in error say so themselves, and one that nobody listens to brings the process down.
    stream.on("error", () => undefined);
    if (this.over) return stream.close(refusedStream);
    this.farewell.now();
    const exchange = new Exchange({ host: this, stream, ...this.ledger.open(readRequestHead(headers, flags, fields), this.context.env.nowMs()) });
    this.exchanges.add(exchange);
    exchange.begin();
  };

  private refuse({ code, message, answer }: Refusal): void {
    if (this.over) return;
    if (answer !== undefined) this.toClient(answer);
    this.issue(code, message);
    this.settleAll("rejected");
    this.finish("proxy", "fin");
  }

  private clientLeft(how: "fin" | "rst"): void {
    if (this.over) return;
    for (const exchange of this.exchanges) exchange.leave(how);
    this.witness.ends("client", how);
    // Who leaves a silent connection is told nothing, nor is upstream.
    if (this.silenced === undefined) this.finish("client", how);
  }

  private toClient(bytes: Buffer): boolean {
    if (this.isCut || this.silenced !== undefined || this.grip.loses("response")) return true;
    const cut = this.grip.cutsAnswer(bytes.length);
    const out = cut === undefined ? bytes : bytes.subarray(0, cut.after);
    if (out.length > 0) this.client.write(out);
    if (cut !== undefined) {
      this.isCut = true;
      // Behind what is being done with these bytes.
      queueMicrotask(() => this.over || this.grip.carryOutCut(cut));
    }
    return !this.client.blocked;
  }

  /** The session has said its last. */
  private endClient(sent: () => void): void {
    if (this.silenced === undefined && !this.isCut) this.client.close();
    sent();
  }

  /** Ends it by FIN, both ways. */
  private hangUp(by: ClosedBy = "fault", end: ExchangeEnd = "dropped"): void {
    this.settleAll(end);
    this.silenced = undefined;
    this.isCut = true;
    this.finish(by, "fin");
    this.client.close();
  }

  /** A fault takes its voice. The client is read on, so that it is seen who asks and who leaves. Returns what ends the silence. */
  private silence(read: boolean): () => void {
    if (this.over) return () => undefined;
    this.silenced ??= new Mute();
    if (!read) this.silenced.takesOnly(this.limits.heldBytes);
    this.isSilent = true;
    this.witness.isSilent = true;
    for (const exchange of this.exchanges) exchange.silence();
    this.upstream.silence(read);
    return () => this.endSilence();
  }

  /** What was lost cannot be made good: for a caller that is still there the connection ends with the silence, by a reset. */
  private endSilence(): void {
    if (this.over) return;
    if (this.witness.closedBy !== "client") return this.cut();
    this.finish("client", "fin");
    this.client.destroy();
  }

  /** Tells the client to take another connection for further calls: behind the answers, when upstream had given them all before. */
  private retire(code: number, retiring: { readonly by: ClosedBy; readonly how: "fin" | "rst" }, data?: Uint8Array): void {
    if (this.over || this.session.destroyed || (code === 0 && this.retiring?.by === "upstream")) return;
    this.farewell.put(code, data);
    if (retiring.by !== "upstream" || this.exchanges.size === 0 || [...this.exchanges].some(({ isIndependent }) => !isIndependent)) this.farewell.now();
    this.retiring ??= retiring;
    if (this.exchanges.size === 0) this.end(retiring.by, retiring.how, code);
  }

  private end(by: ClosedBy, how: "fin" | "rst", code = 0): void {
    if (how === "rst") this.isCut = true;
    this.finish(by, how, code, how === "fin" && this.exchanges.size === 0);
    if (how === "rst") this.client.reset();
  }

  private settleAll(end: ExchangeEnd): void {
    for (const exchange of this.exchanges) exchange.settle(end);
  }

  /** Reads no more, and ends both sessions: in peace behind what is to be said (`isCalm`) or has been, or upstream as the client was. */
  private finish(by: ClosedBy, how: "fin" | "rst", code = 0, isCalm = false): void {
    if (this.over) return;
    this.witness.ends(by, how);
    this.over = true;
    this.callerSide.stop();
    this.upstream.drop(how);
    if (this.session.destroyed) return;
    // Who was told to go away already knows why.
    if (code !== 0 && this.retiring === undefined) this.session.goaway(code);
    if (isCalm) this.farewell.end();
    else this.session.destroy();
  }
}
