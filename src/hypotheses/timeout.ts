import { z } from "zod";
import { completenessGate, continuityGate, quietGate, unwitnessedGate } from "../evidence/gates.ts";
import type { Obstacle } from "../evidence/gates.ts";
import { quantile, samplesForQuantile } from "../math/quantile.ts";
import type { Experiment, Fault, Hypothesis, LaneName } from "../model/experiment.ts";
import type { Bound } from "../model/bound.ts";
import type { HypothesisType, Judgement, Scope } from "../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { within } from "../units/bound.ts";
import { atMost, duration } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { decideByWitnesses, decideQuantile, surety, undecided } from "./decide.ts";
import { merge } from "./figures.ts";
import { edgesOf, faultSpan, phaseWindow } from "./fault-span.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { collectHeld } from "./timeout/held.ts";
import type { Held } from "./timeout/held.ts";

/** Ways of being kept waiting, by the fault that does it. `drip` waits for a fault of its own. */
const shapes = ["hang", "headers-hang", "drip", "slow"] as const;
type Shape = (typeof shapes)[number];

const schema = z
  .strictObject({
    proxy: z.string(),
    givesUp: atMost("duration").optional().describe("p95 of the age at which callers leave calls that are held."),
    closesConnection: z.literal(true).optional().describe("Giving up ends the call: its connection is closed, not left to run on."),
  })
  .refine(({ givesUp, closesConnection }) => givesUp !== undefined || closesConnection !== undefined, { message: "expected at least one of givesUp, closesConnection" });
type Params = z.output<typeof schema>;

/** So many calls must have been given up before none of them is held to have leaked. */
const enough = 20;
/** A fault must keep callers waiting this many times as long as the bound, to tell the late from those who never leave. */
const patience = 2;

