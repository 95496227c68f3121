import type { Fault } from "../model/experiment.ts";
import type { Per } from "../model/selection.ts";
import { refuses } from "./carried-out.ts";
import { decideEligible, loadFault, missWindow, subjectOf } from "./loaded-fault.ts";
import type { LoadedFault } from "./loaded-fault.ts";
import type { ConnectionFacts, Decided, ExchangeFacts } from "./subject.ts";
import { Tally } from "./tally.ts";
import { WebSocketFaults } from "./web-socket-faults.ts";
import { isOpenAt, nextEdgeAt, openingAt } from "./window.ts";

/**
 * The faults of one proxy in one epoch, with the counters of their selection.
 * Times are on the run's clock (`Env.nowMs`); `startMs` is when the set was put in force.
 *
 * Order: match, window, silence and ordinals, rate. What matches inside the window is eligible and numbered. Draws are keyed, never taken from a
 * running stream, so that fates do not depend on how calls interleave: by (seed, fault, request, k) for the k-th call of one of this
 * run's requests on this edge, else by (seed, fault, epoch, what it is counted with, n); those of bursts always by the latter.
 */
export class Selector {
  readonly faults: readonly Fault[];
  /** Lower-case names of the headers that some match or `per` needs: nothing else of a head has to be parsed. */
  readonly headers: ReadonlySet<string>;

  /** Names of the faults that take the listener down. */
  readonly refusing: ReadonlySet<string>;

  readonly #seed: string;
  readonly #epoch: number;
  readonly #startMs: number;
  readonly #loaded: readonly LoadedFault[];
  readonly #onExchange: readonly LoadedFault[];
  readonly #onConnection: readonly LoadedFault[];
  readonly #onHandshake: readonly LoadedFault[];
  readonly #onListener: readonly LoadedFault[];
  readonly #insideWebSockets: readonly LoadedFault[];
  /** What was decided last: most exchanges are missed by most faults, one like the other, and then no new list is made. */
  #decided: readonly Decided[] = nothing;
  /** Calls per request on this edge. */
  readonly #attempts = new Tally();

