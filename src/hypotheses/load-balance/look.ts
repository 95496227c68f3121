import { barredGate, completenessGate, continuityGate, quietGate, unwitnessedGate } from "../../evidence/gates.ts";
import type { Obstacle } from "../../evidence/gates.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { Rung } from "../../model/verdict.ts";
import { edgesOf, faultSpan, phaseWindow, samplesFrom } from "../fault-span.ts";
import type { Faulted } from "../fault-span.ts";
import { exerciseObstacle, onsetObstacle, phaseObstacle } from "../preconditions.ts";
import { findEjection, findReturn } from "./ejection.ts";
import type { Ejection } from "./ejection.ts";
import type { LoadBalanceParams } from "./params.ts";
import { freeConnections } from "./skew.ts";
import { measureSpread, ownedBy } from "./spread.ts";
import { measureUsual, turnsOfCalls, turnsOfRequests } from "./turns.ts";
import type { Turns, Usual } from "./turns.ts";

/** Fewer turns before the fault do not say how they usually go. */
const fewestBefore = 20;
/** An edge that gets less than this of the turns is not in use. */
const leastShare = 0.02;

/** What the run shows of an edge that was hurt. */
export interface EjectionSeen {
  readonly hurt: readonly string[];
  readonly onsetMs: number;
  readonly faultEndMs: number;
  readonly usual: Usual;
  /** From the onset to the end of the fault, and from there to the end of the phase after. */
  readonly during: Turns;
  readonly after: Turns;
  readonly unit: "requests" | "calls";
  readonly ejection: Ejection | undefined;
  readonly returnedMs: number | undefined;
}

/** The edges of a hypothesis on which its faults are. */
export function hurtEdges({ proxies }: LoadBalanceParams, { observations, hypothesis }: Pick<Scope, "observations" | "hypothesis">): readonly string[] {
  const faults = observations.header.plan.experiment.faults.filter(({ name }) => hypothesis.faults.includes(name));
  return proxies.filter((proxy) => faults.some((fault) => edgesOf(fault).includes(proxy)));
}

/** Reads who got the load while an edge was hurt, or says why that cannot be seen. */
export function lookAtEjection(params: LoadBalanceParams, scope: Scope): EjectionSeen | Obstacle {
  const { proxies } = params;
  const { observations, epoch } = scope;
  const hurt = hurtEdges(params, scope);
  const faulted = onEdges(scope, hurt);
  const span = faultSpan(faulted);
  const before = phaseWindow(scope, "before");
  const during = phaseWindow(scope, "during");
  const faultEndMs = span.endMs ?? observations.endMs;
  const onsetMs = span.onsetMs ?? during?.startMs ?? 0;
  const probe = judgedProbe(params, scope);
  const blind = proxies.map((proxy) => unwitnessedGate({ observations, proxy }, during?.startMs ?? 0, faultEndMs) ?? barredGate({ observations, proxy }, during?.startMs ?? 0, faultEndMs)).find((obstacle) => obstacle !== undefined);
  const early = phaseObstacle(scope, "before") ?? phaseObstacle(scope, "during") ?? completenessGate({ observations }) ?? (hurt.length === 0 ? noFault(proxies) : undefined) ?? blind
    ?? (probe === undefined ? undefined : continuityGate({ observations, probe }, epoch, faultEndMs - 10)) ?? (proxies.length === 1 && probe === undefined ? unjoined(proxies) : undefined);
  if (early !== undefined) return early;

  const edges = { proxies, hurt };
  const lastMs = phaseWindow(scope, "after")?.endMs ?? observations.endMs;
  const read = (samples: Iterable<Sample>, fromMs: number, toMs: number): Turns => (probe === undefined ? turnsOfCalls(observations, edges, params.probe, { fromMs, toMs }) : turnsOfRequests(observations, between(samples, toMs), edges));
  const usualTurns = read(observations.samples({ probe: probe ?? "", phase: "before" }), before?.startMs ?? 0, before?.endMs ?? 0);
  const usual = measureUsual(usualTurns, (before?.endMs ?? 0) - (before?.startMs ?? 0));
  const turns = read(samplesFrom(scope, probe ?? "", onsetMs), onsetMs, faultEndMs);
  const ejection = findEjection(turns, usual, onsetMs, observations.disturbances);
  // One call that met the fault is enough where all later ones went elsewhere.
  const late = (span.felt > 0 && ejection !== undefined ? undefined : exerciseObstacle(faulted, probe)) ?? onsetObstacle(span) ?? seldomUsed(hurt, usual) ?? quietGate(turns.disturbed, turns.disturbed + turns.length, probe === undefined ? "calls" : `requests of ${probe}`);
  if (late !== undefined) return late;
  const held = ejection !== undefined || proxies.length === 1 ? undefined : heldByConnections(params, scope, hurt, { onsetMs, endMs: faultEndMs });
  if (held !== undefined) return held;
  const after = read(samplesFrom(scope, probe ?? "", faultEndMs), faultEndMs, lastMs);
  return { hurt, onsetMs, faultEndMs, usual, during: turns, after, unit: probe === undefined ? "calls" : "requests", ejection, returnedMs: findReturn(after, usual) };
}