/** Callers give up what takes too long, in time, and let go of it. */
export const timeout: HypothesisType<Params> = {
  type: "timeout",
  summary: "Callers leave calls that take too long, in time, and close the connection",
  about: {
    sees: "Calls that the fault keeps waiting: when their caller closed the connection, or that it never did although its request had been answered.",
    cannotTellApart: "A per-try timeout and a deadline over all tries, where there is one try; a caller that left by itself and one whose own caller had left.",
    needs: "A fault that holds calls longer than twice the bound: hang, headers and then nothing, a drip, or latency; calls joined to requests, for those that are left running.",
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
  advise({ proxy, givesUp }, hypothesis, experiment) {
    const maxMs = givesUp?.max;
    const holding = holdingFaults(hypothesis, experiment, proxy).map(({ fault }) => fault);
    if (holding.length === 0) return [{ code: "no-holding-fault", message: `no fault on ${proxy} keeps callers waiting, so nobody can give up`, hint: "add a fault of type hang or latency", path: ["proxy"] }];
    const short = holding.flatMap((fault) => {
      const holdMs = delayOf(fault);
      return maxMs === undefined || holdMs === undefined || holdMs >= patience * maxMs ? [] : [{ fault, holdMs }];
    });
    return short.map(({ fault, holdMs }) => ({
      code: "fault-too-short", message: `${fault.name} holds calls for ${format("duration", holdMs)}, less than twice the bound ${givesUp?.text ?? ""}: those who never give up cannot be told from those who would have`,
      hint: `make its delay at least ${format("duration", patience * (maxMs ?? 0))}, or use hang`, path: ["givesUp"],
    }));
  },
  judge(params, scope) {
    const { observations, epoch, hypothesis } = scope;
    const { proxy } = params;
    const during = phaseWindow(scope, "during");
    const span = faultSpan(scope);
    const faultEndMs = span.endMs ?? observations.endMs;
    const probe = observations.header.plan.experiment.probes.find(({ name }) => observations.rung(name, proxy) !== "statistical")?.name;
    const obstacle = phaseObstacle(scope, "during") ?? completenessGate({ observations }) ?? unwitnessedGate({ observations, proxy }, during?.startMs ?? 0, faultEndMs)
      ?? (probe === undefined ? undefined : continuityGate({ observations, probe }, epoch, faultEndMs - 10)) ?? exerciseObstacle(scope, probe);
    const wanted = hypothesis.shapes.length > 0 ? shapes.filter((shape) => hypothesis.shapes.includes(shape)) : [undefined];
    const judgements = wanted.map((shape) => judgeShape(params, scope, shape, obstacle));
    const [first] = judgements;
    const rung = probe === undefined ? {} : { correlation: observations.rung(probe, proxy) };
    return {
      claims: judgements.flatMap(({ claims }) => claims),
      observed: judgements.length === 1 && first !== undefined ? first.observed : Object.fromEntries(judgements.map(({ observed }, i) => [wanted[i] ?? "", observed])),
      samples: judgements.reduce((sum, { samples }) => sum + samples, 0),
      evidence: judgements.flatMap(({ evidence }) => evidence ?? []),
      ...rung,
    };
  },
};

function judgeShape(params: Params, scope: Scope, shape: Shape | undefined, obstacle: Obstacle | undefined): Judgement {
  const { observations, hypothesis, confidence } = scope;
  const { proxy, givesUp, closesConnection } = params;
  const label = (claim: string): string => (shape === undefined ? claim : `${claim} (${shape})`);
  const faults = holdingFaults(hypothesis, observations.header.plan.experiment, proxy).filter((held) => shape === undefined || held.shape === shape).map(({ fault }) => fault);
  const maxMs = givesUp?.max ?? givesUp?.min ?? 0;
  const held = collectHeld(scope, proxy, new Set(faults.map(({ name }) => name)), { maxMs, patienceMs: patience * maxMs });
  const standing = unseenLeaving(held, proxy) ?? obstacle ?? (faults.length === 0 ? noFault(proxy, shape) : undefined) ?? (held.judged === 0 ? tooShort(held, maxMs) : undefined) ?? quietGate(held.disturbed, held.judged + held.disturbed, "held calls");
  const claims: ClaimVerdict[] = [];
  const expectClosed: Bound = { text: "true", max: 0 };
  if (standing !== undefined) {
    if (givesUp !== undefined) claims.push(undecided({ claim: label("givesUp"), bound: givesUp }, standing.reason, standing.nextStep, { n: held.judged }));
    if (closesConnection === true) claims.push(undecided({ claim: label("closesConnection"), bound: expectClosed }, standing.reason, standing.nextStep, { n: held.judged }));
    return { claims, observed: {}, samples: held.judged };
  }
  const { leftMs: left, stayedMs: stayed, leaked } = held;
  if (givesUp !== undefined) claims.push(decideAge(label("givesUp"), givesUp, { left, stayed, leaked, confidence }));
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
  const verdict = decideByWitnesses(claimed, { observed: leaked, witnesses: leaked, n, enough });
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

/** The faults that the hypothesis speaks of and that keep callers on the edge waiting. */
function holdingFaults(hypothesis: Hypothesis, { faults, proxies }: Pick<Experiment, "faults" | "proxies">, proxy: string): readonly { readonly fault: Fault; readonly shape: Shape }[] {
  const lane = proxies.find(({ name }) => name === proxy)?.lane;
  return faults.filter((fault) => edgesOf(fault).includes(proxy) && hypothesis.faults.includes(fault.name)).flatMap((fault) => {
    const shape = shapeOf(fault, lane);
    return shape === undefined ? [] : [{ fault, shape }];
  });
}

/** How a fault keeps callers waiting; undefined: it does not, or who leaves cannot be seen. */
function shapeOf({ type, layer, params }: Fault, lane: LaneName | undefined): Shape | undefined {
  if (layer === "process") return type === "pause" ? "hang" : undefined;
  if (layer === "connection") return lane !== "tcp" && (type === "blackhole" || type === "half-open") ? "hang" : undefined;
  if (layer !== "exchange") return undefined;
  if (type === "hang") return params["headers"] === true ? "headers-hang" : "hang";
  return type === "latency" ? "slow" : type === "slow-body" ? "drip" : undefined;
}

/** For how long at least a fault holds a call, where its parameters say so; undefined: until it is lifted, or not known. */
function delayOf({ type, params }: Fault): number | undefined {
  const parsed = type === "latency" ? duration().safeParse(params["delay"]) : undefined;
  return parsed?.success === true ? parsed.data : undefined;
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

function tooShort({ all }: { readonly all: number }, maxMs: number): Obstacle {
  return all === 0
    ? { reason: "No call was held.", nextStep: "Check that calls reach the proxy while the fault is in force." }
    : { reason: `None of ${all} held calls was held for twice the bound (${format("duration", patience * maxMs)}), so those who never give up cannot be told from the others.`, nextStep: `Make the delay at least ${format("duration", patience * maxMs)} (or use hang), and during longer than that.` };
}
