import type { Endpoint } from "./endpoint.ts";
import type { Metric, PhaseName } from "./experiment.ts";
import type { Captured, Grade } from "./probe-type.ts";
import type { Plan } from "./plan.ts";
import type { Decision } from "./selection.ts";
import type { EffectKind } from "./effect.ts";
import type { ProcessEffect } from "./process-effect.ts";

/** The first line of a journal. */
export interface JournalHeader {
  readonly schema: "chaos/journal/1";
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** First half of every trace id of this run: 16 hex digits. */
  readonly tracePrefix: string;
  readonly tool: { readonly version: string; readonly node: string };
  readonly plan: Plan;
}

/** Every event has the order of writing and when it happened, ms from the start of the run on one monotonic clock. Every `…Ms` of an event is on that clock unless it says "duration". */
interface Stamp {
  readonly seq: number;
  readonly atMs: number;
}

/** What one fault meant for one exchange or connection. */
export interface FaultRecord {
  readonly fault: string;
  readonly decision: Decision;
  /** Number among the eligible of its `per`, from 1; absent when not eligible. */
  readonly n?: number;
  /** Of a connection that was there already: when it was decided. It outlives windows and epochs, and has a record of each epoch. */
  readonly askedMs?: number;
  /** What was carried out, when applied. */
  readonly effect?: EffectKind;
  /** When the caller could first notice it: the answer, close or reset written, or the hold begun. Absent: it never came to that. */
  readonly actedMs?: number;
  /** When a hold ended: its delay ran out, or the fault was lifted. Absent while held, or when the caller left first. */
  readonly releasedMs?: number;
  /** Of a connection that it held several times: from when it let go to when it acted again, in order. The two above are then of the first hold and of the last. */
  readonly pauses?: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Of a fault that acts inside a WebSocket, which is one exchange however much it carries: the counts. The other fields are then of the first that was hit. */
  readonly inside?: InsideCounts;
}

/** What one fault of one set meant for the messages of one WebSocket; of a fault on the WebSocket as a whole, for that one. */
export interface InsideCounts {
  readonly epoch: number;
  readonly applied: number;
  readonly felt: number;
  readonly missed: Readonly<Record<Exclude<Decision, "applied">, number>>;
  /** When the first and the last came that were hit. */
  readonly firstMs?: number;
  readonly lastMs?: number;
}

/**
 * How an exchange ended.
 * `complete`: answered whole · `client-left`: the caller closed or reset before the answer's end · `upstream-lost`: upstream closed or reset before the end ·
 * `upstream-unreachable`: no connection to upstream · `dropped`/`reset`: a fault closed it · `rejected`: not framed as HTTP, over a limit, or not to be forwarded (400, 403, 408, 431, 508) ·
 * `tunnel`: upgraded · `open`: still unfinished when the run ended.
 */
export type ExchangeEnd = "complete" | "client-left" | "upstream-lost" | "upstream-unreachable" | "dropped" | "reset" | "rejected" | "tunnel" | "open";

