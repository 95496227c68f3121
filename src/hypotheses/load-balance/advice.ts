import type { Experiment, Hypothesis } from "../../model/experiment.ts";
import type { Advice } from "../../model/hypothesis-type.ts";
import { adviseOnSamples, expectedSamples, phaseMs } from "../expected-samples.ts";
import { edgesOf } from "../fault-span.ts";
import { format } from "../../units/format.ts";
import type { LoadBalanceParams } from "./params.ts";
import { skewInterval } from "./skew.ts";

/** What the experiment cannot decide about a balancer as planned. */
export function adviseOnBalance({ proxies, probe, maxSkew, ejectsWithin }: LoadBalanceParams, hypothesis: Hypothesis, experiment: Experiment): readonly Advice[] {
  const hurt = proxies.filter((proxy) => experiment.faults.some((fault) => hypothesis.faults.includes(fault.name) && edgesOf(fault).includes(proxy)));
  const judged = probe ?? experiment.probes[0]?.name ?? "";
  return [
    ...(maxSkew === undefined ? [] : adviseOnSamples(experiment, judged, "before", callsForEven(proxies.length, maxSkew.max ?? 0, experiment.confidence), `"maxSkew: ${maxSkew.text}" over ${proxies.length} edges`, ["maxSkew"])),
    ...(ejectsWithin === undefined || hurt.length > 0 ? [] : [{ code: "no-fault-on-an-edge", message: `no fault is on ${proxies.join(", ")}, so none of them has to be left`, hint: `put a fault on one, such as { type: reset, proxy: ${proxies[0] ?? ""} }`, path: ["ejectsWithin"] }]),
    ...(ejectsWithin === undefined || hurt.length < 2 ? [] : [{ code: "all-edges-hurt", message: `faults are on ${hurt.join(", ")}: balancers that find too few healthy edges use all of them (panic mode)`, hint: "hurt one edge at a time", path: ["ejectsWithin"] }]),
    ...(ejectsWithin === undefined ? [] : tooShort(experiment, judged, proxies.length, ejectsWithin.max ?? 0)),
  ];
}

/** So many calls, spread evenly, show that no edge gets more than the bound. */
function callsForEven(edges: number, max: number, confidence: number): number {
  if (max <= 1) return Number.POSITIVE_INFINITY;
  for (let calls = 20; calls < 1e7; calls = Math.ceil(calls * 1.05)) {
    if ((skewInterval({ counts: Array.from({ length: edges }, () => calls / edges), n: calls, connections: calls, isChosenPerCall: true }, confidence).hi ?? max + 1) <= max) return calls;
  }
  return Number.POSITIVE_INFINITY;
}

/** That an edge of several was left, and gets next to nothing then, shows in some 45 requests per edge. */
const requestsPerEdge = 45;

function tooShort(experiment: Experiment, probe: string, edges: number, limitMs: number): readonly Advice[] {
  const samples = expectedSamples(experiment, probe, "during");
  const duringMs = phaseMs(experiment, "during");
  if (samples === undefined) return [];
  const neededMs = limitMs + (samples === 0 ? 1000 : (requestsPerEdge * edges * duringMs) / samples);
  return duringMs >= neededMs ? [] : [{ code: "phase-too-short", message: `during lasts ${format("duration", duringMs)}, too short to show that an edge that may be left after ${format("duration", limitMs)} gets next to no calls then`, hint: `make during at least ${Math.ceil(neededMs / 1000)}s long, or raise the load`, path: ["ejectsWithin"] }];
}
