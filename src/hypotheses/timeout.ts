import { z } from "zod";
import { completenessGate, continuityGate, quietGate, unwitnessedGate } from "../evidence/gates.ts";
import type { Obstacle } from "../evidence/gates.ts";
import { quantile, samplesForQuantile } from "../math/quantile.ts";
import type { Fault } from "../model/experiment.ts";
import type { Bound } from "../model/bound.ts";
import type { HypothesisType, Judgement, Scope } from "../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { within } from "../units/bound.ts";
import { atMost } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { decideByWitnesses, decideQuantile, surety, undecided } from "./decide.ts";
import { merge } from "./figures.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { timeoutDefaults } from "./libraries.ts";
import { adviseOnTimeout } from "./timeout/advice.ts";
import { collectHeld } from "./timeout/held.ts";
import type { Held, HeldCalls } from "./timeout/held.ts";
import { alikeKinds, kindsBy, timeoutKinds } from "./timeout/kind.ts";
import type { ShapeSeen, TimeoutKind } from "./timeout/kind.ts";
import { enoughClosed, programShapes, usualBoundMs } from "./timeout/program.ts";
import { holdingFaults, patience, shapes, spacingOf } from "./timeout/shapes.ts";
import type { Shape } from "./timeout/shapes.ts";

const schema = z
  .strictObject({
    proxy: z.string(),
    givesUp: atMost("duration").optional().describe("p95 of the age at which callers leave calls that are held."),
    closesConnection: z.literal(true).optional().describe("Giving up ends the call: its connection is closed, not left to run on."),
  })
  .refine(({ givesUp, closesConnection }) => givesUp !== undefined || closesConnection !== undefined, { message: "expected at least one of givesUp, closesConnection" });
type Params = z.output<typeof schema>;

/** Callers give up what takes too long, in time, and let go of it. */
export const timeout: HypothesisType<Params> = {
  type: "timeout",
  summary: "Callers leave calls that take too long, in time, and close the connection",
  about: {
    sees: "Calls that the fault keeps waiting: when their caller closed the connection, or that it never did although its request had been answered.",
    cannotTellApart: "A per-try timeout and a deadline over all tries, where there is one try; by hang alone, a limit on the whole call, on silence and on the wait for the head.",
    needs: "A fault that holds calls longer than twice the bound: hang, headers and then nothing, a drip, or latency (shapes brings one of each along, in windows of their own); calls joined to requests, for those that are left running.",
  },
  params: schema,
  shapes,
  example: "proxy: payments\ngivesUp: 400ms..650ms\nclosesConnection: true",
  probes: () => [],
  proxies: ({ proxy }) => [proxy],
  explain({ proxy, givesUp, closesConnection }) {
    const parts = [givesUp && `give up after ${givesUp.text} (p95)`, closesConnection && "close the connection when they do"].filter((part) => part !== undefined);
    return `Callers of ${proxy} that are kept waiting ${parts.join(" and ")}`;
  },
  advise: adviseOnTimeout,
  program: programShapes,
  judge(params, scope) {
    const { observations, epoch, hypothesis } = scope;
    const { proxy } = params;
    const during = phaseWindow(scope, "during");
    const faultEndMs = faultSpan(scope).endMs ?? observations.endMs;
    const probe = observations.header.plan.experiment.probes.find(({ name }) => observations.rung(name, proxy) !== "statistical")?.name;
    const obstacle = phaseObstacle(scope, "during") ?? completenessGate({ observations }) ?? unwitnessedGate({ observations, proxy }, during?.startMs ?? 0, faultEndMs)
      ?? (probe === undefined ? undefined : continuityGate({ observations, probe }, epoch, faultEndMs - 10));
    const wanted = hypothesis.shapes.length > 0 ? shapes.filter((shape) => hypothesis.shapes.includes(shape)) : [undefined];
    const seen = obstacle === undefined ? lookAtShapes(params, scope) : [];
    const kinds = seen.length === 0 ? [] : kindsBy(seen);
    const judgements = wanted.map((shape) => judgeShape(params, scope, { shape, obstacle, probe, kinds }));
    const [first] = judgements;
    const isTold = seen.some(({ held }) => held.judged > 0) && kinds.length < timeoutKinds.length;
    const isDecided = judgements.some(({ claims }) => claims.some(({ verdict }) => verdict !== "inconclusive"));
    return {
      claims: judgements.flatMap(({ claims }) => claims),
      observed: {
        ...(judgements.length === 1 && first !== undefined ? first.observed : Object.fromEntries(judgements.map(({ observed }, i) => [wanted[i] ?? "", observed]))),
        ...(isTold && { kind: kinds.length === 0 ? "unknown" : kinds.join(" or ") }),
      },
      samples: judgements.reduce((sum, { samples }) => sum + samples, 0),
      evidence: judgements.flatMap(({ evidence }) => evidence ?? []),
      equivalentTo: isDecided ? [...alikeKinds(kinds, seen), ...(isOneTry(seen) ? ["a deadline over all tries: no request made a second"] : [])] : [],
      ...(probe !== undefined && { correlation: observations.rung(probe, proxy) }),
    };
  },
};

