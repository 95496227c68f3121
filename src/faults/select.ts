import type { Fault } from "../model/experiment.ts";
import type { Per } from "../model/selection.ts";
import { fingerprint } from "../math/fingerprint.ts";
import { refuses } from "./carried-out.ts";
import { decideEligible, loadFault, missWindow, reloadFault, subjectOf } from "./loaded-fault.ts";
import type { LoadedFault } from "./loaded-fault.ts";
import { resourceOf } from "./resource.ts";
import type { ConnectionFacts, Decided, ExchangeFacts } from "./subject.ts";
import { Tally } from "./tally.ts";
import { WebSocketFaults } from "./web-socket-faults.ts";
import { isOpenAt, nextEdgeAt, openingAt } from "./window.ts";

/** What becomes of faults in force when their list is changed, by name; the others are as before, or new. */
export interface Replaced {
  /** Not in force any more. One of the same name that is of another type may be. */
  readonly gone: ReadonlySet<string>;
  /** In force otherwise than before. */
  readonly changed: ReadonlySet<string>;
}

interface SelectorOptions {
  readonly seed: string;
  readonly epoch: number;
  readonly faults: readonly Fault[];
  /** When they are put in force. */
  readonly startMs: number;
}

/**
 * The faults of one proxy in one epoch, with the counters of their selection.
 * Times are on the run's clock (`Env.nowMs`); the windows of each fault count from when it was put in force.
 *
 * Order: match, window, silence and ordinals, rate. What matches inside the window is eligible and numbered. Draws are keyed, never taken from a
 * running stream, so that fates do not depend on how calls interleave: by (seed, fault, request, method, target, k) for the k-th time that
 * one of this run's requests makes this call on this edge, else by (seed, fault, epoch, what it is counted with, n); those of bursts always by the latter.
 */
export class Selector {
  readonly faults: readonly Fault[];
  /** Lower-case names of the headers that some match or `per` needs: nothing else of a head has to be parsed. */
  readonly headers: ReadonlySet<string>;

  /** Names of the faults that take the listener down. */
  readonly refusing: ReadonlySet<string>;

  readonly #seed: string;
  readonly #epoch: number;
  /** What is put in force together with an epoch, and all that it is changed to. */
  readonly set: object;
  readonly #loaded: readonly LoadedFault[];
  readonly #onExchange: readonly LoadedFault[];
  readonly #onConnection: readonly LoadedFault[];
  readonly #onHandshake: readonly LoadedFault[];
  readonly #onListener: readonly LoadedFault[];
  readonly #insideWebSockets: readonly LoadedFault[];
  /** What was decided last: most exchanges are missed by most faults, one like the other, and then no new list is made. */
  #decided: readonly Decided[] = nothing;
  /** How often each request has made each of its calls on this edge. */
  readonly #attempts: Tally;