/** One HTTP exchange as the witness saw it, written when it has ended. */
export interface ExchangeRecord {
  readonly kind: "exchange";
  readonly atMs: number;
  readonly proxy: string;
  /** Which listener it came by: service name, `service#2`, or `default`. */
  readonly caller: string;
  /** Number of the client connection, unique in the run. */
  readonly conn: number;
  /** n-th exchange on its connection, from 1: above 1 the connection was reused. */
  readonly nth: number;
  readonly method: string;
  /** Request target as sent, at most 1,024 characters; of a forward proxy, what upstream gets of it. */
  readonly path: string;
  /** `host:port` that the caller named to a forward proxy. */
  readonly authority?: string;
  /** Of a CONNECT: what went through its tunnel was HTTP, and is witnessed call by call. */
  readonly carries?: "http";
  /** Trace id of the `traceparent` header (32 hex digits), when there is one. */
  readonly trace?: string;
  /** Correlation value found by the proxy's `correlate`, other than trace. */
  readonly key?: string;
  /** `Idempotency-Key` of the request. */
  readonly idempotencyKey?: string;
  /** First byte of the request. */
  readonly startMs: number;
  /** Last byte of the request. */
  readonly requestEndMs?: number;
  /** The response head was written to the caller. */
  readonly headMs?: number;
  /** The last byte of the response was written to the caller, or the exchange ended otherwise. */
  readonly endMs: number;
  /** Status that the caller got; absent when it got none. */
  readonly status?: number;
  /** Status of a gRPC call that the caller got. */
  readonly grpcStatus?: number;
  /** `Retry-After` of the response. */
  readonly retryAfter?: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly end: ExchangeEnd;
  /** The caller closed (`fin`) or reset (`rst`) with the answer outstanding. */
  readonly leftMs?: number;
  readonly leftBy?: "fin" | "rst";
  /** Left by a FIN: how it ended behind that, for a caller that had closed its sending half only and read on. */
  readonly afterFin?: ExchangeEnd;
  /** Upstream got the request. */
  readonly passedOn: boolean;
  /** One entry per fault of this proxy that was loaded; absent when none was. */
  readonly faults?: readonly FaultRecord[];
  /** The fault by which the proxy itself sent it, as a copy of the exchange with this `conn` and `nth`: no call of the caller's. */
  readonly sentBy?: string;
}

/** One client connection, written when it has closed. On a tcp lane it is the unit of witness. */
export interface ConnectionRecord {
  readonly kind: "connection";
  readonly atMs: number;
  readonly proxy: string;
  readonly caller: string;
  readonly conn: number;
  readonly openMs: number;
  readonly closeMs: number;
  /** Address and port of the caller's end. */
  readonly peer: string;
  readonly exchanges: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** tcp lane only: what upstream got of the request and gave of the answer, where that is not the same because some was lost on its way. */
  readonly upstreamBytes?: { readonly got: number; readonly gave: number };
  readonly closedBy: "client" | "upstream" | "fault" | "proxy";
  readonly how: "fin" | "rst";
  readonly upstreamReached: boolean;
  readonly faults?: readonly FaultRecord[];
}

/** What a thread finds out about itself. */
export type LoopRecord =
  /** The event loop of a thread was late by `lateMs` (duration). */
  | { readonly kind: "stall"; readonly atMs: number; readonly thread: "main" | "data-plane"; readonly lateMs: number }
  /** Share (0..1) of the last second that a thread or process spent runnable but not running, and its mean wait each time it wanted to run (duration); Linux only. */
  | { readonly kind: "starved"; readonly atMs: number; readonly who: string; readonly share: number; readonly meanWaitMs: number };

/** What the data plane sends up, in batches. */
export type WitnessRecord =
  | ExchangeRecord
  | ConnectionRecord
  | LoopRecord
  /** The n-th opening of the window of a fault that takes the listener down: that it did, or why not. */
  | { readonly kind: "listener-faulted"; readonly atMs: number; readonly proxy: string; readonly fault: string; readonly n: number; readonly decision: Decision }
  /** While a listener refuses, calls cannot be witnessed. */
  | { readonly kind: "unwitnessed"; readonly atMs: number; readonly proxy: string; readonly startMs: number; readonly endMs: number }
  | { readonly kind: "witness-issue"; readonly atMs: number; readonly proxy: string; readonly code: string; readonly message: string };

/** One request of a probe, written when it has ended, or at the end of the run while pending. */
export interface SampleRecord extends Captured {
  readonly kind: "sample";
  readonly atMs: number;
  readonly probe: string;
  /** Number of the request of its probe, from 1. */
  readonly n: number;
  readonly dueMs: number;
  /** Absent: never sent (the cap on what is in flight was reached, or the run ended first). */
  readonly sentMs?: number;
  /** Absent: pending. */
  readonly endMs?: number;
  readonly grade: Grade | "pending" | "unsent";
  readonly status?: number;
  readonly failure?: string;
  /** Why it is not good; at most 200 characters. */
  readonly blame?: string;
}

