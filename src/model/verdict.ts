import type { ExchangeEnd } from "./event.ts";
import type { JsonObject } from "./json.ts";

/** `held`: shown within the bound · `violated`: shown outside it · `inconclusive`: not shown. */
export type VerdictWord = "held" | "violated" | "inconclusive";

/** Which rung of the correlation ladder joined demand to supply; a lower rung allows weaker claims. */
export type Rung = "trace" | "content" | "serial" | "statistical";

/** One part of a hypothesis, such as `opens.within`. */
export interface ClaimVerdict {
  readonly claim: string;
  readonly verdict: VerdictWord;
  readonly expected: string;
  /** With its unit, such as `1.9s`. */
  readonly observed: string;
  /** In base units (ms, share, count); an absent end is unknown. */
  readonly interval?: readonly [number | null, number | null];
  readonly n: number;
  /** One sentence. */
  readonly reason: string;
  /** For inconclusive: the smallest change of the experiment that would decide it. */
  readonly nextStep?: string;
}

export interface Evidence {
  readonly atMs: number;
  readonly what: string;
}

/** One request with its calls on an edge, chosen because it is like most of them. All times are ms from the start of the run. */
export interface RequestDrawn {
  readonly probe: string;
  readonly proxy: string;
  readonly n: number;
  /** From so many it was chosen. */
  readonly among: number;
  readonly dueMs: number;
  /** Absent: it was never answered. */
  readonly answeredMs?: number;
  readonly status?: number;
  /** In order of their start. */
  readonly calls: readonly { readonly startMs: number; readonly endMs: number; readonly end: ExchangeEnd; readonly status?: number }[];
  /** Calls behind those, counted only. */
  readonly more?: number;
}

export interface Verdict {
  readonly name: string;
  readonly type: string;
  readonly faults: readonly string[];
  readonly verdict: VerdictWord;
  readonly expected: string;
  /** Numbers with units in their names, as the contract lists them per type. */
  readonly observed: JsonObject;
  readonly samples: number;
  readonly reason: string;
  readonly nextStep?: string;
  readonly correlation?: Rung;
  readonly equivalentTo: readonly string[];
  readonly claims: readonly ClaimVerdict[];
  readonly evidence: readonly Evidence[];
  /** Where calls of one request are judged: one as an example. */
  readonly typical?: RequestDrawn;
}
