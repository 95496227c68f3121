import type { Effect } from "../model/effect.ts";
import type { Decision } from "../model/selection.ts";

/** What the selection needs to know of an exchange. */
export interface ExchangeFacts {
  readonly method: string;
  /** Request target as sent, with its query. */
  readonly path: string;
  /** `host:port` in lower case that a forward proxy was told to call. */
  readonly authority?: string | undefined;
  /** Value of a header by lower-case name; asked only for names in `Selector.headers`. */
  header(name: string): string | undefined;
  /** Number of its connection among those of its proxy, from 1: in every run the same one, whatever comes to other proxies. */
  readonly connection: number;
  readonly caller: string;
  /** Second half of the trace id when it is one of this run's requests: the key that makes a request meet the same fate in every run. */
  readonly request?: string;
}

export interface ConnectionFacts {
  /** Unique in the run: what it is known by. */
  readonly conn: number;
  /** Its number among the connections of its proxy, from 1: what its draws are keyed with, so that they do not depend on other proxies. */
  readonly nth: number;
  readonly caller: string;
}

/** What one fault means for one subject. `effects` is empty unless applied. */
export interface Decided {
  readonly fault: string;
  readonly decision: Decision;
  readonly n?: number;
  readonly effects: readonly Effect[];
}
