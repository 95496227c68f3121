import type { Socket } from "node:net";
import type { DataPlaneConfig, ProxyConfig } from "../model/data-plane.ts";
import type { Fault } from "../model/experiment.ts";
import type { Env, Timer } from "../model/env.ts";
import type { WitnessRecord } from "../model/event.ts";
import type { Selector } from "../faults/select.ts";
import type { Decided } from "../faults/subject.ts";
import { Doorway } from "./doorway.ts";
import { ForwardPolicy } from "./forward-policy.ts";
import type { RequestCopy } from "./http1/request-copy.ts";
import type { FaultsChange, Lane, LaneConnection, LaneContext } from "./lane.ts";
import { RecordedAnswers } from "./message/index.ts";
import { Numbers } from "./numbers.ts";
import { tellShortagesOnce, tooManyConnections } from "./shortages.ts";
import { checkSocketPath } from "./socket-path.ts";
import type { Wire } from "./tcp/wire.ts";
import { turnAway } from "./turn-away.ts";
import type { Refusal } from "./turn-away.ts";

/** Open at once; far more than a caller's pool, and few enough that their memory (some 12 KB each) is no matter. */
const mostConnections = 10_000;

export interface ProxyServerOptions {
  readonly env: Env;
  readonly config: ProxyConfig;
  readonly run: Pick<DataPlaneConfig, "seed" | "tracePrefix" | "share">;
  readonly lane: Lane;
  /** The faults in force from the start. */
  readonly selector: Selector;
  /** Numbers client connections through the run, all proxies together. */
  readonly nextConn: () => number;
  readonly record: (record: WitnessRecord) => void;
  /** Of a forward proxy: the edge that a `host:port` has of its own. */
  readonly edgeAt?: (authority: string) => ProxyServer | undefined;
}

