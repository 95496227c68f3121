import { samplesForQuantile } from "../../math/quantile.ts";
import type { Bound } from "../../model/bound.ts";
import type { Experiment, Hypothesis } from "../../model/experiment.ts";
import type { Advice } from "../../model/hypothesis-type.ts";
import { format } from "../../units/format.ts";
import { delayOf, holdingFaults, patience } from "./shapes.ts";

/** What this experiment, as planned, cannot tell about a timeout. */
export function adviseOnTimeout({ proxy, givesUp }: { readonly proxy: string; readonly givesUp?: Bound | undefined }, hypothesis: Hypothesis, experiment: Experiment): readonly Advice[] {
  const holding = holdingFaults(hypothesis, experiment, proxy);
  if (holding.length === 0) return [{ code: "no-holding-fault", message: `no fault on ${proxy} keeps callers waiting, so nobody can give up`, hint: "add a fault of type hang or latency", path: ["proxy"] }];
  if (givesUp?.max === undefined) return [];
  const patienceMs = patience * givesUp.max;
  const short = holding.flatMap(({ fault }): readonly Advice[] => {
    const holdMs = delayOf(fault);
    return holdMs === undefined || holdMs >= patienceMs ? [] : [{
      code: "fault-too-short", message: `${fault.name} holds calls for ${format("duration", holdMs)}, less than twice the bound ${givesUp.text}: those who never give up cannot be told from those who would have`,
      hint: `make its delay at least ${format("duration", patienceMs)}, or use hang`, path: ["givesUp"],
    }];
  });
  if (short.length > 0) return short;
  // Of faults that were made for its shapes their program has spoken.
  const own = holding.filter(({ fault, shape }) => fault.name !== `${hypothesis.name}-${shape}`);
  const few = hypothesis.shapes.length === 0 ? tooFewCalls(own, { needed: samplesForQuantile(0.95, experiment.confidence), patienceMs }, experiment) : [];
  return few.map((advice) => ({ ...advice, path: ["givesUp"] }));
}

/** Whether the faults together hold enough calls, if each request makes one. */
function tooFewCalls(holding: ReturnType<typeof holdingFaults>, { needed, patienceMs }: { readonly needed: number; readonly patienceMs: number }, { phases, probes }: Experiment): readonly Omit<Advice, "path">[] {
  const perSecond = Math.max(0, ...probes.map(({ load }) => (load.kind === "serial" ? 0 : load.rates.during * load.burst)));
  if (perSecond === 0) return [];
  const spans = holding.map(({ fault: { selection: { fromMs, forMs, rateShare } } }) => ({ ms: Math.max(0, Math.min(forMs ?? Number.POSITIVE_INFINITY, phases.duringMs - fromMs, phases.duringMs - fromMs - patienceMs)), rateShare }));
  const expected = Math.floor(spans.reduce((sum, { ms, rateShare }) => sum + (ms * rateShare * perSecond) / 1000, 0));
  if (holding.length === 0 || expected >= needed) return [];
  const missingMs = ((needed - expected) * 1000) / perSecond;
  return [{
    code: "too-few-samples", message: `the p95 of when callers give up needs ${needed} calls that are held for ${format("duration", patienceMs)} or left, and about ${expected} will be, if each request makes one: it would be inconclusive`,
    hint: `make during ${Math.ceil((phases.duringMs + missingMs) / 1000)}s long${expected === 0 ? "" : `, or the load ${Math.ceil((perSecond * needed) / expected)}/s`}`,
  }];
}
