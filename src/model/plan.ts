import type { Experiment, PhaseName } from "./experiment.ts";
import type { Issue } from "./issue.ts";

/** A phase as scheduled; ms from the moment the load starts. */
export interface PlannedPhase {
  readonly name: PhaseName | "pause";
  /** From 1; 1 for warmup and before. */
  readonly epoch: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Part of the further epoch that is run only when a hypothesis that asks to be confirmed is violated. */
  readonly ifViolated?: true;
}

/** One listening address of a proxy: the default one, or one for each service (replica) that mentions the proxy. */
export interface PlannedListener {
  readonly proxy: string;
  /** Service name, `service#2` for a replica, or `default`. */
  readonly caller: string;
}

/** What will be done, to the millisecond and the seed. Same file, variables and seed: same plan and digest. JSON-safe. */
export interface Plan {
  readonly schema: "chaos/plan/1";
  /** The experiment's file as given, or `-`. */
  readonly file: string;
  /** Number of the document in its file, from 0. */
  readonly document: number;
  readonly seed: string;
  /** Whether the author chose the seed. */
  readonly seedGiven: boolean;
  /** SHA-256 over the canonical JSON of experiment, seed and schedule, hex. */
  readonly digest: string;
  readonly experiment: Experiment;
  readonly schedule: readonly PlannedPhase[];
  readonly listeners: readonly PlannedListener[];
  /** What validation warned of, for the report; no part of the digest. */
  readonly issues?: readonly Issue[];
}
