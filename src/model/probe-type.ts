import type { z } from "zod";

/** A request that a probe makes, as plain data; the run carries it out. */
export type ProbeCall =
  | {
      readonly kind: "http";
      readonly method: string;
      readonly url: string;
      /** Lower-case names. `traceparent` is added by the run when `trace`. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly trace: boolean;
      /** Of `https://`, the same for all calls of a probe: the path of a PEM file of the authorities that are trusted, or any certificate will do. */
      readonly trust?: { readonly ca?: string; readonly insecure?: boolean };
      /** How many bytes of the answer's body are kept for grading; the rest is read and counted. */
      readonly keepBytes: number;
    }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly send?: string; readonly readUntil?: string; readonly keepBytes: number }
  | { readonly kind: "command"; readonly command: readonly string[]; readonly shell: boolean; readonly cwd?: string; readonly env: Readonly<Record<string, string>>; readonly keepBytes: number };

/** What came back. `failure` is set when there is no complete answer. */
export interface ProbeAnswer {
  /** Short word: `timeout`, `refused`, `reset`, `closed`, `dns`, `tls`, `malformed`, or a system error code. */
  readonly failure?: string;
  readonly status?: number;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** At most `keepBytes`. */
  readonly body?: string;
  readonly bodyBytes?: number;
  readonly exitCode?: number;
  readonly stdout?: string;
}

/** `good`: as in steady state. `degraded`: acceptable while a fault is in force. `bad`: neither. */
export type Grade = "good" | "degraded" | "bad";

/** What was read out of an answer: `value` a scalar of it as text, at most 64 characters; `term` a number that only grows, such as the term of a leader. */
export interface Captured {
  readonly value?: string;
  readonly term?: number;
}

/** One kind of probe. Pure: it says what to send and how good an answer is; the run sends. */
export interface ProbeType<P = unknown> {
  readonly type: string;
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly example: string;
  explain(params: P): string;
  /** `params` has all `${…}` replaced. */
  ask(params: P): ProbeCall;
  grade(params: P, answer: ProbeAnswer): Grade;
  /** One line about why an answer is not good, for reports: expected against got. */
  blame(params: P, answer: ProbeAnswer): string;
  /** Reads out of a complete answer what the author asked to keep of it; of a kind of probe that can. */
  capture?(params: P, answer: ProbeAnswer): Captured;
}