  /** `before`: what they take the place of, where something of it may stay. @throws ChaosError `unknown-fault` */
  constructor({ seed, epoch, faults, startMs }: SelectorOptions, before?: Selector) {
    this.faults = faults;
    this.#seed = seed;
    this.#epoch = epoch;
    this.set = before?.set ?? {};
    this.#attempts = before === undefined ? new Tally() : before.#attempts;
    this.#loaded = faults.map((fault) => {
      const known = before === undefined ? undefined : before.#loadedAs(fault.name);
      return known === undefined ? loadFault(fault, startMs) : reloadFault(fault, known, startMs);
    });
    this.#onExchange = this.#loaded.filter(({ type }) => type.on === "exchange");
    this.#onConnection = this.#loaded.filter(({ type }) => type.on === "connection");
    this.#onHandshake = this.#loaded.filter(({ type }) => type.on === "handshake");
    this.#onListener = this.#loaded.filter(({ type }) => type.on === "listener");
    this.#insideWebSockets = this.#loaded.filter(({ type }) => type.on === "message" || type.on === "websocket");
    this.refusing = new Set(this.#onListener.flatMap(({ fault, type }) => (refuses(type, fault.params) ? [fault.name] : [])));
    this.headers = new Set([...this.#onExchange, ...this.#insideWebSockets].flatMap(({ fault, headers }) => [...headersOf(fault), ...headers]));
  }

  /** The same epoch with another list of faults from `nowMs` on: those that are in both go on. @throws ChaosError `unknown-fault` */
  changedTo(faults: readonly Fault[], nowMs: number): { readonly selector: Selector; readonly replaced: Replaced } {
    const selector = new Selector({ seed: this.#seed, epoch: this.#epoch, faults, startMs: nowMs }, this);
    const gone = new Set<string>();
    const changed = new Set<string>();
    for (const loaded of this.#loaded) {
      const { name } = loaded.fault;
      const now = selector.#loadedAs(name);
      if (now?.type !== loaded.type) gone.add(name);
      else if (now !== loaded) changed.add(name);
    }
    return { selector, replaced: { gone, changed } };
  }

  #loadedAs(fault: string): LoadedFault | undefined {
    return this.#loaded.find((known) => known.fault.name === fault);
  }

  /** Drawn once, when the request head has come: one entry per fault of the layer exchange, in the order written. */
  exchange(facts: ExchangeFacts, nowMs: number): readonly Decided[] {
    if (this.#onExchange.length === 0) return nothing;
    const attempt = facts.request === undefined ? 1 : this.#attempts.next(fingerprint(facts.request, facts.method, resourceOf(facts)));
    const before = this.#decided;
    let decided: Decided[] | undefined;
    for (let i = 0; i < this.#onExchange.length; i++) {
      const decision = this.#decideExchange(this.#onExchange[i]!, facts, attempt, nowMs);
      if (decision !== before[i]) decided ??= before.slice();
      if (decided !== undefined) decided[i] = decision;
    }
    if (decided !== undefined) this.#decided = decided;
    return this.#decided;
  }

  #decideExchange(loaded: LoadedFault, facts: ExchangeFacts, attempt: number, nowMs: number): Decided {
    const { selection } = loaded.fault;
    if (!loaded.matches(facts)) return loaded.missedMatch;
    const sinceMs = nowMs - loaded.startMs;
    const endsSilence = loaded.silence?.isEndedAt(counterOf(selection.per, facts), sinceMs);
    if (!isOpenAt(selection, sinceMs)) return missWindow(loaded, facts);
    const counter = counterOf(selection.per, facts);
    const n = loaded.tally.next(counter);
    const place = ["n", this.#epoch, counter, n];
    const key = facts.request === undefined ? place : ["request", facts.request, facts.method, resourceOf(facts), attempt];
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
    return faults.map((loaded) => {
      const { selection } = loaded.fault;
      const sinceMs = nowMs - loaded.startMs;
      if (!isOpenAt(selection, sinceMs)) return loaded.missedWindow;
      const n = numberOf(loaded.tally, selection.per, facts);
      const key = ["connection", facts.nth];
      return decideEligible(loaded, { kind, id: facts.conn }, this.#seed, { n, attempt: 1, sinceMs, counter: connectionCounterOf(selection.per, facts), key });
    });
  }

  /** The faults that act inside a WebSocket, matched against the request that asked for it; absent when there are none. */
  webSocket(facts: ExchangeFacts): WebSocketFaults | undefined {
    if (this.#insideWebSockets.length === 0) return undefined;
    const faults = this.#insideWebSockets.map((loaded) => ({ loaded, matches: loaded.matches(facts), counter: counterOf(loaded.fault.selection.per, facts) }));
    return new WebSocketFaults({ seed: this.#seed, epoch: this.#epoch, nth: facts.connection, faults });
  }

  /** One entry per fault that acts on the listener (`down`), at a window's edge. Openings of its window are numbered from 1. */
  listener(nowMs: number): readonly Decided[] {
    return this.#onListener.map((loaded) => {
      const sinceMs = nowMs - loaded.startMs;
      if (!isOpenAt(loaded.fault.selection, sinceMs)) return loaded.missedWindow;
      const n = openingAt(loaded.fault.selection, sinceMs);
      return decideEligible(loaded, { kind: "listener" }, this.#seed, { n, attempt: 1, sinceMs, counter: "", key: ["opening", this.#epoch, n] });
    });
  }

  /** When a window of a fault next opens or closes (flap, from, for), absent when none will. */
  nextEdgeMs(nowMs: number): number | undefined {
    let nextMs: number | undefined;
    for (const { fault, startMs } of this.#loaded) {
      const edge = nextEdgeAt(fault.selection, nowMs - startMs);
      if (edge !== undefined) nextMs = Math.min(nextMs ?? Number.POSITIVE_INFINITY, startMs + edge);
    }
    return nextMs;
  }

  /** Whether a fault's window is open. */
  isOpen(fault: string, nowMs: number): boolean {
    const loaded = this.#loadedAs(fault);
    return loaded !== undefined && isOpenAt(loaded.fault.selection, nowMs - loaded.startMs);
  }
}

const nothing: readonly Decided[] = [];
const traceHeader = "traceparent";
const longestCounter = 256;

function headersOf({ selection: { match, per } }: Fault): readonly string[] {
  const counted = typeof per === "object" ? [per.header.toLowerCase()] : per === "trace" ? [traceHeader] : [];
  return [...Object.keys(match?.headers ?? {}).map((name) => name.toLowerCase()), ...(match?.host === undefined ? [] : ["host"]), ...counted];
}

/** Which counter an exchange belongs to; those without the header or trace that is asked for share one. */
function counterOf(per: Per, facts: ExchangeFacts): string | number {
  if (typeof per === "object") return counterFor(facts.header(per.header.toLowerCase()) ?? "");
  if (per === "connection") return facts.connection;
  if (per === "caller") return facts.caller;
  // W3C Trace Context §3.2: version, trace id, parent id, flags.
  if (per === "trace") return facts.request ?? counterFor(facts.header(traceHeader) ?? "", (value) => value.split("-", 2)[1] ?? "");
  return "";
}

/** What counts of a header's value; of a long one its fingerprint: callers choose how long it is, and many are remembered. */
function counterFor(value: string, partOf = (whole: string): string => whole): string | number {
  return value.length <= longestCounter ? partOf(value) : fingerprint(partOf(value));
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