export type RunEvent =
  | { readonly kind: "service-started"; readonly atMs: number; readonly service: string; readonly replica: number; readonly pid: number; readonly port?: number }
  | { readonly kind: "service-ready"; readonly atMs: number; readonly service: string; readonly replica: number }
  /** `expected`: we asked it to stop; `fault`: which fault ended it, where one did; `output`: of one that ended by itself, its last lines, empty where it wrote nothing. */
  | { readonly kind: "service-exited"; readonly atMs: number; readonly service: string; readonly replica: number; readonly code?: number; readonly signal?: string; readonly expected: boolean; readonly fault?: string; readonly output?: string }
  /** The n-th opening of a fault's window, on one process: what was done (just before it was), or why nothing was; `match`: there was none to do it to. */
  | { readonly kind: "service-faulted"; readonly atMs: number; readonly epoch: number; readonly fault: string; readonly service: string; readonly replica: number; readonly n: number; readonly decision: Decision; readonly effect?: ProcessEffect["kind"] }
  /** What that opening did is over: the process runs again and is ready, goes on, or never ended. */
  | { readonly kind: "service-restored"; readonly atMs: number; readonly epoch: number; readonly fault: string; readonly service: string; readonly replica: number; readonly n: number }
  /** The n-th opening of a fault's window on a remote proxy: its toxics, asked for at `askedMs`, are in force there. */
  | { readonly kind: "remote-faulted"; readonly atMs: number; readonly epoch: number; readonly fault: string; readonly proxy: string; readonly n: number; readonly askedMs: number }
  /** That opening is over: its toxics, removed from `askedMs` on, are gone. */
  | { readonly kind: "remote-restored"; readonly atMs: number; readonly epoch: number; readonly fault: string; readonly proxy: string; readonly n: number; readonly askedMs: number }
  | ({ readonly kind: "listening"; readonly atMs: number; readonly proxy: string; readonly caller: string } & Endpoint)
  | { readonly kind: "phase-started"; readonly atMs: number; readonly phase: PhaseName | "pause"; readonly epoch: number }
  | { readonly kind: "phase-ended"; readonly atMs: number; readonly phase: PhaseName | "pause"; readonly epoch: number }
  /** The faults of an epoch are in force (windows count from here), and lifted. */
  | { readonly kind: "faults-set"; readonly atMs: number; readonly epoch: number; readonly faults: readonly string[] }
  | { readonly kind: "faults-lifted"; readonly atMs: number; readonly epoch: number }
  | LoopRecord
  | { readonly kind: "in-flight-cap"; readonly atMs: number; readonly probe: string; readonly limit: number }
  | { readonly kind: "guard-tripped"; readonly atMs: number; readonly probe: string; readonly metric: Metric; readonly expected: string; readonly observed: number; readonly n: number }
  | { readonly kind: "max-duration"; readonly atMs: number }
  | { readonly kind: "baseline"; readonly atMs: number; readonly met: boolean }
  | { readonly kind: "interrupted"; readonly atMs: number; readonly signal: string }
  /** `stack`: of a defect of ours, where it showed itself. */
  | { readonly kind: "failed"; readonly atMs: number; readonly code: string; readonly message: string; readonly hint?: string; readonly stack?: string }
  /** The last event: everything has been undone, or what could not be. */
  | { readonly kind: "ended"; readonly atMs: number; readonly cleanedUp: boolean; readonly left: readonly string[] };

/** A fact before it is written. */
export type Fact = WitnessRecord | SampleRecord | RunEvent;

/** A past-tense fact of a run, as a line of the journal. */
export type Event = Fact & Stamp;
