import type { Call, Observations } from "../model/observation.ts";
import { Column } from "./column.ts";
import type { EdgeBaseline } from "./edge-baseline.ts";

/** Why a claim cannot be decided, and the smallest change of the experiment that would allow it. */
export interface Obstacle {
  readonly reason: string;
  readonly nextStep: string;
}

interface Edge {
  readonly observations: Observations;
  readonly probe: string;
  readonly proxy: string;
}

/** Fewest requests before the fault that say how things usually go. */
const fewestBefore = 20;
/** A dependency that fails more often than this before the fault is no baseline. */
const tolerableFailures = 0.05;

/** A journal without its end lacks the last batches of calls: requests would look as if they had made none. */
export function completenessGate({ observations }: Pick<Edge, "observations">): Obstacle | undefined {
  return observations.finished ? undefined : { reason: "The journal has no end: the run was killed, or is still going on, and calls may be missing.", nextStep: "Let the run end by itself, or by one Ctrl-C." };
}

/** More than this of what is judged must not have been disturbed by the machine. */
const tolerableDisturbance = 0.05;

/** What is dated must have been dated on a quiet machine. `what` names the things counted. */
export function quietGate(disturbed: number, all: number, what: string): Obstacle | undefined {
  if (disturbed <= tolerableDisturbance * all) return undefined;
  return { reason: `${disturbed} of ${all} ${what} were disturbed by this machine (a stall of its own, or a starved process), more than the 5% that a verdict may leave out.`, nextStep: "Run on a quieter machine, or lower the load." };
}

/** Calls must be joined to the requests that caused them. */
export function correlationGate({ observations, probe, proxy }: Edge): Obstacle | undefined {
  if (observations.rung(probe, proxy) !== "statistical") return undefined;
  let seen = 0;
  for (const _call of observations.calls({ proxy })) seen += 1;
  return seen === 0
    ? { reason: `No call was seen on ${proxy}: ${probe} does not use it.`, nextStep: `Let the service call its dependency by \${proxies.${proxy}.url}, or name the proxy that it uses.` }
    : { reason: `None of the ${seen} calls on ${proxy} could be joined to a request of ${probe}.`, nextStep: `Let the service pass on the traceparent header, set correlate on ${proxy} to where \${request.id} comes out, or give the probe serial: true with correlate: serial.` };
}

/** Normally a request must cause a call, or its absence says nothing. */
export function reachabilityGate({ probe, proxy }: Edge, baseline: EdgeBaseline): Obstacle | undefined {
  if (baseline.requests < fewestBefore && baseline.requests + baseline.disturbed >= fewestBefore) {
    return { reason: `Only ${baseline.requests} requests of ${probe} finished undisturbed before the fault, ${baseline.disturbed} more were disturbed by this machine: too few to know how they usually go.`, nextStep: "Run on a quieter machine, or lower the load." };
  }
  if (baseline.requests < fewestBefore) return { reason: `Only ${baseline.requests} requests of ${probe} finished before the fault, too few to know how they usually go.`, nextStep: `Give phases.before at least ${fewestBefore} requests.` };
  if (baseline.missShare <= 0.2) return undefined;
  return { reason: `${Math.round(baseline.missShare * 100)}% of the requests of ${probe} caused no call on ${proxy} even before the fault.`, nextStep: "Use a probe whose every request needs the dependency: unique keys, so that no cache answers." };
}

/** The dependency must be well before it is hurt. */
export function healthyBaselineGate({ proxy }: Edge, baseline: EdgeBaseline): Obstacle | undefined {
  if (baseline.failedShare <= tolerableFailures) return undefined;
  return { reason: `${Math.round(baseline.failedShare * 100)}% of the calls on ${proxy} failed already before the fault.`, nextStep: "Mend the dependency first: what fails anyhow cannot be told from what the fault did." };
}

/** While a listener refuses, calls are not seen. */
export function unwitnessedGate({ observations, proxy }: Pick<Edge, "observations" | "proxy">, fromMs: number, toMs: number): Obstacle | undefined {
  const blind = observations.unwitnessed.find((gap) => gap.proxy === proxy && gap.startMs < toMs && gap.endMs > fromMs);
  return blind === undefined ? undefined : { reason: `${proxy} refused connections for ${Math.round(blind.endMs - blind.startMs)}ms, in which calls could not be witnessed (unwitnessed).`, nextStep: "Use reset at accept instead of down: it refuses in sight of the witness." };
}

