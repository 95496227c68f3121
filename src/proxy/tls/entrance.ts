import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { SecureContext } from "node:tls";
import type { ConnectionRecord, FaultRecord, WitnessRecord } from "../../model/event.ts";
import type { Identity, ServerTls } from "../../model/tls.ts";
import type { Timer } from "../../model/env.ts";
import type { Decided } from "../../faults/subject.ts";
import { defaultLimits } from "../http1/limits.ts";
import type { FaultsChange, Lane, LaneConnection, LaneContext } from "../lane.ts";
import { carriedBy, onFin, reset } from "../reset.ts";
import { tcp } from "../tcp/index.ts";
import { handshakeProblem, slowHandshake } from "./problems.ts";
import type { TlsProblem } from "./problems.ts";

/** What may be spoken behind the handshake (ALPN), the best first, and the lane for each. */
export type Spoken = Readonly<Record<string, Lane>>;

/** A lane behind TLS: callers shake hands first, and the lane sees what is inside. What callers and we agree to speak chooses the lane; those who say nothing get `lane`. */
export function behindTls(lane: Lane, tls: ServerTls, spoken: Spoken): Lane {
  const contexts = new Map<Identity, SecureContext>();
  const contextOf = (identity: Identity): SecureContext => {
    const known = contexts.get(identity) ?? createSecureContext({ ...identity });
    contexts.set(identity, known);
    return known;
  };
  const setting: Setting = { lane, spoken, contextFor: (as) => contextOf((as === undefined || as === "hang" ? undefined : tls.flawed[as]) ?? tls.identity) };
  return (client, context) => (isCutOff(context) ? tcp(client, context) : new Entrance(client, context, setting));
}

type HandshakeAs = Extract<Decided["effects"][number], { kind: "handshake" }>["as"];

interface Setting {
  readonly lane: Lane;
  readonly spoken: Spoken;
  readonly contextFor: (as: HandshakeAs | undefined) => SecureContext;
}

/** A fault ends or silences the connection before a handshake could begin: that is done by the lane of bytes, which need not understand what comes meanwhile. */
function isCutOff(context: LaneContext): boolean {
  const { conn, nth, caller, env } = context;
  return context.selector().connection({ conn, nth, caller }, env.nowMs()).some(({ effects }) => effects.some((effect) => {
    if (effect.kind === "silence") return effect.direction === "both";
    return effect.kind === "reset" && effect.at === "accept" && effect.afterMs === undefined;
  }));
}

/** One connection that shakes hands, and then is its lane's. */
class Entrance implements LaneConnection {
  readonly #client: Socket;
  readonly #context: LaneContext;
  readonly #openMs: number;
  readonly #peer: string;
  readonly #decided: readonly Decided[];
  readonly #as: HandshakeAs | undefined;
  /** The fault that shows it. */
  readonly #by: string;
  #inner: LaneConnection | undefined;
  #closing: Pick<ConnectionRecord, "closedBy" | "how"> | undefined;
  #releasedMs: number | undefined;
  #late: Timer | undefined;