/** The probe whose requests are followed: the one that is named, or the only one whose calls are on the edges; where calls cannot be joined to requests there is none. */
export function judgedProbe({ proxies, probe }: LoadBalanceParams, { observations }: Pick<Scope, "observations">): string | undefined {
  const names = probe === undefined ? observations.header.plan.experiment.probes.map(({ name }) => name) : [probe];
  const joined = names.filter((name) => rungOn(name, proxies, { observations }) !== "statistical");
  return joined.length === 1 ? joined[0] : undefined;
}

/** The weakest rung of the edges that calls of a probe were seen on. */
export function rungOn(probe: string, proxies: readonly string[], { observations }: Pick<Scope, "observations">): Rung {
  const weakestFirst: readonly Rung[] = ["serial", "content", "trace"];
  const rungs = proxies.map((proxy) => observations.rung(probe, proxy));
  return weakestFirst.find((rung) => rungs.includes(rung)) ?? "statistical";
}

function onEdges({ observations, epoch, hypothesis }: Scope, proxies: readonly string[]): Faulted {
  const faults = observations.header.plan.experiment.faults.filter((fault) => hypothesis.faults.includes(fault.name) && edgesOf(fault).some((proxy) => proxies.includes(proxy)));
  return { observations, epoch, hypothesis: { faults: faults.map(({ name }) => name) } };
}

function* between(samples: Iterable<Sample>, toMs: number): Iterable<Sample> {
  for (const sample of samples) {
    if (sample.dueMs >= toMs) return;
    yield sample;
  }
}

/** Fewer calls on new connections do not show where new ones go. */
const fewestNew = 20;

/** A connection that was open before holds its calls to an edge that gets no new ones any more. */
function heldByConnections({ proxies, probe }: LoadBalanceParams, { observations, epoch }: Scope, hurt: readonly string[], { onsetMs, endMs }: { readonly onsetMs: number; readonly endMs: number }): Obstacle | undefined {
  const before = phaseWindow({ observations, epoch }, "before");
  const spread = measureSpread(observations, proxies, probe, { fromMs: before?.startMs ?? 0, toMs: before?.endMs ?? 0 });
  if (spread.isChosenPerCall) return undefined;
  const isOwned = ownedBy(observations, proxies, probe);
  let [all, fresh] = [0, 0];
  for (const proxy of hurt) {
    const old = new Set<number>();
    for (const { conn } of observations.calls({ proxy, toMs: onsetMs })) old.add(conn);
    for (const call of observations.calls({ proxy, fromMs: onsetMs, toMs: endMs })) {
      if (!isOwned(call)) continue;
      all += 1;
      if (!old.has(call.conn)) fresh += 1;
    }
  }
  if (fresh >= fewestNew || all < fewestNew) return undefined;
  const isFresh = observations.header.plan.experiment.probes.every(({ name, load }) => (probe !== undefined && name !== probe) || load.connections === "fresh");
  return { reason: `Of ${all} calls on ${hurt.join(", ")}, ${all - fresh} came by connections that were open before the fault, and each may have held its calls to that edge.`, nextStep: freeConnections(isFresh, spread.pairs) };
}

function noFault(proxies: readonly string[]): Obstacle {
  return { reason: `No fault of this hypothesis is on ${proxies.join(", ")}, so none of them had to be left.`, nextStep: "Put a fault on one of the edges." };
}

function unjoined(proxies: readonly string[]): Obstacle {
  return { reason: `Calls on ${proxies.join(", ")} could not be joined to requests, so which requests were kept from it is not known.`, nextStep: "Let the service pass on the traceparent header, or set correlate on the proxy." };
}

function seldomUsed(hurt: readonly string[], { n, share }: Usual): Obstacle | undefined {
  const names = hurt.join(", ");
  if (n < fewestBefore) return { reason: `Only ${n} requests or calls were seen before the fault, too few to know how much of the load ${names} usually gets.`, nextStep: `Give phases.before at least ${fewestBefore} requests.` };
  return share >= leastShare ? undefined : { reason: `Before the fault already ${names} got ${Math.round(share * 1000) / 10}% of the load: there was nothing to leave.`, nextStep: "Put the fault on an edge that is in use." };
}