/** How callers took each shape that a fault had on the edge, whether it is asked for or not. */
function lookAtShapes({ proxy, givesUp }: Params, scope: Scope): readonly ShapeSeen[] {
  const holding = holdingFaults(scope.hypothesis, scope.observations.header.plan.experiment, proxy);
  return shapes.flatMap((shape) => {
    const faults = holding.filter((held) => held.shape === shape).map(({ fault }) => fault);
    const [first] = faults;
    return first === undefined ? [] : [{ shape, held: hold(scope, proxy, faults, { boundMs: givesUp?.max ?? givesUp?.min ?? usualBoundMs, alone: true }), spacingMs: spacingOf(first) }];
  });
}

function hold(scope: Scope, proxy: string, faults: readonly Fault[], { boundMs, alone }: { readonly boundMs: number; readonly alone: boolean }): HeldCalls {
  return collectHeld(of(scope, faults), proxy, new Set(faults.map(({ name }) => name)), { maxMs: boundMs, patienceMs: patience * boundMs, alone });
}

/** The same, as if the hypothesis spoke of these faults only. */
function of(scope: Scope, faults: readonly Fault[]): Scope {
  return { ...scope, hypothesis: { ...scope.hypothesis, faults: faults.map(({ name }) => name) } };
}

function isOneTry(seen: readonly ShapeSeen[]): boolean {
  return seen.some(({ held }) => held.leftMs.length > 0 && held.joined) && !seen.some(({ held }) => held.isRetried);
}

interface Asked {
  readonly shape: Shape | undefined;
  readonly obstacle: Obstacle | undefined;
  readonly probe: string | undefined;
  readonly kinds: readonly TimeoutKind[];
}

function judgeShape(params: Params, scope: Scope, { shape, obstacle, probe, kinds }: Asked): Judgement {
  const { observations, hypothesis, confidence } = scope;
  const { proxy, givesUp, closesConnection } = params;
  const label = (claim: string): string => (shape === undefined ? claim : `${claim} (${shape})`);
  const faults = holdingFaults(hypothesis, observations.header.plan.experiment, proxy).filter((held) => shape === undefined || held.shape === shape).map(({ fault }) => fault);
  const maxMs = givesUp?.max ?? givesUp?.min ?? 0;
  const held = hold(scope, proxy, faults, { boundMs: maxMs, alone: shape !== undefined });
  const standing = unseenLeaving(held, proxy) ?? obstacle ?? (faults.length === 0 ? undefined : exerciseObstacle(of(scope, faults), probe)) ?? (faults.length === 0 ? noFault(proxy, shape) : undefined)
    ?? mixedHolds(held) ?? quietGate(held.disturbed, held.judged + held.disturbed, "held calls") ?? (held.judged === 0 ? tooShort(held, maxMs) : undefined);
  const claims: ClaimVerdict[] = [];
  const expectClosed: Bound = { text: "true", max: 0 };
  if (standing !== undefined) {
    if (givesUp !== undefined) claims.push(undecided({ claim: label("givesUp"), bound: givesUp }, standing.reason, standing.nextStep, { n: held.judged }));
    if (closesConnection === true) claims.push(undecided({ claim: label("closesConnection"), bound: expectClosed }, standing.reason, standing.nextStep, { n: held.judged }));
    return { claims, observed: {}, samples: held.judged };
  }
  const { leftMs: left, stayedMs: stayed, leaked } = held;
  if (givesUp !== undefined) claims.push(withTrap(decideAge(label("givesUp"), givesUp, { left, stayed, leaked, confidence }), hypothesis.library, stayed.length > 0 ? kinds : []));
  if (closesConnection === true) claims.push(decideClosing(label("closesConnection"), expectClosed, { left: left.length, leaked, joined: held.joined }));
  const gaveUp = left.length + leaked;
  const isViolated = claims.some(({ verdict }) => verdict === "violated");
  return {
    claims,
    observed: { ...(left.length > 0 && { givesUpP50Ms: quantile(left, 0.5), givesUpP95Ms: quantile(left, 0.95) }), ...(gaveUp > 0 && held.joined && { leakedShare: leaked / gaveUp }) },
    samples: held.judged,
    evidence: isViolated ? held.late.map(tell) : [],
  };
}

/** A violation by what the library's timeout is known not to bound is told with that, where all that was seen agrees with it. */
function withTrap(verdict: ClaimVerdict, library: string | undefined, kinds: readonly TimeoutKind[]): ClaimVerdict {
  const known = timeoutDefaults(library);
  const [trap] = known?.traps ?? [];
  if (verdict.verdict !== "violated" || trap === undefined || kinds.length !== 1 || kinds[0] !== known?.kind) return verdict;
  return { ...verdict, reason: `${verdict.reason.replace(/\.$/, "")}: ${library ?? ""} ${trap}.` };
}