  constructor(client: Socket, context: LaneContext, setting: Setting) {
    const { env, conn, nth, caller } = context;
    this.#client = client;
    this.#context = context;
    this.#openMs = env.nowMs();
    this.#peer = `${client.remoteAddress ?? "unknown"}:${client.remotePort ?? 0}`;
    this.#decided = context.selector().handshake({ conn, nth, caller }, this.#openMs);
    const shown = this.#decided.flatMap(({ fault, effects }) => effects.flatMap((effect) => (effect.kind === "handshake" ? [{ fault, as: effect.as }] : [])))[0];
    this.#by = shown?.fault ?? "";
    this.#as = shown?.as;
    if (this.#as === "hang") this.#hang();
    else this.#shakeHands(setting);
  }

  faultsChanged(change: FaultsChange): void {
    const isOver = change.lifted || change.replaced?.gone.has(this.#by) === true;
    if (this.#inner !== undefined) this.#inner.faultsChanged(change);
    else if (isOver && this.#as === "hang") {
      this.#releasedMs = this.#context.env.nowMs();
      this.#end("fault", "rst");
    }
  }

  stop(): void {
    if (this.#inner === undefined) this.#end("proxy", "fin");
    else this.#inner.stop();
  }

  leave(): void {
    if (this.#inner === undefined) this.#end("proxy", "fin");
    else this.#inner.leave();
  }

  cut(by: Decided): void {
    if (this.#inner === undefined) this.#end("fault", "rst");
    else this.#inner.cut(by);
  }

  /** Reads and never answers. */
  #hang(): void {
    const client = this.#client;
    onFin(client, () => this.#end("client", "fin"));
    client.on("error", () => this.#end("client", "rst"));
    client.on("close", () => this.#closed());
    client.resume();
  }

  #shakeHands({ lane, spoken, contextFor }: Setting): void {
    const { env, proxy } = this.#context;
    const { headMs = defaultLimits.headMs } = proxy.limits ?? {};
    this.#late = env.after(headMs, () => this.#tooSlow(headMs));
    const protocols = Object.keys(spoken);
    const secured = new TLSSocket(this.#client, { isServer: true, secureContext: contextFor(this.#as), ...(protocols.length === 0 ? {} : { ALPNProtocols: protocols }) });
    carriedBy(secured, this.#client);
    const ended = (): void => this.#end("client", "fin");
    const failed = (error: NodeJS.ErrnoException): void => {
      if (this.#closing === undefined) this.#fail(error);
    };
    const closed = (): void => this.#closed();
    secured.on("end", ended).on("error", failed).on("close", closed);
    secured.once("secure", () => {
      this.#late?.cancel();
      secured.off("end", ended).off("error", failed).off("close", closed);
      // Without a tls.Server in charge Node tells of what goes wrong behind the handshake by this event alone.
      secured.on("_tlsError", (error: Error) => secured.destroy(error));
      const chosen = typeof secured.alpnProtocol === "string" ? spoken[secured.alpnProtocol] : undefined;
      this.#inner = (chosen ?? lane)(secured, { ...this.#context, record: (record) => this.#context.record(this.#amended(record)) });
    });
  }

  /** The handshake broke off. */
  #fail(error: NodeJS.ErrnoException): void {
    this.#tell(handshakeProblem(error));
    this.#closing = { closedBy: "client", how: error.code === "ECONNRESET" ? "rst" : "fin" };
  }

  #tooSlow(headMs: number): void {
    this.#tell(slowHandshake(headMs));
    this.#end("proxy", "fin");
  }

  /** What a fault made of a handshake is no problem of the witness. */
  #tell(problem: TlsProblem | undefined): void {
    const { env, proxy } = this.#context;
    if (problem !== undefined && this.#as === undefined) this.#context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, ...problem });
  }

  #end(closedBy: ConnectionRecord["closedBy"], how: ConnectionRecord["how"]): void {
    this.#closing ??= { closedBy, how };
    if (how === "rst") reset(this.#client);
    else this.#client.destroy();
  }

  /** The connection ended without its lane. */
  #closed(): void {
    const { env, proxy, caller, conn } = this.#context;
    const closeMs = env.nowMs();
    this.#late?.cancel();
    this.#context.record(this.#amended({
      kind: "connection", atMs: closeMs, proxy: proxy.name, caller, conn, openMs: this.#openMs, closeMs, peer: this.#peer, exchanges: 0, requestBytes: 0, responseBytes: 0,
      upstreamReached: false, ...(this.#closing ?? { closedBy: "client", how: "fin" }),
    }));
    this.#context.closed();
  }

  /** A connection begins with its handshake, and the faults of that are told first. */
  #amended(record: WitnessRecord): WitnessRecord {
    if (record.kind !== "connection") return record;
    const faults = [...this.#decided.map((decided) => this.#told(decided, record)), ...(record.faults ?? [])];
    return { ...record, openMs: this.#openMs, ...(faults.length === 0 ? {} : { faults }) };
  }

  /** A caller that went on to ask has not minded the certificate. */
  #told({ fault, decision, n, effects }: Decided, { requestBytes }: ConnectionRecord): FaultRecord {
    const isMinded = requestBytes === 0 && effects.some((effect) => effect.kind === "handshake" && effect.as === this.#as);
    const acted = isMinded ? { effect: "handshake" as const, actedMs: this.#openMs, ...(this.#releasedMs === undefined ? {} : { releasedMs: this.#releasedMs }) } : {};
    return { fault, decision, ...(n === undefined ? {} : { n }), ...acted };
  }
}
