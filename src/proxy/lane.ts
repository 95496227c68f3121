import type { Socket } from "node:net";
import type { ProxyConfig } from "../model/data-plane.ts";
import type { Env } from "../model/env.ts";
import type { WitnessRecord } from "../model/event.ts";
import type { Replaced, Selector } from "../faults/select.ts";
import type { Decided } from "../faults/subject.ts";
import type { ForwardPolicy } from "./forward-policy.ts";
import type { RequestCopy } from "./http1/request-copy.ts";
import type { RecordedAnswers } from "./message/index.ts";
import type { Wire } from "./tcp/wire.ts";

/** What a lane is given to serve one client connection. */
export interface LaneContext {
  readonly env: Env;
  readonly proxy: ProxyConfig;
  /** Where callers may go through a proxy in forward mode. */
  readonly forward?: ForwardPolicy | undefined;
  /** The edge that calls of a forward proxy to a `host:port` are on, where that has one of its own. */
  readonly edgeAt?: ((authority: string) => LaneContext | undefined) | undefined;
  readonly caller: string;
  /** Number of this client connection, unique in the run. */
  readonly conn: number;
  /** Its number among the connections of its proxy, from 1. */
  readonly nth: number;
  /** Of the run: the first part of every key of a random draw. */
  readonly seed: string;
  /** First half of this run's trace ids (16 hex digits). */
  readonly tracePrefix: string;
  /** The faults in force on this proxy, with the state of their selection; replaced as a whole when the set changes. Empty between epochs. */
  selector(): Selector;
  /** The wires that connections share by a fault in force, by fault and direction; new with each set. */
  sharedWires(): Map<string, Wire>;
  /** What a fault in force remembers of the answers on all connections; forgotten with its set. */
  answers(fault: string): RecordedAnswers;
  /** Requests that a fault sends a second time: they may outlive the connection that they came by. */
  readonly copies: Set<RequestCopy>;
  record(record: WitnessRecord): void;
  /** To be called once, when the connection and its record are done. */
  closed(): void;
}

/**
 * `lifted`: the set of faults was replaced, perhaps by none: what hangs by a fault of the old set is reset, what it delays runs out; `release`: delays end at once too.
 * `replaced`: the list was changed: what hangs by a fault that is gone is reset, what it delays goes on at once; the others go on undisturbed. Neither: a window opened or closed.
 */
export interface FaultsChange {
  readonly release: boolean;
  readonly lifted: boolean;
  readonly replaced?: Replaced;
}

/** One client connection being served. */
export interface LaneConnection {
  /** Other faults are in force, or other windows open. */
  faultsChanged(change: FaultsChange): void;
  /** The run stops: end at once, record what is unfinished as `open`. */
  stop(): void;
  /** Its proxy is closed: both sides are ended by FIN, as soon as it can be; what is held is lost, what is unfinished recorded as `open`. */
  leave(): void;
  /** A `refuse` fault cuts open connections: reset both sides, and record that it did. */
  cut(by: Decided): void;
}

/** Serves a client connection that was just accepted (paused on connect where the lane needs it). */
export type Lane = (client: Socket, context: LaneContext) => LaneConnection;