/** A connection that carried no call has no request that it could be joined to. */
export function barredGate({ observations, proxy }: Pick<Edge, "observations" | "proxy">, fromMs: number, toMs: number): Obstacle | undefined {
  const barred = observations.barred.find((span) => span.proxy === proxy && span.startMs < toMs && span.endMs > fromMs);
  if (barred === undefined) return undefined;
  const [which, it] = barred.connections === 1 ? ["1 connection", "it"] : [`${barred.connections} connections`, "them"];
  return { reason: `A fault ended ${which} on ${proxy} before a call was made on ${it}: whose calls these would have been is not known.`, nextStep: "For what is counted in calls take a fault of calls, such as reset, drop or error with layer: exchange." };
}

/** Calls of several replicas must be told apart. */
export function partitionGate({ observations, proxy }: Pick<Edge, "observations" | "proxy">): Obstacle | undefined {
  const declared = observations.header.plan.experiment.proxies.find(({ name }) => name === proxy)?.callers ?? 1;
  const listeners = observations.header.plan.listeners.filter((listener) => listener.proxy === proxy).length;
  if (declared <= 1 || listeners >= declared) return undefined;
  return { reason: `${declared} replicas call ${proxy} by ${listeners} address${listeners === 1 ? "" : "es"}, so what each does cannot be told apart.`, nextStep: "Give each replica an address of its own: let the run start them (replicas), or set callers with listen port 0." };
}

/**
 * A process that ends and comes back looks like a breaker: no calls, then calls. Told by refused connections of the probe,
 * or by all its requests in flight being cut at one moment while the fault is in force.
 */
export function continuityGate({ observations, probe }: Pick<Edge, "observations" | "probe">, epoch: number, toMs: number): Obstacle | undefined {
  let refused = 0;
  const cuts = new Column("f64");
  for (const { failure, endMs } of observations.samples({ probe, epoch })) {
    if (failure === "refused") refused += 1;
    if ((failure === "reset" || failure === "closed") && endMs !== undefined && endMs < toMs) cuts.push(endMs);
  }
  const cut = cutTogether(cuts.sorted());
  const gone = observations.services.find(({ diedMs }) => diedMs !== undefined);
  const why = gone !== undefined ? `${gone.service} ended by itself` : refused >= 2 ? `${refused} requests of ${probe} were refused: nothing listened` : cut >= 4 ? `${cut} requests of ${probe} were cut within 10ms` : undefined;
  return why === undefined ? undefined : { reason: `${why}: the service may have ended and started again, and what was seen may be its absence, not the pattern (continuity).`, nextStep: `Keep the service running under the fault; its ${gone === undefined ? "own log says whether" : "last lines of output say why"} it ended.` };
}

function cutTogether(sorted: Float64Array): number {
  let most = 0;
  for (let from = 0, to = 0; to < sorted.length; to += 1) {
    while ((sorted[to] ?? 0) - (sorted[from] ?? 0) > 10) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** Calls that nobody owns must not have multiplied: they would be the retries that lost their trace. */
export function strayGate({ observations, proxy }: Pick<Edge, "observations" | "proxy">, before: { readonly startMs: number; readonly endMs: number }, during: { readonly startMs: number; readonly endMs: number }): Obstacle | undefined {
  const count = ({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): { readonly strays: number; readonly all: number; readonly perSecond: number } => {
    let [strays, all] = [0, 0];
    for (const call of observations.calls({ proxy, fromMs: startMs, toMs: endMs })) {
      all += 1;
      if (isStray(call)) strays += 1;
    }
    return { strays, all, perSecond: (strays * 1000) / Math.max(1, endMs - startMs) };
  };
  const usual = count(before);
  const now = count(during);
  if (now.strays < 10 || now.strays < 0.05 * now.all || now.perSecond < 2 * usual.perSecond + 1) return undefined;
  return { reason: `${now.strays} of ${now.all} calls on ${proxy} under the fault could not be joined to a request, ${Math.round(now.perSecond * 10) / 10}/s instead of ${Math.round(usual.perSecond * 10) / 10}/s before it: some may be retries.`, nextStep: "Let every attempt carry the traceparent of its request." };
}

function isStray(call: Call): boolean {
  return call.request === undefined;
}