  /** @throws ChaosError `unknown-fault` */
  constructor(options: { readonly seed: string; readonly epoch: number; readonly faults: readonly Fault[]; readonly startMs: number }) {
    this.faults = options.faults;
    this.#seed = options.seed;
    this.#epoch = options.epoch;
    this.#startMs = options.startMs;
    this.#loaded = options.faults.map((fault) => loadFault(fault));
    this.#onExchange = this.#loaded.filter(({ type }) => type.on === "exchange");
    this.#onConnection = this.#loaded.filter(({ type }) => type.on === "connection");
    this.#onHandshake = this.#loaded.filter(({ type }) => type.on === "handshake");
    this.#onListener = this.#loaded.filter(({ type }) => type.on === "listener");
    this.#insideWebSockets = this.#loaded.filter(({ type }) => type.on === "message" || type.on === "websocket");
    this.refusing = new Set(this.#onListener.flatMap(({ fault, type }) => (refuses(type, fault.params) ? [fault.name] : [])));
    this.headers = new Set([...this.#onExchange, ...this.#insideWebSockets].flatMap(({ fault, headers }) => [...headersOf(fault), ...headers]));
  }

  /** Drawn once, when the request head has come: one entry per fault of the layer exchange, in the order written. */
  exchange(facts: ExchangeFacts, nowMs: number): readonly Decided[] {
    if (this.#onExchange.length === 0) return nothing;
    const attempt = facts.request === undefined ? 1 : this.#attempts.next(facts.request);
    const sinceMs = nowMs - this.#startMs;
    const before = this.#decided;
    let decided: Decided[] | undefined;
    for (let i = 0; i < this.#onExchange.length; i++) {
      const decision = this.#decideExchange(this.#onExchange[i]!, facts, attempt, sinceMs);
      if (decision !== before[i]) decided ??= before.slice();
      if (decided !== undefined) decided[i] = decision;
    }
    if (decided !== undefined) this.#decided = decided;
    return this.#decided;
  }

  #decideExchange(loaded: LoadedFault, facts: ExchangeFacts, attempt: number, sinceMs: number): Decided {
    const { selection } = loaded.fault;
    if (!loaded.matches(facts)) return loaded.missedMatch;
    const endsSilence = loaded.silence?.isEndedAt(counterOf(selection.per, facts), sinceMs);
    if (!isOpenAt(selection, sinceMs)) return missWindow(loaded, facts);
    const counter = counterOf(selection.per, facts);
    const n = loaded.tally.next(counter);
    const place = ["n", this.#epoch, counter, n];
    const key = facts.request === undefined ? place : ["request", facts.request, attempt];
    const ordinal = loaded.silence === undefined ? n : endsSilence === true ? loaded.silence.next(counter) : 0;
    return decideEligible(loaded, subjectOf(loaded, facts), this.#seed, { n, ordinal, attempt, sinceMs, counter, key, place });
  }

  /**
   * One entry per fault of the layer connection whose type acts on connections; asked at accept, and again for open connections when a
   * window opens. A connection that is asked again keeps its number, and so its fate.
   */
  connection(facts: ConnectionFacts, nowMs: number): readonly Decided[] {
    return this.#ofConnection(this.#onConnection, "connection", facts, nowMs);
  }

  /** One entry per fault of TLS handshakes; asked when one begins. */
  handshake(facts: ConnectionFacts, nowMs: number): readonly Decided[] {
    return this.#ofConnection(this.#onHandshake, "handshake", facts, nowMs);
  }

  #ofConnection(faults: readonly LoadedFault[], kind: "connection" | "handshake", facts: ConnectionFacts, nowMs: number): readonly Decided[] {
    if (faults.length === 0) return nothing;
    const sinceMs = nowMs - this.#startMs;
    return faults.map((loaded) => {
      const { selection } = loaded.fault;
      if (!isOpenAt(selection, sinceMs)) return loaded.missedWindow;
      const n = numberOf(loaded.tally, selection.per, facts);
      const key = ["connection", facts.conn];
      return decideEligible(loaded, { kind, id: facts.conn }, this.#seed, { n, attempt: 1, sinceMs, counter: connectionCounterOf(selection.per, facts), key });
    });
  }

  /** The faults that act inside a WebSocket, matched against the request that asked for it; absent when there are none. */
  webSocket(facts: ExchangeFacts): WebSocketFaults | undefined {
    if (this.#insideWebSockets.length === 0) return undefined;
    const faults = this.#insideWebSockets.map((loaded) => ({ loaded, matches: loaded.matches(facts), counter: counterOf(loaded.fault.selection.per, facts) }));
    return new WebSocketFaults({ seed: this.#seed, epoch: this.#epoch, startMs: this.#startMs, conn: facts.conn, faults });
  }

  /** One entry per fault that acts on the listener (`down`), at a window's edge. Openings of its window are numbered from 1. */
  listener(nowMs: number): readonly Decided[] {
    const sinceMs = nowMs - this.#startMs;
    return this.#onListener.map((loaded) => {
      if (!isOpenAt(loaded.fault.selection, sinceMs)) return loaded.missedWindow;
      const n = openingAt(loaded.fault.selection, sinceMs);
      return decideEligible(loaded, { kind: "listener" }, this.#seed, { n, attempt: 1, sinceMs, counter: "", key: ["opening", this.#epoch, n] });
    });
  }

  /** When a window of a fault next opens or closes (flap, from, for), absent when none will. */
  nextEdgeMs(nowMs: number): number | undefined {
    const edges = this.#loaded.flatMap(({ fault }) => nextEdgeAt(fault.selection, nowMs - this.#startMs) ?? []);
    return edges.length === 0 ? undefined : this.#startMs + Math.min(...edges);
  }

  /** Whether a fault's window is open. */
  isOpen(fault: string, nowMs: number): boolean {
    const loaded = this.#loaded.find((known) => known.fault.name === fault);
    return loaded !== undefined && isOpenAt(loaded.fault.selection, nowMs - this.#startMs);
  }
}

const nothing: readonly Decided[] = [];
const traceHeader = "traceparent";

function headersOf({ selection: { match, per } }: Fault): readonly string[] {
  const counted = typeof per === "object" ? [per.header.toLowerCase()] : per === "trace" ? [traceHeader] : [];
  return [...Object.keys(match?.headers ?? {}).map((name) => name.toLowerCase()), ...(match?.host === undefined ? [] : ["host"]), ...counted];
}

/** Which counter an exchange belongs to; those without the header or trace that is asked for share one. */
function counterOf(per: Per, facts: ExchangeFacts): string | number {
  if (typeof per === "object") return facts.header(per.header.toLowerCase()) ?? "";
  if (per === "connection") return facts.conn;
  if (per === "caller") return facts.caller;
  // W3C Trace Context §3.2: version, trace id, parent id, flags.
  if (per === "trace") return facts.request ?? facts.header(traceHeader)?.split("-", 2)[1] ?? "";
  return "";
}

/** The number a connection was given when it was first eligible. */
function numberOf(tally: Tally, per: Per, facts: ConnectionFacts): number {
  if (per === "connection") return 1;
  const known = tally.get(facts.conn);
  if (known > 0) return known;
  const n = tally.next(connectionCounterOf(per, facts));
  tally.set(facts.conn, n);
  return n;
}

/** Trace and headers say nothing of a connection: they count as the fault. */
function connectionCounterOf(per: Per, { conn, caller }: ConnectionFacts): string | number {
  if (per === "connection") return conn;
  return per === "caller" ? `caller ${caller}` : "fault";
}
