import type { Socket } from "node:net";
import type { Decided } from "../../faults/subject.ts";
import type { FaultsChange, LaneConnection, LaneContext } from "../lane.ts";
import { Grip } from "../tcp/grip.ts";
import type { Cut } from "../tcp/pending-ends.ts";
import { Upgrades } from "../websocket/index.ts";
import { ClientSide, readingGraceMs } from "./client-side.ts";
import type { ClientListener } from "./client-side.ts";
import { ConnectionWitness } from "./connection-witness.ts";
import type { ClosedBy } from "./connection-witness.ts";
import { Forwarding } from "./forwarding.ts";
import { hostRewrite } from "./head-rewrite.ts";
import type { Limits } from "./limits.ts";
import { Pipeline } from "./pipeline.ts";
import { RequestReader } from "./request-reader.ts";
import { ResponseReader } from "./response-reader.ts";
import { Silence } from "./silence.ts";
import { UpstreamSide } from "./upstream-side.ts";
import type { Upstream, UpstreamListener } from "./upstream-side.ts";
import type { Loss, Wires } from "./wires.ts";

/** One client connection and, from the first request that is passed on, its one upstream connection; in forward mode one for each host. */
export class Http1Connection implements LaneConnection, Wires, ClientListener, UpstreamListener {
  isCut = false;
  readonly requests: RequestReader;
  readonly forwarding: Forwarding | undefined;
  readonly grip: Grip;
  private readonly context: LaneContext;
  private readonly limits: Limits;
  private readonly client: ClientSide;
  private readonly upstream: Upstream;
  private readonly responses: ResponseReader;
  private readonly pipeline: Pipeline;
  private readonly upgrades: Upgrades;
  private readonly witness: ConnectionWitness;
  /** The client's half is closed, and upstream is to learn it behind the last of its requests. */
  private upstreamEndWaits = false;
  private silenced: Silence | undefined;
  /** Nothing that comes is read any more. */
  private over = false;

  constructor(client: Socket, context: LaneContext, limits: Limits) {
    const { env, proxy } = context;
    this.context = context;
    this.limits = limits;
    this.witness = new ConnectionWitness(context);
    this.client = new ClientSide(client, env, limits, this);
    this.forwarding = context.forward && new Forwarding({ client: this.client, context, policy: context.forward, listener: this, lingerMs: limits.lingerMs, responses: () => this.responses });
    this.upstream = this.forwarding?.side ?? new UpstreamSide(context, this, limits.lingerMs);
    this.pipeline = new Pipeline(context, this);
    this.upgrades = new Upgrades(context, this.pipeline);
    this.requests = new RequestReader({ env, limits, sink: this.upgrades, rewrite: this.forwarding?.rewrite ?? hostRewrite(proxy), looksIntoTunnels: context.forward !== undefined });
    this.responses = new ResponseReader(limits, this.upgrades);
    this.grip = new Grip(context, { request: this.upstream.requestLine, response: this.upstream.responseLine }, () => this.cut(), { close: () => this.hangUp(), silence: (read) => this.silence(read) });
    this.client.rests();
    this.grip.ask();
  }

  get requestsPaused(): boolean {
    return this.client.paused;
  }

  get wroteMs(): number {
    return this.client.wroteMs;
  }

  faultsChanged(change: FaultsChange): void {
    // What is over may still be held back from the client, or from upstream.
    this.grip.lift(change);
    if (this.isPassing()) this.upgrades.lift(change);
    if (!this.over) this.grip.ask(change.replaced?.changed);
    if (this.isPassing()) this.upgrades.ask();
    this.controlFlow();
  }

  stop(): void {
    this.exchanges.endAll("open");
    this.finish("proxy", "fin");
    this.upstream.drop("now");
    this.client.destroy();
  }

  leave(): void {
    this.upstream.silence(true);
    this.hangUp("proxy", "open");
  }

  cut(by?: Decided): void {
    if (by !== undefined && !this.over) this.grip.ledger.cut(by, this.context.env.nowMs());
    this.exchanges.endAll("reset");
    this.reset("fault");
  }

  toClient(bytes: Buffer): number {
    if (this.isCut || this.silenced !== undefined || this.grip.loses("response")) return 0;
    const cut = this.grip.cutsAnswer(bytes.length);
    const out = cut === undefined ? bytes : bytes.subarray(0, cut.after);
    if (out.length > 0) this.client.write(out);
    if (cut !== undefined) {
      this.isCut = true;
      // Behind what is being done with these bytes.
      queueMicrotask(() => this.carryOut(cut));
    }
    return out.length;
  }

  toUpstream(bytes: Buffer): void {
    if (this.isPassing()) this.upstream.write(bytes);
  }

  close(by: ClosedBy): void {
    this.finish(by, "fin");
    this.end(by === "upstream");
  }

  reset(by: ClosedBy): void {
    this.finish(by, "rst");
    this.client.reset();
  }

  dropUpstream(): void {
    this.responses.stop();
    this.upstream.drop("fin");
  }

  idle(loss: Loss | undefined): void {
    if (!this.isPassing()) return;
    if (loss?.how === "rst") this.reset("upstream");
    else if (loss === undefined && this.client.ended && !this.pipeline.requests.isSlow) this.close("client");
    else if (this.client.ended || loss !== undefined) {
      this.end(loss !== undefined);
      if (loss !== undefined) this.upstream.end();
    } else this.client.rests();
  }

  endClient(): void {
    this.end(true);
  }

