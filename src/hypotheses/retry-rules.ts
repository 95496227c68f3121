import { hasFailed } from "../evidence/call-outcome.ts";
import type { Call } from "../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { format } from "../units/format.ts";
import type { Sequence } from "./retry-sequences.ts";

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

function stepsOf(sequences: readonly Sequence[]): readonly Step[] {
  return sequences.flatMap((sequence) => sequence.calls.flatMap((call, i) => (hasFailed(call) || call.retryAfter !== undefined ? [{ sequence, call, next: sequence.calls[i + 1] }] : [])));
}

function rule(claim: string, expected: string, steps: readonly Step[], isBroken: (step: Step) => boolean, words: { readonly subject: string; readonly kept: string; readonly broken: string; readonly nextStep: string }): Ruling {
  const broken = steps.filter(isBroken);
  const base = { claim, expected, observed: `${broken.length} of ${steps.length} ${words.broken}`, n: steps.length };
  const evidence = broken.slice(0, 3).map(({ sequence, call, next }): Evidence => ({
    atMs: next?.startMs ?? call.endMs,
    what: `request ${sequence.sample.n} of ${sequence.sample.probe}: ${call.method} that ended ${call.status === undefined ? `with ${call.end}` : `with status ${call.status}`} ${words.broken}${next === undefined ? "" : `, ${format("duration", next.startMs - call.endMs)} later`}`,
  }));
  if (broken.length >= 2) return { verdict: { ...base, verdict: "violated", reason: `${broken.length} of ${steps.length} ${words.subject} ${words.broken}.` }, evidence };
  if (broken.length === 1) return { verdict: { ...base, verdict: "inconclusive", reason: `One of ${steps.length} ${words.subject} ${words.broken}; a second would settle it.`, nextStep: "Make during longer, or raise the load." }, evidence };
  if (steps.length < enough) return { verdict: { ...base, verdict: "inconclusive", reason: `Only ${steps.length} ${words.subject} were seen, fewer than the ${enough} that a rule is judged by.`, nextStep: words.nextStep }, evidence };
  return { verdict: { ...base, verdict: "held", reason: `None of ${steps.length} ${words.subject} ${words.broken}: ${words.kept}.` }, evidence };
}

export function decideMethods(methods: readonly string[], sequences: readonly Sequence[]): Ruling {
  const steps = stepsOf(sequences).filter(({ call }) => !methods.includes(call.method.toUpperCase()));
  return rule("onlyMethods", methods.join(", "), steps, ({ next }) => next !== undefined, {
    subject: `failed calls with other methods than ${methods.join(", ")}`, kept: "other methods are not retried", broken: "were retried",
    nextStep: `Let the fault hit calls with other methods than ${methods.join(", ")}, which the rule is about.`,
  });
}

export function decideStatuses(statuses: readonly number[], sequences: readonly Sequence[]): Ruling {
  const steps = stepsOf(sequences).filter(({ call }) => call.status !== undefined && statuses.includes(call.status));
  return rule("neverStatuses", statuses.join(", "), steps, ({ next }) => next !== undefined, {
    subject: `calls answered ${statuses.join(" or ")}`, kept: "they are not retried", broken: "were retried",
    nextStep: `Use a fault that answers ${statuses.join(" or ")}: { type: error, status: ${statuses[0] ?? 400} }.`,
  });
}

/** `wallMs`: what the run's clock reads as a date at 0. */
export function decideRetryAfter(sequences: readonly Sequence[], wallMs: number): Ruling {
  const steps = stepsOf(sequences).filter(({ call, next }) => next !== undefined && waitOf(call, wallMs) !== undefined);
  return rule("honoursRetryAfter", "true", steps, ({ call, next }) => next !== undefined && next.startMs - call.endMs < (waitOf(call, wallMs) ?? 0) - punctualMs, {
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
