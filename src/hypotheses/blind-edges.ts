import { disturbedAt } from "../evidence/disturbances.ts";
import type { Obstacle } from "../evidence/gates.ts";
import { binomialCdf, clopperPearson } from "../math/proportion.ts";
import { quantile } from "../math/quantile.ts";
import type { Experiment, Fault } from "../model/experiment.ts";
import type { Scope } from "../model/hypothesis-type.ts";
import type { Sample } from "../model/observation.ts";
import { Column } from "../evidence/column.ts";
import { faultWindow } from "./fault-span.ts";
import type { Faulted } from "./fault-span.ts";

/** Fewer requests before the fault do not say how they usually go. */
const fewestBefore = 20;
/** Slow is what takes so many times as long as almost all requests did before. */
const fold = 3;
/** Chance at which what befell the requests of a probe under the fault is taken for the fault's doing. */
const alpha = 1e-6;

/** Whether nothing of ours can tell which calls met a fault: another server carries it out, and nobody stands before it, or only bytes are seen there. */
export function isBlind({ proxy: name }: Pick<Fault, "proxy">, { proxies }: Pick<Experiment, "proxies">): boolean {
  const proxy = proxies.find((one) => one.name === name);
  return proxy?.remote !== undefined && (!proxy.remote.witness || proxy.lane === "tcp");
}

/**
 * That such faults bit is proved by what a probe's requests show alone: while the fault was there far more of them were bad, degraded or slow than
 * chance makes of those before. That says something only where nothing else changed at that time: no other fault, and the same load.
 */
export function blindObstacle({ observations, epoch, hypothesis }: Faulted, probe: string | undefined): Obstacle | undefined {
  const { experiment } = observations.header.plan;
  const names = hypothesis.faults.join(", ");
  const nextStep = "Leave witness: false out and let the edge speak HTTP (upstream: http://): a proxy of ours then sees which calls met the fault.";
  const obstacle = (why: string): Obstacle => ({ reason: `${names} is carried out by another server, which does not tell what it did, and nothing of ours sees the calls: ${why}.`, nextStep });
  const mine = observations.faults.filter((seen) => seen.epoch === epoch && hypothesis.faults.includes(seen.fault.name));
  const windows = mine.filter(({ away = [] }) => away.length > 0).map(faultWindow);
  if (windows.length === 0) return obstacle("it was never in force there");
  if (probe === undefined) return obstacle("that it bit is not proved");
  if (experiment.faults.some(({ name }) => !hypothesis.faults.includes(name))) return obstacle("what the requests show may be the doing of another fault of the experiment");
  if (experiment.probes.some(({ load }) => load.steps !== undefined || load.rates.during !== load.rates.before)) return obstacle("what the requests show may come of the load, which changes with the fault");
  const fromMs = Math.min(...windows.map(({ startMs }) => startMs));
  const toMs = Math.max(...windows.map(({ endMs = observations.endMs }) => endMs));
  const { usual, under } = compare({ observations, epoch }, probe, fromMs, toMs);
  if (usual.n < fewestBefore) return obstacle(`only ${usual.n} undisturbed requests of ${probe} before it are too few to compare with`);
  const usualShare = Math.max(0.01, clopperPearson(usual.hurt, usual.n, 0.99).hi);
  if (under.hurt >= 2 && 1 - binomialCdf(under.hurt - 1, under.n, usualShare) < alpha) return undefined;
  return obstacle(`${under.hurt} of ${under.n} requests of ${probe} were bad, degraded or slow while it was in force, ${usual.hurt} of ${usual.n} before, which is no proof that it bit`);
}

interface Count {
  readonly n: number;
  readonly hurt: number;
}

function compare({ observations, epoch }: Pick<Scope, "observations" | "epoch">, probe: string, fromMs: number, toMs: number): { readonly usual: Count; readonly under: Count } {
  const before = (): Iterable<Sample> => usable(observations.samples({ probe, phase: "before" }), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const latencies = new Column("f64");
  for (const { latencyMs } of before()) latencies.push(latencyMs);
  const slowMs = latencies.length === 0 ? Number.POSITIVE_INFINITY : fold * quantile(latencies.sorted(), 0.99);
  const isCrowded = disturbedAt(observations.strains);
  // A machine that is busy makes answers late, and none bad.
  const isHurt = ({ grade, latencyMs, dueMs }: Sample): boolean => grade === "bad" || grade === "degraded" || (latencyMs >= slowMs && !isCrowded(dueMs) && !isCrowded(dueMs + latencyMs));
  const count = (samples: Iterable<Sample>): Count => {
    let [n, hurt] = [0, 0];
    for (const sample of samples) {
      n += 1;
      if (isHurt(sample)) hurt += 1;
    }
    return { n, hurt };
  };
  return { usual: count(before()), under: count(usable(observations.samples({ probe, phase: "during", epoch }), fromMs, toMs)) };
}

function* usable(samples: Iterable<Sample>, fromMs: number, toMs: number): Iterable<Sample> {
  for (const sample of samples) if (!sample.disturbed && sample.grade !== "unsent" && sample.dueMs >= fromMs && sample.dueMs < toMs) yield sample;
}