  /** Who sends faster than the other side takes, or than the effects let go, is made to wait. */
  controlFlow(): void {
    if (this.pipeline.requests.waitsToTurn && this.isPassing()) this.pipeline.pump();
    if (this.upstreamEndWaits && this.isPassing()) this.endUpstream();
    if (!this.isPassing()) return;
    const { client, pipeline, upstream, limits: { heldBytes, inFlight } } = this;
    client.pause(upstream.blocked || pipeline.requests.heldBytes + this.requests.heldBytes + upstream.requestLine.heldWeight > heldBytes || pipeline.inFlight >= inFlight);
    upstream.pause(client.blocked || pipeline.heldResponseBytes + upstream.responseLine.heldWeight > heldBytes);
  }

  clientBytes(bytes: Buffer): void {
    if (this.over) return;
    this.requests.push(bytes);
    if (this.pipeline.inFlight === 0) this.client.rests();
    if (this.silenced === undefined) return this.controlFlow();
    this.requests.resume();
    this.client.pause(!this.silenced.takes(bytes.length));
  }

  clientEnded(): void {
    if (this.over) return;
    this.witness.ends("client", "fin");
    this.requests.end();
    this.upstreamEndWaits = true;
    this.exchanges.clientLeft("fin", this.requests.packetMs);
    this.controlFlow();
  }

  clientFailed(): void {
    if (this.over) return;
    this.exchanges.clientLeft("rst", this.requests.packetMs);
    this.finish("client", "rst");
  }

  clientRested(): void {
    if (this.isPassing()) this.close("proxy");
  }

  clientClosed(): void {
    // Also where it was ended otherwise: a request that was answered may still have been on its way.
    this.exchanges.endAll("client-left");
    this.finish("client", "fin");
    this.grip.drop();
    this.upstream.responseLine.drop();
    this.witness.write({
      peer: this.client.peer, exchanges: this.pipeline.ledger.exchanges, requestBytes: this.client.receivedBytes, responseBytes: this.client.sentBytes,
      upstreamReached: this.upstream.reached, ...this.grip.ledger.records(),
    });
    if (this.upstream.isGone) this.context.closed();
  }

  upstreamBytes(bytes: Buffer): void {
    if (this.over) return;
    this.responses.push(bytes);
    this.controlFlow();
  }

  upstreamEnded(): void {
    // Nothing comes from upstream any more: it is our own end, that faults held back.
    if (this.over) return this.end(true);
    this.witness.ends("upstream", "fin");
    this.responses.end();
    this.pipeline.upstreamLost({ how: "fin", reached: true });
    this.controlFlow();
  }

  upstreamFailed(): void {
    if (this.over || this.silenced !== undefined) return;
    this.responses.stop();
    this.pipeline.upstreamLost({ how: "rst", reached: this.upstream.reached });
    this.controlFlow();
  }

  upstreamTakes(length: number): Cut | undefined {
    const cut = this.grip.cutsRequest(length);
    if (cut !== undefined) {
      this.isCut = true;
      this.requests.stop();
    }
    return cut;
  }

  upstreamCut(cut: Cut): void {
    if (cut.how === "fin") this.carryOut(cut);
    else this.context.env.after(readingGraceMs, () => this.carryOut(cut));
  }

  upstreamClosed(): void {
    if (this.client.closed) this.context.closed();
  }

  /** Whoever sees to them. */
  private get exchanges(): Pick<Pipeline, "clientLeft" | "endAll"> {
    return this.silenced ?? this.pipeline;
  }

  /** For where what was called in between may have ended it: bytes go both ways. */
  private isPassing(): boolean {
    return !this.over && !this.isCut && this.silenced === undefined;
  }

  private endUpstream(): void {
    if (this.requests.isStopped()) this.pipeline.requestsEnded();
    if (!this.requests.isStopped() || !this.isPassing() || this.pipeline.requests.isWaiting) return;
    this.upstreamEndWaits = false;
    this.upstream.end();
  }

  private carryOut(cut: Cut): void {
    if (!this.over) this.grip.carryOutCut(cut);
  }

  /** Ends it by FIN, both ways. */
  private hangUp(by: ClosedBy = "fault", end: "dropped" | "open" = "dropped"): void {
    if (this.over) return this.end(true);
    this.exchanges.endAll(end);
    this.finish(by, "fin", "linger");
    this.end(false);
  }

  /** A fault takes its voice. Requests are read on, so that it is seen who asks and who leaves. Returns what ends the silence. */
  private silence(read: boolean): () => void {
    if (this.over) return () => undefined;
    if (this.silenced === undefined) {
      this.silenced = new Silence(this.pipeline.ledger, this.pipeline.surrender());
      this.witness.isSilent = true;
      this.responses.stop();
      this.requests.redirect(this.silenced);
      this.client.pause(false);
    }
    this.upstream.silence(read);
    if (!read) this.silenced.takesOnly(this.limits.heldBytes);
    return () => this.endSilence();
  }

  /** What was lost cannot be made good: for a caller that is still there the connection ends with the silence, by a reset. */
  private endSilence(): void {
    if (this.over) return;
    if (this.witness.closedBy !== "client") return this.cut();
    this.finish("client", "fin");
    this.client.destroy();
  }

  /** Closes the client's connection by FIN, which faults may hold back unless it has come through them already. */
  private end(hasComeThrough: boolean): void {
    const { responseLine } = this.upstream;
    if (!hasComeThrough && !responseLine.open) responseLine.take({ end: "fin", atMs: this.context.env.nowMs() });
    else if (this.over) this.client.close();
    else this.client.end();
  }

  /** Reads no more, and ends the upstream connection as the client's was ended. */
  private finish(by: ClosedBy, how: "fin" | "rst", upstream: "fin" | "linger" | "rst" = how): void {
    if (this.over) return;
    this.witness.ends(by, how);
    this.over = true;
    this.requests.stop();
    this.responses.stop();
    this.upstream.drop(upstream);
  }
}
