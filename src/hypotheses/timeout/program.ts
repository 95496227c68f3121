import { samplesForQuantile } from "../../math/quantile.ts";
import type { Bound } from "../../model/bound.ts";
import type { Experiment, Fault, Hypothesis } from "../../model/experiment.ts";
import type { Program } from "../../model/hypothesis-type.ts";
import type { JsonObject } from "../../model/json.ts";
import { format } from "../../units/format.ts";
import { edgesOf } from "../fault-span.ts";
import { holdingFaults, patience, shapes } from "./shapes.ts";
import type { Shape } from "./shapes.ts";

interface Params {
  readonly proxy: string;
  readonly givesUp?: Bound | undefined;
}

type Surroundings = Pick<Experiment, "faults" | "proxies" | "probes" | "phases" | "confidence">;

/** Without a bound on when callers give up, faults are made for one of so long. */
export const usualBoundMs = 1000;
/** So many calls must have been given up before none of them is held to have leaked. */
export const enoughClosed = 20;
/** A window shorter than this is none. */
const leastWindowMs = 250;

/**
 * A fault for each shape asked for that the experiment lacks on the proxy, one after the other in the longest part of `during` that no other fault
 * there takes, with a pause between them in which callers of the one before leave, and one behind the last, so that those who never leave are seen to stay.
 */
export function programShapes({ proxy, givesUp }: Params, hypothesis: Pick<Hypothesis, "name" | "faults" | "shapes">, experiment: Surroundings): Program {
  const present = new Set(holdingFaults(hypothesis, experiment, proxy).map(({ shape }) => shape));
  const missing = shapes.filter((shape) => hypothesis.shapes.includes(shape) && !present.has(shape));
  if (missing.length === 0) return { faults: [], findings: [] };
  const boundMs = givesUp?.max ?? givesUp?.min ?? usualBoundMs;
  const restMs = Math.max(leastWindowMs, boundMs);
  const { duringMs } = experiment.phases;
  const free = longestFree(experiment.faults.filter((fault) => edgesOf(fault).includes(proxy)), duringMs, restMs, patience * boundMs + leastWindowMs);
  const pausesMs = (missing.length - 1) * restMs;
  const windowMs = Math.floor((free.endMs - free.startMs - pausesMs) / missing.length);
  const wanted = wantedWindow(givesUp, experiment);
  const neededMs = Math.ceil((duringMs - (free.endMs - free.startMs) + pausesMs + missing.length * wanted.windowMs) / 1000) * 1000;
  const [list, hint] = [missing.join(", "), `make phases.during at least ${format("duration", neededMs)} long`];
  const others = free.isShared ? ", beside the other faults there, which end or begin in it" : "";
  if (windowMs < leastWindowMs) {
    return { faults: [], findings: [{ code: "shapes-do-not-fit", severity: "error", message: `during lasts ${format("duration", duringMs)}, which leaves no time for a fault on ${proxy} of each shape asked for (${list})${others}`, hint: `${hint}${free.isShared ? ", or give the other faults a window of their own (from, for)" : ""}`, path: ["shapes"] }] };
  }
  const few: Program["findings"] = windowMs >= wanted.windowMs ? [] : [{
    code: "shapes-too-short", severity: "warning",
    message: `each shape of fault (${list}) gets ${format("duration", windowMs)} of during, some ${Math.floor((windowMs * wanted.perSecond) / 1000)} calls if each request makes one, and each needs ${wanted.calls}: it would be inconclusive`,
    hint: `${hint}, or the load ${Math.ceil((wanted.perSecond * wanted.windowMs) / windowMs)}/s`, path: ["shapes"],
  }];
  const faults = missing.map((shape, i): JsonObject => {
    const startMs = free.startMs + i * (windowMs + restMs);
    return { name: nameOf(hypothesis.name, shape, experiment.faults), proxy, ...written(shape, givesUp, boundMs), from: `${startMs}ms`, for: `${windowMs}ms` };
  });
  return { faults, findings: few };
}

/** The drip is fast enough for who waits for silence, and its body takes far longer than the bound; the slow answer comes in the end. */
function written(shape: Shape, givesUp: Bound | undefined, boundMs: number): JsonObject {
  switch (shape) {
    case "hang": return { type: "hang" };
    case "headers-hang": return { type: "hang", headers: true };
    case "drip": return { type: "slow-body", size: "1B", spacing: `${Math.max(10, Math.floor((givesUp?.min ?? boundMs) / 5))}ms` };
    case "slow": return { type: "latency", delay: `${3 * boundMs}ms`, at: "response" };
  }
}

function nameOf(hypothesis: string, shape: Shape, taken: readonly Fault[]): string {
  const name = `${hypothesis}-${shape}`;
  return taken.some((fault) => fault.name === name) ? `${name}-shape` : name;
}

/** How long a window must be for a p95 of the asked confidence, or for none of the calls to have leaked, with a tenth to spare. */
function wantedWindow(givesUp: Bound | undefined, { probes, confidence }: Surroundings): { readonly calls: number; readonly perSecond: number; readonly windowMs: number } {
  const calls = givesUp === undefined ? enoughClosed : samplesForQuantile(0.95, confidence);
  const perSecond = Math.max(0, ...probes.map(({ load }) => (load.kind === "serial" ? 0 : load.rates.during * load.burst)));
  return { calls, perSecond, windowMs: perSecond === 0 ? leastWindowMs : Math.max(leastWindowMs, Math.ceil((1100 * calls) / perSecond)) };
}

/** The longest part of `during` in which none of these faults is in force, with a rest to its neighbours and what must be left behind it. */
function longestFree(faults: readonly Fault[], duringMs: number, restMs: number, tailMs: number): { readonly startMs: number; readonly endMs: number; readonly isShared: boolean } {
  const busy = faults
    .map(({ selection: { fromMs, forMs } }) => ({ startMs: fromMs, endMs: forMs === undefined ? duringMs : fromMs + forMs }))
    .sort((a, b) => a.startMs - b.startMs);
  let best = { startMs: 0, endMs: 0 };
  let reachedMs = 0;
  const consider = (startMs: number, endMs: number): void => {
    if (endMs - startMs > best.endMs - best.startMs) best = { startMs, endMs };
  };
  for (const { startMs, endMs } of busy) {
    consider(reachedMs === 0 ? 0 : reachedMs + restMs, Math.min(startMs - restMs, duringMs - tailMs));
    reachedMs = Math.max(reachedMs, endMs);
  }
  consider(reachedMs === 0 ? 0 : reachedMs + restMs, duringMs - tailMs);
  return { ...best, isShared: busy.length > 0 };
}
