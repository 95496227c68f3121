import type { z } from "zod";
import type { Experiment, Hypothesis } from "./experiment.ts";
import type { JsonObject } from "./json.ts";
import type { Observations } from "./observation.ts";
import type { ClaimVerdict, Evidence, RequestDrawn, Rung } from "./verdict.ts";

/** What a hypothesis is judged in: one epoch of a run. */
export interface Scope {
  readonly hypothesis: Hypothesis;
  readonly observations: Observations;
  /** From 1. */
  readonly epoch: number;
  /** Of held verdicts, 0..1. */
  readonly confidence: number;
}

/** What one epoch says; several are combined, and made a verdict, by the judge. */
export interface Judgement {
  readonly claims: readonly ClaimVerdict[];
  readonly observed: JsonObject;
  readonly samples: number;
  readonly correlation?: Rung;
  readonly equivalentTo?: readonly string[];
  readonly evidence?: readonly Evidence[];
  /** Inferred states over time, for the timeline. */
  readonly states?: readonly { readonly state: string; readonly startMs: number; readonly endMs: number }[];
  /** Figures over time that the verdict rests on, for drawings. */
  readonly series?: readonly Series[];
  /** A request as an example, to be drawn call by call. */
  readonly typical?: RequestDrawn;
}

/** One figure over time. It keeps its value from a point to the next. */
export interface Series {
  readonly name: string;
  readonly unit: "count" | "ms" | "share" | "perSecond";
  /** When (ms from the start of the run) and what, in order of time; at most some 500. */
  readonly points: readonly (readonly [atMs: number, value: number])[];
  /** What it is to stay at or below: drawn as a level across the curve. */
  readonly limit?: number;
}

/** What a reader should know before trusting a verdict, in sentences. */
export interface About {
  /** What it looks at. */
  readonly sees: string;
  /** What looks the same from outside, and is named in `equivalentTo` rather than guessed. */
  readonly cannotTellApart: string;
  /** Traffic and shapes of fault without which it is inconclusive. */
  readonly needs: string;
}

/** A warning about an experiment that could not decide its hypothesis. */
export interface Advice {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Path in the experiment file, such as `["hypotheses", 0, "trials"]`; relative to the hypothesis. */
  readonly path: readonly (string | number)[];
}

/** Faults that a hypothesis brings along, and what stands in their way. */
export interface Program {
  /** Named entries of `faults:`, as an author would write them. */
  readonly faults: readonly JsonObject[];
  readonly findings: readonly (Advice & { readonly severity: "error" | "warning" })[];
}

/** One resilience pattern. `judge` is pure. */
export interface HypothesisType<P = unknown> {
  readonly type: string;
  readonly summary: string;
  readonly about: About;
  /** Strict; the common keys (name, type, fault, library, epochs, confirm, shapes) are not part of it. */
  readonly params: z.ZodType<P>;
  /** A short valid example in YAML, parameters only. */
  readonly example: string;
  /** Forms of a fault that it can be judged by one by one, where it can. */
  readonly shapes?: readonly string[];
  /** Faults of the shapes that it is to be judged by and that the experiment lacks: `hypothesis.faults` are those that there are. */
  program?(params: P, hypothesis: Pick<Hypothesis, "name" | "faults" | "shapes">, experiment: Pick<Experiment, "faults" | "proxies" | "probes" | "phases" | "confidence">): Program;
  /** Names of probes and proxies that it needs, to be checked against the file. */
  probes(params: P): readonly string[];
  proxies(params: P): readonly string[];
  /** Places in the answers of HTTP probes that it compares: their probes keep what stands there. */
  captures?(params: P): readonly { readonly probe: string; readonly path: string }[];
  /** What is claimed, in a sentence. */
  explain(params: P): string;
  /** What the experiment cannot decide about it as planned: too little load, too short a phase. */
  advise(params: P, hypothesis: Hypothesis, experiment: Experiment): readonly Advice[];
  judge(params: P, scope: Scope): Judgement;
}
