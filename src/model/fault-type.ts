import type { z } from "zod";
import type { Direction, Effect } from "./effect.ts";
import type { Json } from "./json.ts";
import type { ProcessEffect } from "./process-effect.ts";

/** What a fault acts on: one HTTP exchange (or the messages of the WebSocket that it became), one connection, a listener as a whole, or a process of the run. */
export type Layer = "exchange" | "connection" | "process";

/** What has come, as a fault may see it. */
export type Subject =
  /** `headers`: those that the fault asked for, by lower-case name. */
  | { readonly kind: "exchange"; readonly method: string; readonly path: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: "connection"; readonly id: number }
  /** A connection whose TLS handshake begins. */
  | { readonly kind: "handshake"; readonly id: number }
  /** A message of an open WebSocket, asked when the header of its first frame has come; `nth` of its direction, from 1. */
  | { readonly kind: "message"; readonly direction: Exclude<Direction, "both">; readonly nth: number }
  /** An open WebSocket as a whole, asked when it has been opened, and again when a window opens. */
  | { readonly kind: "websocket"; readonly conn: number }
  /** The proxy itself, asked when the fault's window opens. */
  | { readonly kind: "listener" };

/** Plain data that the selection keeps for a fault. Times in ms. */
export interface Facts {
  /** Number of this subject among the eligible of its `per`, from 1. */
  readonly n: number;
  /** The how-manieth time that its request makes this call (method and target) on this edge, from 1; 1 where the exchange carries no trace of ours. */
  readonly attempt: number;
  readonly sinceWindowMs: number;
  /** Of the fault, as its author wrote it; for effects on bytes. */
  readonly direction: Direction;
  /** What it last gave back to remember, of the same `per`; absent at first and with each epoch. */
  readonly memory?: Json;
}

/** Effects with something to remember, such as the level of a bucket. No effects: the subject is spared, as by `rate`. */
export interface Remembering {
  readonly effects: readonly Effect[];
  readonly memory: Json;
}

/** Uniform on [0, 1). */
export type Random = () => number;

/** What every kind of fault says of itself. */
interface Described<P> {
  readonly type: string;
  /** One line for tables. */
  readonly summary: string;
  /** Parameters beside the common ones; strict (unknown keys are errors). */
  readonly params: z.ZodType<P>;
  /** A short valid example in YAML, parameters only. */
  readonly example: string;
  /** A sentence fragment in the field's words, such as `answers after 3s`. */
  explain(params: P): string;
}

/**
 * One kind of fault of an edge. `decide` is pure: what the caller is to experience, for one subject that the selection picked.
 * It is asked only for subjects of the kinds in `on`.
 */
export interface FaultType<P = unknown> extends Described<P> {
  readonly layer: Exclude<Layer, "process">;
  readonly on: Subject["kind"];
  /** Where its author says none; absent: response. */
  readonly direction?: Direction;
  decide(params: P, subject: Subject, facts: Facts, random: Random): readonly Effect[] | Remembering;
  /** Lower-case names of the headers of an exchange that it decides by. */
  headers?(params: P): readonly string[];
  /** For exchanges that match and are not hit (window, ordinals, rate): what it learns from them, and no caller feels. */
  learn?(params: P, subject: Subject): readonly Effect[];
}

/** One kind of fault of a process that the run started. `decide` is pure: what is done to each replica when the fault's window opens. */
export interface ProcessFaultType<P = unknown> extends Described<P> {
  readonly layer: "process";
  readonly on: "process";
  decide(params: P): ProcessEffect;
}

export type AnyFaultType = FaultType | ProcessFaultType;
