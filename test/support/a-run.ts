import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Event } from "../../src/model/event.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Report } from "../../src/model/report.ts";
import { parse, plan } from "../../src/experiment/index.ts";
import { run } from "../../src/run/index.ts";
import type { RunOptions } from "../../src/run/index.ts";
import { eventsIn, scratchFolder } from "./chaos.ts";
import { processesWith } from "./processes.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const mark = "CHAOS_TEST_MARK";

/** The plan of an experiment as text; paths in it are relative to test/support. Throws what validation says. */
export function planOf(text: string, env: RunOptions["environment"] = {}): Plan {
  const file = `${here}experiment.yaml`;
  const { documents, issues } = parse(text, { file, env, vars: {} });
  const experiment = documents[0]?.experiment;
  if (experiment === undefined) throw new Error(issues.map(({ message, line }) => `${line}: ${message}`).join("\n"));
  return plan(experiment, { file, document: 0 });
}

export interface Outcome {
  readonly report: Report;
  readonly events: readonly Event[];
  readonly journalPath: string;
  /** Processes of the run's services that are still there. */
  readonly left: readonly number[];
}

/** Runs an experiment in a folder of its own; every process that it starts is marked. */
export async function aRun(text: string, options: RunOptions = {}): Promise<Outcome> {
  const folder = await scratchFolder();
  const id = randomUUID();
  const { report, journalPath } = await run(planOf(text, options.environment), { journalPath: folder.file("journal.ndjson"), ...options, environment: { ...process.env, ...options.environment, [mark]: id } });
  return { report, journalPath, events: await eventsIn(journalPath), left: processesWith(mark, id) };
}

/** Whether this machine stalled, or left processes waiting, in the midst of a run. */
export function wasDisturbed({ report }: Outcome): boolean {
  return report.issues.some(({ code }) => code === "disturbed");
}

/** Runs it again, a few times, while this machine disturbed it and what is looked for cannot be told; what nothing disturbed stands. */
export async function undisturbed(text: string, isTold: (outcome: Outcome) => boolean = ({ report }) => !["inconclusive", "baseline-not-met"].includes(report.outcome)): Promise<Outcome> {
  let outcome = await aRun(text);
  for (let again = 0; again < 5 && wasDisturbed(outcome) && !isTold(outcome); again += 1) outcome = await aRun(text);
  return outcome;
}

export function only<K extends Event["kind"]>(events: readonly Event[], kind: K): readonly Extract<Event, { kind: K }>[] {
  return events.filter((event): event is Extract<Event, { kind: K }> => event.kind === kind);
}

/** What a test asks of the steady state whose subject that is; else it is met, however busy the machine. */
export const half = ">= 50%";

/** A caller and its dependency through a proxy, one probe, a steady state; `more` are further sections. */
export function shop(more: { readonly services?: string; readonly phases?: string; readonly faults?: string; readonly rest?: string; readonly claim?: string } = {}): string {
  return `version: 1
title: A shop and its stock
services:
  stock: { command: [node, upstream.mjs], port: auto, ready: { tcp: "127.0.0.1:\${services.stock.port}", within: 15s } }
  shop:
    command: [node, caller.mjs]
    port: auto
    env: { UPSTREAM_URL: "\${proxies.stock.url}" }
    ready: { http: "\${services.shop.url}/health", within: 15s }
${more.services ?? ""}
proxies:
  stock: { upstream: "\${services.stock.url}" }
probes:
  shop: { type: http, url: "\${services.shop.url}/", timeout: 1s, load: 50/s, expect: { status: 200 }, degraded: { status: 202 } }
steadyState:
  - { probe: shop, success: "${more.claim ?? ">= 0%"}" }
phases: ${more.phases ?? "{ warmup: 400ms, before: 1s, during: 1s, after: 1s }"}
faults: ${more.faults ?? "[{ name: slow, proxy: stock, type: latency, delay: 400ms }]"}
${more.rest ?? ""}`;
}
