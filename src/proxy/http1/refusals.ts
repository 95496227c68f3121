import { format } from "../../units/format.ts";
import type { LimitIssue } from "../../model/limits.ts";
import type { Rejection } from "./answers.ts";
import type { Limits } from "./limits.ts";

/** Why a request is not passed on. */
export interface Refusal {
  readonly status: Rejection;
  /** In one line: told to its caller, and in the report. */
  readonly why: string;
  /** Of the report's issue. */
  readonly code: "not-forwarded" | "malformed-request" | LimitIssue;
}

/** A head beyond the limits of a proxy. */
interface Excess {
  readonly why: string;
  readonly code: LimitIssue;
}

/** What has come of a head. */
export interface HeadSize {
  readonly bytes: number;
  readonly headers: number;
  /** It has come to its end. */
  readonly isWhole: boolean;
}

export const malformedHead: Refusal = malformed("the request head has a control byte, or a bare CR or LF");
export const contradictoryHead: Refusal = malformed("the request head is malformed or contradicts itself about its length");
export const malformedChunk: Refusal = malformed("a chunk of the request body is malformed");

export function notForwarded(status: Rejection, why: string): Refusal {
  return { status, why, code: "not-forwarded" };
}

/** `what`: whose head it is. At least one of the limits of size must be exceeded. */
export function excessOf(what: "request" | "response", { bytes, headers, isWhole }: HeadSize, { headBytes, headerCount }: Pick<Limits, "headBytes" | "headerCount">): Excess {
  const more = isWhole ? "" : " or more";
  const [whoever, are] = what === "request" ? ["callers", "are"] : ["upstream", "is"];
  const raise = `raise it if ${whoever} ${are} meant to send so`;
  return bytes > headBytes
    ? { code: "head-too-large", why: `a ${what} head of ${bytes}${more} bytes, and limits.head of this proxy is ${format("size", headBytes)}: ${raise} much` }
    : { code: "too-many-headers", why: `a ${what} head of ${headers}${more} headers, and limits.headers of this proxy is ${headerCount}: ${raise} many` };
}

/** A head that has not come to its end in time, `bytes` of it. */
export function tooSlow(bytes: number, { headMs }: Pick<Limits, "headMs">): Refusal {
  return { status: 408, code: "head-too-slow", why: `a request head of which ${bytes} bytes had come, and not its end, after the ${format("duration", headMs)} of limits.headTimeout: raise it if callers are meant to take so long` };
}

function malformed(why: string): Refusal {
  return { status: 400, why, code: "malformed-request" };
}
