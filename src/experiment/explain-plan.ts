import type { Experiment, Fault, Load, MetricClaim, Probe, Proxy, Service } from "../model/experiment.ts";
import type { Plan } from "../model/plan.ts";
import { findFaultType } from "../faults/index.ts";
import { findHypothesisType } from "../hypotheses/index.ts";
import { tellLibrary } from "../hypotheses/libraries.ts";
import { findProbeType } from "../probes/index.ts";
import { format } from "../units/format.ts";
import { explainRemoteProxy, explainToxics, mindRemotes } from "./explain-remote.ts";
import { explainSelection } from "./explain-selection.ts";
import { isRemote } from "./remote.ts";
import { lengthsOf } from "./schedule.ts";
import { drawTimeline } from "./timeline.ts";

export interface ExplainOptions {
  /** The run will take another seed than this plan's: what depends on it is not told as if it were known. Default false. */
  readonly seedAtRun?: boolean;
}

/** What would happen, in plain sentences with a timeline, at most `width` columns wide where words allow. */
export function explainPlan(plan: Plan, width = 80, { seedAtRun = false }: ExplainOptions = {}): string {
  const { experiment, schedule } = plan;
  const { usualMs, confirmedMs } = lengthsOf(schedule);
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["Starts", experiment.services.map(explainService)],
    ["Watches", experiment.proxies.map((proxy) => explainProxy(proxy, plan))],
    ["Asks", experiment.probes.map(explainProbe)],
    ["Injects", experiment.faults.map((fault) => explainFault(fault, experiment))],
    ["Must hold", experiment.steadyState.flatMap((steady) => [
      ...(steady.claims.length === 0 ? [] : [`before, and again after${steady.settleMs === 0 ? "" : ` from ${time(steady.settleMs)} on`}: ${steady.probe} ${explainClaims(steady.claims)}`]),
      ...(steady.during.length === 0 ? [] : [`during: ${steady.probe} ${explainClaims(steady.during)}`]),
    ])],
    ["Stops early", [
      ...experiment.guards.map(({ probe, claims, overMs }) => `unless ${probe} has ${explainClaims(claims)}, over ${time(overMs)}`),
      ...(experiment.maxDurationMs === undefined ? [] : [`after ${time(experiment.maxDurationMs)} in any case`]),
    ]],
    ["Claims", experiment.hypotheses.map((hypothesis) => explainHypothesis(hypothesis, experiment))],
    ["Mind", [...mindRemotes(experiment), ...new Set(experiment.hypotheses.map((hypothesis) => tellLibrary(hypothesis)).filter((text) => text !== ""))]],
  ];
  const epochs = experiment.phases.epochs === 1 ? "" : `, ${experiment.phases.epochs} epochs`;
  return [
    experiment.title,
    ...(experiment.description === undefined ? [] : wrap(experiment.description, width)),
    "",
    ...wrap(`Lasts ${seedAtRun && epochs !== "" ? "about " : ""}${time(usualMs)}${epochs}, once the services are ready. ${confirmedMs === usualMs ? "" : `${time(confirmedMs)} where an epoch is repeated to confirm a violation. `}${seedAtRun ? openSeed(experiment) : `Seed ${plan.seed}${plan.seedGiven ? "" : " (chosen)"}, digest ${plan.digest.slice(0, 12)}.`}`, width),
    "",
    drawTimeline({ ...plan, schedule: schedule.filter(({ ifViolated }) => ifViolated !== true) }, width),
    ...sections.flatMap(([title, lines]) => (lines.length === 0 ? [] : ["", title, ...lines.flatMap((line) => wrap(line, width, "  ", "    "))])),
    "",
  ].join("\n");
}

function openSeed({ phases }: Experiment): string {
  const pauses = phases.epochs === 1 ? "" : " The pauses between epochs are drawn with it; those drawn here are an example.";
  return `Each run chooses a seed and reports it; seed: or --seed fixes it.${pauses}`;
}

function time(ms: number): string {
  return format("duration", ms);
}

