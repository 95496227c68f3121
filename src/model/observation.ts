import type { Fault, PhaseName } from "./experiment.ts";
import type { ExchangeEnd, FaultRecord, JournalHeader } from "./event.ts";
import type { Captured, Grade } from "./probe-type.ts";
import type { Rung } from "./verdict.ts";

/** A phase as it really ran, ms from the start of the run. */
export interface PhaseWindow {
  readonly name: PhaseName;
  readonly epoch: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** One request of a probe. It belongs to the phase in which it was due. */
export interface Sample extends Captured {
  readonly probe: string;
  readonly n: number;
  readonly phase: PhaseName;
  readonly epoch: number;
  readonly dueMs: number;
  readonly sentMs?: number;
  readonly endMs?: number;
  readonly grade: Grade | "pending" | "unsent";
  readonly status?: number;
  readonly failure?: string;
  readonly blame?: string;
  /** From the due time to the end; of a pending one its age, a lower bound. */
  readonly latencyMs: number;
  /** Overlaps a stall of our own loop, or was sent too late: not to be judged by. */
  readonly disturbed: boolean;
}

/** One call of a service on a dependency edge, joined to the request that caused it where that is known. */
export interface Call {
  readonly proxy: string;
  readonly caller: string;
  readonly conn: number;
  readonly nth: number;
  readonly method: string;
  readonly path: string;
  readonly startMs: number;
  /** When it was over for the caller: the answer's end, its own leaving, or the close. */
  readonly endMs: number;
  readonly headMs?: number;
  readonly status?: number;
  readonly grpcStatus?: number;
  readonly end: ExchangeEnd;
  readonly leftMs?: number;
  readonly leftBy?: "fin" | "rst";
  /** Its caller is of the kind that closes its sending half and reads on: a FIN is no leaving, and is not told as one; whether it gave up cannot be seen. */
  readonly halfClosed?: true;
  readonly passedOn: boolean;
  readonly retryAfter?: string;
  readonly idempotencyKey?: string;
  readonly faults: readonly FaultRecord[];
  /** The caller got something other than upstream's prompt answer, or would have: see `felt` in the evidence room. */
  readonly faulted: boolean;
  readonly felt: boolean;
  /** The probe and number of the request that caused it. */
  readonly request?: { readonly probe: string; readonly n: number };
}

/** What one fault did in one epoch. */
export interface FaultObservation {
  readonly fault: Fault;
  readonly epoch: number;
  /** When the set it belongs to was put in force, and lifted. */
  readonly setMs: number;
  readonly liftedMs?: number;
  /** The first and last exchange it was applied to. */
  readonly firstAppliedMs?: number;
  readonly lastAppliedMs?: number;
  readonly eligible: number;
  readonly applied: number;
  readonly felt: number;
  readonly missed: { readonly match: number; readonly window: number; readonly ordinal: number; readonly rate: number };
  /** Layer process, whose unit is one opening of the window on one process: from when to when each was away; of a remote proxy, from when to when its toxics were there. No end: it never came back, they never went. */
  readonly away?: readonly { readonly startMs: number; readonly endMs?: number }[];
}

export interface ServiceObservation {
  readonly service: string;
  readonly replica: number;
  /** Set when it ended by itself. */
  readonly diedMs?: number;
  readonly code?: number;
  readonly signal?: string;
  /** Of what it wrote before it ended by itself; empty: it wrote nothing. */
  readonly lastLines?: readonly string[];
}

export interface WitnessIssue {
  readonly proxy: string;
  readonly code: string;
  readonly message: string;
  readonly count: number;
}

export interface Disturbance {
  readonly startMs: number;
  readonly endMs: number;
  readonly what: string;
}

export interface Interruption {
  readonly kind: "guard-tripped" | "max-duration" | "interrupted" | "failed" | "baseline";
  readonly atMs: number;
  readonly message: string;
  readonly signal?: string;
  readonly hint?: string;
}

/** What the journal says, queryable; compact inside, rows are made when asked for. Iteration is in due (start) order. */
export interface Observations {
  readonly header: JournalHeader;
  readonly phases: readonly PhaseWindow[];
  readonly faults: readonly FaultObservation[];
  readonly services: readonly ServiceObservation[];
  /** Stalls of our loops and starved processes. */
  readonly disturbances: readonly Disturbance[];
  /** Seconds in which one of the processes stood in line for a processor for a fifth of the time or more: too little to disturb a time that is measured, enough to throw together what it does. */
  readonly strains: readonly Disturbance[];
  readonly unwitnessed: readonly { readonly proxy: string; readonly startMs: number; readonly endMs: number }[];
  /** Where a fault ended connections before they carried a call (of edges that carry calls): from the first to the last of a time, and how many. Whose calls they were for is not known. */
  readonly barred: readonly { readonly proxy: string; readonly startMs: number; readonly endMs: number; readonly connections: number }[];
  readonly capped: readonly { readonly probe: string; readonly atMs: number; readonly limit: number }[];
  /** What the data plane found worth telling, in the order in which it was first told, and how often. */
  readonly witnessIssues: readonly WitnessIssue[];
  /** What ended the run early, in order. */
  readonly interruptions: readonly Interruption[];
  /** The last event's time, and whether the journal has its end. */
  readonly endMs: number;
  readonly finished: boolean;
  readonly cleanedUp: boolean;
  readonly left: readonly string[];
  samples(query: { readonly probe: string; readonly phase?: PhaseName; readonly epoch?: number }): Iterable<Sample>;
  /** Calls on an edge, all or those that started in [fromMs, toMs). */
  calls(query: { readonly proxy: string; readonly fromMs?: number; readonly toMs?: number }): Iterable<Call>;
  /** Calls that one request caused on an edge, in start order. */
  callsOf(request: { readonly probe: string; readonly n: number }, proxy: string): readonly Call[];
  /** How demand was joined to supply between a probe and an edge. */
  rung(probe: string, proxy: string): Rung;
}
