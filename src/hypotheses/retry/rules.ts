import { hasFailed } from "../../evidence/call-outcome.ts";
import type { Call } from "../../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { grpcCodeName } from "../../units/grpc-code.ts";
import type { GrpcCode } from "../../units/grpc-code.ts";
import type { Sequence, Sequences } from "./sequences.ts";

/** So many calls must have had the chance to break a rule before it is held. */
const enough = 20;
/** Clocks and timers: a retry this much early is on time. */
const punctualMs = 25;

interface Ruling {
  readonly verdict: ClaimVerdict;
  readonly evidence: readonly Evidence[];
}

/** A failed call, and the attempt after it where there was one. */
interface Step {
  readonly sequence: Sequence;
  readonly call: Call;
  readonly next: Call | undefined;
}

function* stepsOf(seen: Sequences): Iterable<Step> {
  for (const sequence of seen.met) {
    const calls = seen.callsOf(sequence);
    for (const [i, call] of calls.entries()) if (hasFailed(call) || call.retryAfter !== undefined) yield { sequence, call, next: calls[i + 1] };
  }
}

function rule(claim: string, expected: string, steps: { readonly seen: Sequences; readonly probe: string; isMeant(step: Step): boolean; isBroken(step: Step): boolean }, words: { readonly subject: string; readonly kept: string; readonly broken: string; readonly nextStep: string }): Ruling {
  let [n, broken, doubtful] = [0, 0, 0];
  const evidence: Evidence[] = [];
  for (const step of stepsOf(steps.seen)) {
    if (!steps.isMeant(step)) continue;
    n += 1;
    if (!steps.isBroken(step)) continue;
    if (step.next !== undefined && steps.seen.mayBeRepeat(step.sequence, step.call, step.next)) {
      doubtful += 1;
      continue;
    }
    broken += 1;
    if (broken <= 3) evidence.push(tell(step, steps.probe, words.broken));
  }
  const base = { claim, expected, observed: `${broken} of ${n} ${words.broken}`, n };
  if (broken >= 2) return { verdict: { ...base, verdict: "violated", reason: `${broken} of ${n} ${words.subject} ${words.broken}.` }, evidence };
  if (doubtful > 0) return { verdict: { ...base, verdict: "inconclusive", reason: `After ${doubtful} of ${n} ${words.subject} came a call that the HTTP client may have repeated by itself on another connection.`, nextStep: "Use a fault that answers (error) instead of one that cuts reused connections (drop, reset)." }, evidence };
  if (broken === 1) return { verdict: { ...base, verdict: "inconclusive", reason: `One of ${n} ${words.subject} ${words.broken}; a second would settle it.`, nextStep: "Make during longer, or raise the load." }, evidence };
  if (n < enough) return { verdict: { ...base, verdict: "inconclusive", reason: `Only ${n} ${words.subject} were seen, fewer than the ${enough} that a rule is judged by.`, nextStep: words.nextStep }, evidence };
  return { verdict: { ...base, verdict: "held", reason: `None of ${n} ${words.subject} ${words.broken}: ${words.kept}.` }, evidence };
}

function tell({ sequence, call, next }: Step, probe: string, what: string): Evidence {
  return {
    atMs: next?.startMs ?? call.endMs,
    what: `request ${sequence.n} of ${probe}: ${call.method} that ended ${ending(call)} ${what}${next === undefined ? "" : `, ${format("duration", next.startMs - call.endMs)} later`}`,
  };
}

function ending({ status, grpcStatus, end }: Call): string {
  if (grpcStatus !== undefined) return `with ${grpcCodeName(grpcStatus)}`;
  return status === undefined ? `with ${end}` : `with status ${status}`;
}

export function decideMethods(methods: readonly string[], seen: Sequences, probe: string): Ruling {
  const isMeant = ({ call }: Step): boolean => !methods.includes(call.method.toUpperCase());
  return rule("onlyMethods", methods.join(", "), { seen, probe, isMeant, isBroken: ({ next }) => next !== undefined }, {
    subject: `failed calls with other methods than ${methods.join(", ")}`, kept: "other methods are not retried", broken: "were retried",
    nextStep: `Let the fault hit calls with other methods than ${methods.join(", ")}, which the rule is about.`,
  });
}

export function decideStatuses(statuses: readonly (number | GrpcCode)[], seen: Sequences, probe: string): Ruling {
  const isMeant = ({ call }: Step): boolean => (call.grpcStatus === undefined ? statuses.some((status) => status === call.status) : statuses.some((status) => status === grpcCodeName(call.grpcStatus ?? 0)));
  return rule("neverStatuses", statuses.join(", "), { seen, probe, isMeant, isBroken: ({ next }) => next !== undefined }, {
    subject: `calls answered ${statuses.join(" or ")}`, kept: "they are not retried", broken: "were retried",
    nextStep: `Use a fault that answers ${statuses.join(" or ")}: ${typeof statuses[0] === "string" ? `{ type: grpc-error, code: ${statuses[0]} }` : `{ type: error, status: ${statuses[0] ?? 400} }`}.`,
  });
}

/** `wallMs`: what the run's clock reads as a date at 0. */
export function decideRetryAfter(seen: Sequences, probe: string, wallMs: number): Ruling {
  const isMeant = ({ call, next }: Step): boolean => next !== undefined && waitOf(call, wallMs) !== undefined;
  const isBroken = ({ call, next }: Step): boolean => next !== undefined && next.startMs - call.endMs < (waitOf(call, wallMs) ?? 0) - punctualMs;
  return rule("honoursRetryAfter", "true", { seen, probe, isMeant, isBroken }, {
    subject: "retries of answers with Retry-After", kept: "none came before its time", broken: "were retried before its time",
    nextStep: "Use a fault that answers with retryAfter (a second or so), and let requests live long enough to retry after it.",
  });
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function waitOf({ retryAfter, endMs }: Call, wallMs: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const dateMs = Date.parse(retryAfter);
  // Dates have whole seconds: the wait may be up to one less.
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - (wallMs + endMs) - 1000);
}