function explainService({ name, command, port, replicas, ready, egress }: Service): string {
  const where = port === undefined ? "" : port === "auto" ? ", on a free port" : `, on port ${port}`;
  const readiness = { http: "answers", tcp: "accepts connections", log: "stands in its output" };
  const isReady = ready === undefined ? "" : `; ready when ${ready.kind === "log" ? `"${ready.target}"` : ready.target} ${readiness[ready.kind]}, within ${time(ready.withinMs)}`;
  const through = egress === undefined ? "" : `; calls out through ${egress.proxy}${egress.except.length === 0 ? "" : `, except to ${egress.except.join(", ")}`}`;
  return `${name}: ${command.join(" ")}${replicas === 1 ? "" : `, ${replicas} replicas`}${where}${isReady}${through}`;
}

const spoken: Readonly<Record<Proxy["lane"], string>> = { http1: "HTTP", http2: "HTTP/2", tcp: "TCP" };

function explainProxy(proxy: Proxy, { listeners }: Plan): string {
  const { name, upstream, upstreamTls, forward, through, lane, listen, tls } = proxy;
  const callers = listeners.filter(({ proxy, caller }) => proxy === name && caller !== "default").map(({ caller }) => caller);
  const by = callers.length === 0 ? "" : `, called by ${callers.join(", ")}`;
  if (through !== undefined) return `${name}: HTTP to ${upstream}, through ${through}`;
  if (proxy.remote?.witness === false) return explainRemoteProxy(proxy, proxy.remote);
  const to = isRemote(proxy) ? explainRemoteProxy(proxy, proxy.remote) : forward === undefined ? upstream : `what its callers name (${forward.hosts === undefined ? "any host" : forward.hosts.join(", ")})`;
  return `${name}: ${spoken[lane]} to ${to}${upstreamTls?.insecure === true ? " whatever its certificate" : ""}, listening on ${listen.path ?? `${listen.host}:${listen.port === 0 ? "(any port)" : listen.port}`}${tls === undefined ? "" : " with TLS"}${by}`;
}

function explainProbe({ name, type, params, timeoutMs, load }: Probe): string {
  return `${name}: ${findProbeType(type)?.explain(params) ?? type}; ${explainLoad(load)}, given ${time(timeoutMs)}`;
}

function explainLoad({ kind, rates, steps, burst, arrivals, pauseMs, connections }: Load): string {
  const fresh = connections === "fresh" ? ", each on a connection of its own" : "";
  if (kind === "serial") return `one at a time${pauseMs === 0 ? "" : `, ${time(pauseMs)} between`}${fresh}`;
  const rate = (perSecond: number): string => format("rate", perSecond);
  const same = Object.values(rates).every((one) => one === rates.before);
  const during = steps === undefined ? rate(rates.during) : steps.map(rate).join(" then ");
  const text = same && steps === undefined ? rate(rates.before) : `${rate(rates.before)} before, ${during} during, ${rate(rates.after)} after`;
  return `${text}${burst === 1 ? "" : `, ${burst} at once`}${arrivals === "poisson" ? ", at random times" : ""}${fresh}`;
}

function explainFault(fault: Fault, experiment: Experiment): string {
  const { phases } = experiment;
  const what = findFaultType(fault.type, fault.layer)?.explain(fault.params) ?? fault.type;
  const where = fault.proxy ?? (fault.service === undefined || fault.replica === undefined ? fault.service : `${fault.service}#${fault.replica}`);
  return `${fault.name}${where === undefined ? "" : ` on ${where}`}: ${what}${explainSelection(fault, phases.duringMs)}${explainToxics(fault, experiment)}`;
}

function explainClaims(claims: readonly MetricClaim[]): string {
  return claims.map(({ metric, bound }) => `${metric} ${bound.text}`).join(", ");
}

function explainHypothesis(hypothesis: Experiment["hypotheses"][number], { faults }: Experiment): string {
  const about = hypothesis.faults.length === faults.length ? "" : ` (while ${hypothesis.faults.join(", ")})`;
  const shapes = hypothesis.shapes.length === 0 ? "" : `, in each of the shapes ${hypothesis.shapes.join(", ")}`;
  return `${hypothesis.name}${about}: ${findHypothesisType(hypothesis.type)?.explain(hypothesis.params) ?? hypothesis.type}${shapes}`;
}

/** Breaks at blanks; lines after the first begin with `next`. */
export function wrap(text: string, width: number, first = "", next = first): readonly string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(/\s+/)) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = next;
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
