import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { ChaosError } from "../model/error.ts";
import type { Event, JournalHeader } from "../model/event.ts";
import type { Plan } from "../model/plan.ts";
import type { Report } from "../model/report.ts";
import { openDataPlane } from "../proxy/index.ts";
import { baseDirOf } from "./base-dir.ts";
import { carryOut } from "./carry-out.ts";
import { openJournal } from "./journal-file.ts";
import { judgeJournal } from "./judge-journal.ts";
import { checkTargets } from "./local-targets.ts";
import { makeRunFolder, nameRun } from "./run-folder.ts";
import { redactorOf, resolveSecrets, withoutSecrets } from "./secrets.ts";
import { checkTlsFiles } from "./secure-proxies.ts";
import { createSystemEnv } from "./system-env.ts";
import { toolVersion } from "./tool-version.ts";

export interface RunOptions {
  /** Environment variables: secrets come from them, services and commands inherit them. Default: our own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What paths of the plan are relative to. Default: the folder of its file, or the current one. */
  readonly baseDir?: string;
  /** Default: `.chaos/<runId>/journal.ndjson` under the current folder, where the last 20 runs are kept. */
  readonly journalPath?: string;
  /** Hosts beside this machine that may be reached. */
  readonly allowHosts?: readonly string[];
  /** Aborting it ends the run: faults are lifted, services ended. The reason is the signal's name, `SIGINT` by default; with an error (that is no DOMException) the run has failed. */
  readonly signal?: AbortSignal;
  /** Told every event as it is written. */
  readonly onEvent?: (event: Event) => void;
}

/**
 * Carries a plan out on this machine and judges what happened from its journal.
 * Throws ChaosError before anything is started (`target-not-allowed`, `secret-missing`, `bad-certificate`, `journal-unwritable`), and after the clean-up when
 * the journal could not be written to its end (`journal-unwritable`) or not be judged (`judge-failed`); any other failure is told by the report.
 */
export async function run(plan: Plan, options: RunOptions = {}): Promise<{ readonly report: Report; readonly journalPath: string }> {
  const startNs = process.hrtime.bigint();
  const env = createSystemEnv(startNs);
  const startedAt = new Date();
  const runId = nameRun(startedAt);
  const environment = given(options.environment ?? process.env);
  const secrets = resolveSecrets(plan, environment);
  const baseDir = options.baseDir ?? baseDirOf(plan);
  checkTlsFiles(plan, baseDir);
  withoutSecrets(redactorOf(plan, environment), () => checkTargets(plan, secrets, options.allowHosts ?? []));
  const header: JournalHeader = {
    schema: "chaos/journal/1", runId, startedAt: startedAt.toISOString(), tracePrefix: randomBytes(8).toString("hex"),
    tool: { version: toolVersion(), node: process.versions.node }, plan,
  };
  const journalPath = options.journalPath ?? await makeRunFolder(process.cwd(), runId);
  const sink = await openJournal(journalPath, header);
  const interrupt = new AbortController();
  const passOn = (): void => interrupt.abort(reasonOf(options.signal?.reason));
  options.signal?.addEventListener("abort", passOn);
  if (options.signal?.aborted === true) passOn();
  try {
    await carryOut({ env, openDataPlane: () => openDataPlane({ env, startNs }), header, sink, secrets, redactor: redactorOf(plan, environment), environment, baseDir, allowHosts: options.allowHosts ?? [], ...(options.journalPath === undefined ? { folder: dirname(journalPath) } : {}), signal: interrupt.signal, onEvent: options.onEvent ?? (() => undefined) });
  } finally {
    options.signal?.removeEventListener("abort", passOn);
  }
  return { report: await judged(journalPath), journalPath };
}

/** What `AbortController` and `AbortSignal.timeout` give by themselves are no failures. */
function reasonOf(reason: unknown): unknown {
  if (typeof reason === "string") return reason;
  return reason instanceof Error && !(reason instanceof DOMException) ? reason : "SIGINT";
}

async function judged(journalPath: string): Promise<Report> {
  try {
    return await judgeJournal(journalPath);
  } catch (error) {
    if (error instanceof ChaosError) throw error;
    throw new ChaosError("judge-failed", `the run is over and undone, but it could not be judged: ${error instanceof Error ? error.message : String(error)}`, {
      hint: `this is a defect of chaos itself: please report it with the journal, ${journalPath}`, cause: error,
    });
  }
}

function given(environment: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