/** One proxy: its listeners, its open connections, and the faults in force on it. */
export class ProxyServer {
  readonly #options: ProxyServerOptions;
  readonly #doorway: Doorway;
  readonly #forward: ForwardPolicy | undefined;
  readonly #connections = new Map<number, LaneConnection>();
  /** Those of the connections that are not served. */
  readonly #turnedAway = new Set<number>();
  readonly #numbers: Numbers;
  readonly #lent = new WeakMap<LaneContext, LaneContext>();
  #selector: Selector;
  #sharedWires = new Map<string, Wire>();
  #answers = new Map<string, RecordedAnswers>();
  readonly #copies = new Set<RequestCopy>();
  /** What the faults in force say of the door. */
  #atDoor: readonly Decided[] = [];
  /** Faults that take the listener down: the opening of each that was told last. */
  #told = new Map<string, number>();
  #edge: Timer | undefined;
  #whenEmpty: (() => void)[] = [];
  // One each for all connections.
  readonly #inForce = (): Selector => this.#selector;
  readonly #wires = (): Map<string, Wire> => this.#sharedWires;
  readonly #answersOf = (fault: string): RecordedAnswers => {
    const known = this.#answers.get(fault) ?? new RecordedAnswers();
    this.#answers.set(fault, known);
    return known;
  };

  constructor(options: ProxyServerOptions) {
    this.#options = { ...options, record: tellShortagesOnce(options.record) };
    this.#selector = options.selector;
    this.#numbers = new Numbers(options.run.share);
    this.#forward = options.config.forward && new ForwardPolicy(options.config.forward);
    this.#doorway = new Doorway({ env: options.env, config: options.config, record: this.#options.record, share: options.run.share, accept: (client, caller) => this.#accept(client, caller) });
  }

  /** Those turned away not counted. */
  get openConnections(): number {
    return this.#connections.size - this.#turnedAway.size;
  }

  /** Binds all its listeners; throws ChaosError when one cannot be, and then holds none. */
  async open(): ReturnType<Doorway["open"]> {
    checkSocketPath(this.#options.config.name, this.#options.config.upstream);
    // In force for whoever is accepted while the rest is bound.
    this.#atDoor = this.#selector.listener(this.#options.env.nowMs());
    const doors = await this.#doorway.open();
    this.#apply({ release: false, lifted: false });
    return doors;
  }

  /** What its draws are keyed with. */
  get seed(): string {
    return this.#options.run.seed;
  }

  /** Replaces the faults in force. */
  setFaults(selector: Selector, release: boolean): void {
    this.#selector = selector;
    this.#sharedWires = new Map();
    this.#answers = new Map();
    if (release) for (const copy of this.#copies) copy.hurry();
    this.#told = new Map();
    this.#apply({ release, lifted: true });
  }

  /** Changes the list of faults in force from `nowMs` on: those that are as before go on undisturbed. Throws ChaosError `unknown-fault`, and then nothing has changed. */
  changeFaults(faults: readonly Fault[], nowMs: number): void {
    const { selector, replaced } = this.#selector.changedTo(faults, nowMs);
    this.#selector = selector;
    for (const fault of replaced.gone) {
      this.#answers.delete(fault);
      for (const way of ["request", "response"]) this.#sharedWires.delete(`${way} ${fault}`);
    }
    // One whose window is shut now has another first opening.
    for (const fault of this.#told.keys()) if (replaced.gone.has(fault) || !selector.isOpen(fault, nowMs)) this.#told.delete(fault);
    this.#apply({ release: true, lifted: false, replaced });
  }

  /** Resolves when it listens again, where no fault keeps its listeners closed any more. */
  settled(): Promise<void> {
    return this.#doorway.settled();
  }

  /** Closes every listener and ends every connection by FIN; resolves when the listeners are closed. */
  async leave(): Promise<void> {
    this.#edge?.cancel();
    const left = this.#doorway.leave();
    for (const connection of this.#connections.values()) connection.leave();
    for (const copy of this.#copies) copy.stop();
    await left;
  }

  /** Ends every connection and closes every listener; resolves when all are gone. */
  async close(): Promise<void> {
    this.#edge?.cancel();
    const closed = this.#doorway.close();
    const emptied = this.emptied();
    for (const connection of this.#connections.values()) connection.stop();
    for (const copy of this.#copies) copy.stop();
    await emptied;
    await closed;
  }

  /** Resolves when no connection is open. */
  emptied(): Promise<void> {
    return new Promise((resolve) => (this.#connections.size === 0 ? resolve() : this.#whenEmpty.push(resolve)));
  }

  /** Tells the door and every open connection what is in force now, and waits for the next edge of a window. */
  #apply(change: FaultsChange): void {
    const { env } = this.#options;
    const nowMs = env.nowMs();
    this.#edge?.cancel();
    this.#edge = undefined;
    this.#atDoor = this.#selector.listener(nowMs);
    this.#tellOpenings(nowMs);
    const refusals = this.#atDoor.filter(({ effects }) => effects.some(({ kind }) => kind === "refuse"));
    if (refusals.length === 0) this.#doorway.admit();
    else this.#doorway.refuse();
    const cutting = refusals.find(({ effects }) => effects.some((effect) => effect.kind === "refuse" && !effect.keepOpen));
    for (const connection of this.#connections.values()) {
      if (cutting !== undefined) connection.cut(cutting);
      else connection.faultsChanged(change);
    }
    const nextMs = this.#selector.nextEdgeMs(nowMs);
    if (nextMs !== undefined) this.#edge = env.after(nextMs - nowMs, () => this.#apply({ release: false, lifted: false }));
  }

  /** Of what a listener refuses nothing is seen: that it does is witnessed by the openings of its faults. */
  #tellOpenings(nowMs: number): void {
    const { config, record } = this.#options;
    for (const { fault, decision, n } of this.#atDoor) {
      if (n === undefined || this.#told.get(fault) === n || !this.#selector.refusing.has(fault)) continue;
      this.#told.set(fault, n);
      record({ kind: "listener-faulted", atMs: nowMs, proxy: config.name, fault, n, decision });
    }
  }

  #accept(client: Socket, caller: string): void {
    const { env, config, run, lane, nextConn, record, edgeAt } = this.#options;
    const conn = nextConn();
    const context: LaneContext = {
      env, proxy: config, forward: this.#forward, caller, conn, nth: this.#numbers.next(), record, seed: run.seed, tracePrefix: run.tracePrefix,
      selector: this.#inForce, sharedWires: this.#wires, answers: this.#answersOf, copies: this.#copies,
      edgeAt: edgeAt && ((authority) => edgeAt(authority)?.lend(context)),
      closed: () => this.#forget(conn),
    };
    const surplus = this.#surplus();
    if (surplus !== undefined) this.#turnedAway.add(conn);
    this.#connections.set(conn, surplus === undefined ? lane(client, context) : turnAway(client, context, surplus));
  }

  /** Of a connection that came by another way: its exchanges are witnessed as this proxy's, and meet its faults. It is one of this proxy's from the first of them on. */
  lend(context: LaneContext): LaneContext {
    const known = this.#lent.get(context);
    if (known !== undefined) return known;
    const lent = { ...context, proxy: this.#options.config, selector: this.#inForce, nth: this.#numbers.next() };
    this.#lent.set(context, lent);
    return lent;
  }

  /** Why no further connection is let in: a fault, or the proxy's own limit. */
  #surplus(): Refusal | undefined {
    const { env, config, record } = this.#options;
    const open = this.openConnections;
    for (const decided of this.#atDoor) {
      for (const effect of decided.effects) if (effect.kind === "admit" && open >= effect.connections) return { decided, how: effect.how };
    }
    const most = config.limits?.connections ?? mostConnections;
    if (open < most) return undefined;
    record({ kind: "witness-issue", atMs: env.nowMs(), proxy: config.name, code: tooManyConnections, message: `${most} connections are open at once, its limit: further ones are reset; raise limits.connections if callers are meant to have so many` });
    return { how: "rst" };
  }

  #forget(conn: number): void {
    this.#connections.delete(conn);
    this.#turnedAway.delete(conn);
    if (this.#connections.size === 0) for (const told of this.#whenEmpty.splice(0)) told();
  }
}
