import type { Grade, ProbeAnswer } from "../model/probe-type.ts";

/** What is wrong with an answer, as "expected …, got …"; absent when it is as expected. */
export type Fault<E> = (expect: E, answer: ProbeAnswer) => string | undefined;

/** Good when as in `expect`, degraded when as in `degraded`, bad otherwise and whenever no complete answer came. */
export function gradeBy<E>(fault: Fault<E>, params: { readonly expect: E; readonly degraded?: E | undefined }, answer: ProbeAnswer): Grade {
  if (answer.failure !== undefined) return "bad";
  if (fault(params.expect, answer) === undefined) return "good";
  return params.degraded !== undefined && fault(params.degraded, answer) === undefined ? "degraded" : "bad";
}

/** Words for what kept a complete answer from coming. */
const failureWords: Readonly<Record<string, string>> = {
  timeout: "no complete answer within the timeout",
  refused: "the connection was refused",
  reset: "the connection was reset",
  closed: "the connection was closed before the answer's end",
  dns: "the host name has no address",
  tls: "the TLS handshake failed",
  malformed: "the answer is not valid",
};

export function blameBy<E>(fault: Fault<E>, params: { readonly expect: E }, answer: ProbeAnswer): string {
  if (answer.failure !== undefined) return failureWords[answer.failure] ?? `failed: ${answer.failure}`;
  return fault(params.expect, answer) ?? "";
}