function decideAge(claim: string, bound: Bound, { left, stayed, leaked, confidence }: { readonly left: Float64Array; readonly stayed: Float64Array; readonly leaked: number; readonly confidence: number }): ClaimVerdict {
  const n = left.length + stayed.length;
  const verdict = decideQuantile({ claim, bound, kind: "duration", what: "the p95 of the age at which callers left held calls" }, 0.95, { sortedMs: left, pendingMs: stayed, confidence });
  if (verdict.verdict === "violated" && stayed.length > 0) {
    const aside = leaked > 0 ? `; ${leaked} of them were left running when their request had been answered` : "";
    return { ...verdict, observed: left.length === 0 ? `never within ${format("duration", stayed[0] ?? 0)}` : verdict.observed, reason: `${stayed.length} of ${n} callers were still there after ${format("duration", stayed[0] ?? 0)} or more, outside ${bound.text}${aside}.` };
  }
  // To be sure of a violation takes more calls than to hold.
  const p95Ms = quantile(merge(left, stayed), 0.95);
  const needed = samplesForQuantile(0.95, within(bound, p95Ms) ? confidence : surety);
  if (verdict.verdict === "inconclusive" && n < needed) return { ...verdict, nextStep: `Needs at least ${needed} held calls, there were ${n}: make during longer, or raise the load.` };
  return verdict;
}

/** A single call left running refutes; without any that was given up nothing is known. */
function decideClosing(claim: string, bound: Bound, { left, leaked, joined }: { readonly left: number; readonly leaked: number; readonly joined: boolean }): ClaimVerdict {
  const claimed = { claim, bound, kind: "count" as const, what: "the number of calls left running" };
  if (left + leaked === 0) {
    return joined
      ? undecided(claimed, "No caller gave up, so it was not seen what giving up does.", "Let the fault hold calls longer than the timeout.")
      : undecided(claimed, "No caller closed its connection, and calls could not be joined to requests, so leaving a call running looks like waiting on.", "Let the service pass on the traceparent header.");
  }
  const n = left + leaked;
  const verdict = decideByWitnesses(claimed, { observed: leaked, witnesses: leaked, n, enough: enoughClosed });
  if (verdict.verdict === "inconclusive") return verdict;
  const isClosed = verdict.verdict === "held";
  return { ...verdict, observed: isClosed ? "true" : `${leaked} of ${n} left running`, reason: isClosed ? `All ${n} calls that were given up were closed by their caller.` : `${leaked} of ${n} calls that were given up were left running.` };
}

function tell({ call, leftAfterMs, heldMs, isLeak }: Held): Evidence {
  return {
    atMs: call.startMs,
    what: `${call.method} ${call.path}${call.request === undefined ? "" : ` of request ${call.request.n} of ${call.request.probe}`} ${leftAfterMs === undefined ? `was held for ${format("duration", heldMs)} and never left` : `was left after ${format("duration", leftAfterMs)}`}${isLeak ? ", although its request had been answered" : ""}`,
  };
}

function noFault(proxy: string, shape: Shape | undefined): Obstacle {
  return shape === undefined
    ? { reason: `No fault on ${proxy} keeps callers waiting.`, nextStep: "Add a fault of type hang or latency." }
    : { reason: `No fault on ${proxy} has the shape ${shape}.`, nextStep: `Add a fault of this shape: ${{ hang: "{ type: hang }", "headers-hang": "{ type: hang, headers: true }", drip: "{ type: slow-body }", slow: "{ type: latency, delay: … }" }[shape]}.` };
}

/** More than this of the held calls must not be such whose leaving cannot be seen. */
const tolerableUnseen = 0.05;

function unseenLeaving({ halfClosed, all }: { readonly halfClosed: number; readonly all: number }, proxy: string): Obstacle | undefined {
  return halfClosed <= tolerableUnseen * all ? undefined : {
    reason: `${halfClosed} of ${all} held calls on ${proxy} came from callers that close their sending half with each request and read on, as they did before the fault: their FIN is no giving up, and when they give up cannot be seen.`,
    nextStep: "Let the caller keep its half of the connection open until it has the answer, so that its closing shows.",
  };
}

/** Calls that tell of no shape in particular must be few, and so must those whose leaving was their own caller's. */
function mixedHolds({ mixed, orphaned, all }: HeldCalls): Obstacle | undefined {
  if (mixed > tolerableUnseen * all) return { reason: `${mixed} of ${all} held calls were held by several faults at once, so which of them they were left under is not known.`, nextStep: "Give each fault a window of its own (from, for)." };
  if (orphaned <= tolerableUnseen * all) return undefined;
  return { reason: `${orphaned} of ${all} held calls were left as the probe gave up on their request: whether their caller would have left by itself is not known.`, nextStep: "Make the probe's timeout longer than the service may take in all." };
}

function tooShort({ all }: { readonly all: number }, maxMs: number): Obstacle {
  return all === 0
    ? { reason: "No call was held.", nextStep: "Check that calls reach the proxy while the fault is in force." }
    : { reason: `None of ${all} held calls was held for twice the bound (${format("duration", patience * maxMs)}), so those who never give up cannot be told from the others.`, nextStep: `Make the delay at least ${format("duration", patience * maxMs)} (or use hang), and during longer than that.` };
}
