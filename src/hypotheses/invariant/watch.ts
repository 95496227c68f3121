import { completenessGate } from "../../evidence/gates.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import { samplesFrom } from "../fault-span.ts";
import { tally } from "../figures.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "../preconditions.ts";
import type { Obstacle } from "../preconditions.ts";
import { fewestSamples } from "../steady-state.ts";
import { NodeWatch } from "./node-watch.ts";
import { satisfier, wordsOf } from "./params.ts";
import type { Params } from "./params.ts";
import { timesInForce } from "./transitions.ts";
import type { InForce } from "./transitions.ts";

/** What the nodes said from before the fault to the end of the epoch. */
export interface Watched {
  readonly nodes: readonly NodeWatch[];
  readonly times: readonly InForce[];
  /** The first onset, and when watching ends. */
  readonly onsetMs: number;
  readonly endMs: number;
  readonly obstacle: Obstacle | undefined;
}

/** More than this of the requests must not stay without an answer while no fault is in force. */
const tolerableSilence = 0.05;

export function watchNodes(params: Params, scope: Scope): Watched {
  const { observations } = scope;
  const times = timesInForce(scope);
  const onsetMs = times[0]?.startMs ?? Number.POSITIVE_INFINITY;
  const endMs = observations.phases.findLast(({ epoch, name }) => epoch === scope.epoch && (name === "after" || name === "during"))?.endMs ?? observations.endMs;
  const isYes = satisfier(params);
  const isCalm = (atMs: number): boolean => times.every((time) => atMs < time.startMs || atMs > time.endMs);
  let [asked, silent, captured] = [0, 0, 0];
  const nodes = params.probes.map((probe) => {
    const node = new NodeWatch(probe);
    for (const sample of samplesOf(probe, scope)) {
      node.add(sample, isYes(sample));
      if (sample.value !== undefined) captured += 1;
      if (!isCalm(sample.dueMs) || sample.dueMs < onsetMs) continue;
      asked += 1;
      if (sample.endMs === undefined || sample.failure === "timeout") silent += 1;
    }
    node.finish();
    return node;
  });
  const fewest = nodes.reduce((one, node) => (node.judged < one.judged ? node : one), nodes[0] ?? new NodeWatch(""));
  const all = tally(allFrom(params.probes, scope, onsetMs), 1);
  const obstacle = phaseObstacle(scope, "during") ?? completenessGate(scope) ?? exerciseObstacle(scope, params.probes[0]) ?? apparatusObstacle(all)
    ?? (params.where?.value !== undefined && captured === 0 ? nothingCaptured(params.probes) : undefined)
    ?? (fewest.judged < fewestSamples ? tooFew(fewest) : undefined)
    ?? (silent > tolerableSilence * asked ? tooSilent(silent, asked) : undefined) ?? unlikeBefore(params, nodes, onsetMs);
  return { nodes, times, onsetMs, endMs, obstacle };
}

/** Samples of a probe from before the fault to the end of the epoch. */
function* samplesOf(probe: string, { observations, epoch }: Pick<Scope, "observations" | "epoch">): Iterable<Sample> {
  yield* observations.samples({ probe, phase: "before" });
  yield* samplesFrom({ observations, epoch }, probe, Number.NEGATIVE_INFINITY);
}

function* allFrom(probes: readonly string[], scope: Scope, fromMs: number): Iterable<Sample> {
  for (const probe of probes) yield* samplesFrom(scope, probe, fromMs);
}

function nothingCaptured(probes: readonly string[]): Obstacle {
  return { reason: `None of the answers to ${probes.join(", ")} had a value to compare.`, nextStep: "Let the probes capture it: { path: /role } with the place of the value in the JSON answer." };
}

function tooFew({ probe, judged }: NodeWatch): Obstacle {
  return { reason: `${judged} answers to ${probe} are too few to tell what it was like.`, nextStep: `Ask each node more often: at least 4/s, and ${fewestSamples} times in all.` };
}

function tooSilent(silent: number, asked: number): Obstacle {
  return { reason: `${silent} of ${asked} requests stayed without an answer while no fault was in force: what those nodes were like is not known.`, nextStep: "Let nodes answer this question whatever state they are in, or make the timeout of the probes longer." };
}

/** What was not so before the fault cannot be upset by it. */
function unlikeBefore(params: Params, nodes: readonly NodeWatch[], onsetMs: number): Obstacle | undefined {
  if (params.count === undefined) return undefined;
  const { min = 0, max = Number.POSITIVE_INFINITY, text } = params.count;
  const yes = nodes.filter((node) => node.saidBefore(onsetMs) === true);
  if (yes.length >= min && yes.length <= max) return undefined;
  return { reason: `${yes.length} of ${nodes.length} nodes ${wordsOf(params)} just before the fault already, not ${text} (baseline).`, nextStep: "Give the system time to settle before the fault (phases.warmup), or mend it first." };
}
