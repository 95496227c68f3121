import type { Fault } from "../model/experiment.ts";
import type { ConnectionFacts, Decided, ExchangeFacts } from "./subject.ts";

/**
 * The faults of one proxy in one epoch, with the counters of their selection.
 * Times are on the run's clock (`Env.nowMs`); `startMs` is when the set was put in force.
 */
export declare class Selector {
  readonly faults: readonly Fault[];
  /** Lower-case names of the headers that some match or `per` needs: nothing else of a head has to be parsed. */
  readonly headers: ReadonlySet<string>;

  constructor(options: { readonly seed: string; readonly epoch: number; readonly faults: readonly Fault[]; readonly startMs: number });

  /** Drawn once, when the request head has come: one entry per fault of the layer exchange, in the order written. */
  exchange(facts: ExchangeFacts, nowMs: number): readonly Decided[];
  /** One entry per fault of the layer connection whose type acts on connections; asked at accept, and again for open connections when a window opens. */
  connection(facts: ConnectionFacts, nowMs: number): readonly Decided[];
  /** One entry per fault that acts on the listener (`down`), at a window's edge. */
  listener(nowMs: number): readonly Decided[];
  /** When a window of a fault next opens or closes (flap, from, for), absent when none will. */
  nextEdgeMs(nowMs: number): number | undefined;
  /** Whether a fault's window is open. */
  isOpen(fault: string, nowMs: number): boolean;
}
