import type { PhaseName } from "../model/experiment.ts";
import type { Observations } from "../model/observation.ts";
import type { FaultReport, ProxyReport, Report } from "../model/report.ts";
import { faultWindow } from "./fault-span.ts";
import { timesInForce } from "./in-force.ts";
import { tellIssues } from "./issues.ts";
import { judge } from "./judge.ts";
import { conclude } from "./outcome.ts";
import { assessSteadyState } from "./steady-state.ts";
import { drawTimeline } from "./timeline.ts";

/** All that a run has to tell, judged and counted. Pure: the same journal gives the same report, byte for byte. */
export function report(observations: Observations): Report {
  const { header } = observations;
  const { plan } = header;
  const { experiment } = plan;
  const { hypotheses, ...inferred } = judge(observations);
  const gates = assessSteadyState(observations);
  return tidy({
    schema: "chaos/report/1",
    runId: header.runId,
    file: plan.file,
    document: plan.document,
    title: experiment.title,
    ...(experiment.description === undefined ? {} : { description: experiment.description }),
    tags: experiment.tags,
    seed: plan.seed,
    planDigest: plan.digest,
    confidence: experiment.confidence,
    tool: header.tool,
    startedAt: header.startedAt,
    durationMs: observations.endMs,
    ...conclude(observations, hypotheses, gates),
    phases: observations.phases.map(({ name, epoch, startMs, endMs }) => ({ name, epoch, startMs, endMs })),
    steadyState: gates.map(({ row }) => row),
    faults: observations.faults.map((seen) => tellFault(seen, observations.endMs)),
    proxies: experiment.proxies.map(({ name }) => tellProxy(name, observations)),
    hypotheses,
    services: observations.services.map(({ service, replica, diedMs, code, signal, lastLines }) => ({
      name: service,
      replica,
      ...(diedMs === undefined ? {} : { exitedAtMs: diedMs }),
      ...(code === undefined ? {} : { code }),
      ...(signal === undefined ? {} : { signal }),
      ...(lastLines === undefined ? {} : { lastLines }),
    })),
    issues: [...(plan.issues ?? []), ...tellIssues(observations)],
    timeline: drawTimeline(observations, inferred),
  });
}

function tellFault(seen: Observations["faults"][number], runEndMs: number): FaultReport {
  const whole = faultWindow(seen);
  const windows = timesInForce(seen, runEndMs);
  const isWhole = windows.length === 1 && windows[0]?.endMs === whole.endMs;
  const { fault, epoch, eligible, applied, felt, missed } = seen;
  return { name: fault.name, type: fault.type, ...(fault.proxy === undefined ? {} : { proxy: fault.proxy }), ...(fault.service === undefined ? {} : { service: fault.service }), epoch, ...whole, ...(!isWhole && { windows }), eligible, applied, felt, missed };
}

function tellProxy(name: string, observations: Observations): ProxyReport {
  const perPhase: Partial<Record<PhaseName, { exchanges: number; faulted: number; perSecond: number }>> = {};
  const lengthMs: Partial<Record<PhaseName, number>> = {};
  for (const { name: phase, startMs, endMs } of observations.phases) {
    lengthMs[phase] = (lengthMs[phase] ?? 0) + endMs - startMs;
    const counts = (perPhase[phase] ??= { exchanges: 0, faulted: 0, perSecond: 0 });
    for (const { faulted } of observations.calls({ proxy: name, fromMs: startMs, toMs: endMs })) {
      counts.exchanges += 1;
      if (faulted) counts.faulted += 1;
    }
    const ms = lengthMs[phase] ?? 0;
    counts.perSecond = ms === 0 ? 0 : (counts.exchanges * 1000) / ms;
  }
  let exchanges = 0;
  for (const _ of observations.calls({ proxy: name })) exchanges += 1;
  const unwitnessedMs = observations.unwitnessed.filter(({ proxy }) => proxy === name).reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  return { name, exchanges, unwitnessedMs, perPhase };
}

/** Rounds every number to six decimals, so that no float dust is printed. */
function tidy<T>(value: T): T {
  const rounded: T = JSON.parse(JSON.stringify(value, (_key, part: unknown) => (typeof part === "number" ? Number(part.toFixed(6)) : part)));
  return rounded;
}
