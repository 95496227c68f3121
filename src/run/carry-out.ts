import type { DataPlane } from "../model/data-plane.ts";
import type { Env } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import type { Event, Fact, JournalHeader } from "../model/event.ts";
import { SharedEngine } from "../engines/index.ts";
import { servicesFirst, toxicPrefix } from "../experiment/remote.ts";
import { unlessAborted } from "./abortable.ts";
import { dataPlaneConfig, proxyEndpoints, serviceEndpoints } from "./addresses.ts";
import { Apparatus } from "./apparatus.ts";
import { Baseline } from "./baseline.ts";
import { Confirmation } from "./confirmation.ts";
import { Guards } from "./guards.ts";
import { Halt } from "./halt.ts";
import type { HaltFact } from "./halt.ts";
import { Injection } from "./injection.ts";
import { JournalFile } from "./journal-file.ts";
import type { Sink } from "./journal-file.ts";
import { Load } from "./load.ts";
import { ProcessFaults } from "./process-faults.ts";
import { openRemotes } from "./remote-edges.ts";
import { RemoteFaults } from "./remote-faults.ts";
import { Schedule } from "./run-schedule.ts";
import { secureProxies } from "./secure-proxies.ts";
import type { Redactor } from "./secrets.ts";
import type { ServiceProcess } from "./service-process.ts";
import { holdPorts, startServices } from "./start-services.ts";
import { Undo } from "./undo.ts";

export interface CarryOutOptions {
  readonly env: Env;
  /** Opens the data plane, on the clock of `env`. */
  readonly openDataPlane: () => DataPlane;
  readonly header: JournalHeader;
  readonly sink: Sink;
  readonly secrets: Readonly<Record<string, string>>;
  readonly redactor: Redactor;
  /** Inherited by services and commands. */
  readonly environment: Readonly<Record<string, string>>;
  readonly baseDir: string;
  /** Hosts beside this machine that may be reached. */
  readonly allowHosts: readonly string[];
  /** Of the run; absent where its journal was asked for elsewhere. */
  readonly folder?: string;
  /** Aborted by an interrupt, whose name is the reason, or by a defect of ours, which is the reason itself. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: Event) => void;
}

/** The load begins this long after all is up, so that its first request is not late. */
const leadMs = 10;

/**
 * Carries a plan out and undoes all that it started, whatever comes between; what happened stands in the journal.
 * Throws ChaosError `journal-unwritable` when it cannot stand there.
 */
export async function carryOut(options: CarryOutOptions): Promise<void> {
  const run = new Run(options);
  const end = (): void => run.end(options.signal.reason);
  options.signal.addEventListener("abort", end);
  if (options.signal.aborted) end();
  try {
    await run.carryOut();
  } finally {
    options.signal.removeEventListener("abort", end);
  }
}

/** One run, from its journal's second line to its last. */
class Run {
  readonly #options: CarryOutOptions;
  readonly #journal: JournalFile;
  readonly #redactor: Redactor;
  readonly #halt: Halt;
  readonly #undo = new Undo();
  readonly #baseline: Baseline;
  readonly #confirmation: Confirmation;
  /** Of services that run. */
  readonly #pids = new Map<string, number>();
  #guards: Guards | undefined;
  #schedule: Schedule | undefined;
  #seq = 0;
  #isOver = false;
  /** Recording itself has failed once. */
  #isDefective = false;

  constructor(options: CarryOutOptions) {
    const { env, header, sink, redactor } = options;
    this.#options = options;
    this.#redactor = redactor;
    this.#halt = new Halt((fact) => this.#record(fact));
    this.#baseline = new Baseline(header);
    this.#confirmation = new Confirmation(header);
    this.#journal = new JournalFile(sink, { env, onFailure: (error) => this.#halt.haltUnrecorded(error) });
  }

  /** Ends it before its time, for a reason that comes from outside: an error, or a signal's name. */
  end(reason: unknown): void {
    const atMs = this.#options.env.nowMs();
    this.#halt.halt(reason instanceof Error ? failureOf(reason, atMs) : { kind: "interrupted", atMs, signal: String(reason) });
  }

  async carryOut(): Promise<void> {
    const { env } = this.#options;
    const apparatus = new Apparatus({ env, services: () => this.#pids, record: (event) => this.#record(event) });
    try {
      await this.#stages();
    } catch (error) {
      if (!this.#halt.isReason(error)) this.#halt.halt(failureOf(error, env.nowMs()));
    }
    const left = [...(await this.#lift()), ...(await this.#undo.all())];
    apparatus.stop();
    this.#record({ kind: "ended", atMs: env.nowMs(), cleanedUp: left.length === 0, left: left.map((what) => this.#redactor.text(what)) });
    this.#isOver = true;
    await this.#journal.close();
  }

  async #stages(): Promise<void> {
    const { env, header } = this.#options;
    const { maxDurationMs } = header.plan.experiment;
    const limit = maxDurationMs === undefined ? undefined : env.after(maxDurationMs - env.nowMs(), () => this.#halt.halt({ kind: "max-duration", atMs: env.nowMs() }));
    try {
      const { injection, load } = await this.#start();
      await this.#drive(injection, load);
    } finally {
      limit?.cancel();
      this.#guards?.stop();
    }
  }

  /** Proxies listen first, then services start, but for those whose control API says where remote proxies are; the load stands ready. */
  async #start(): Promise<{ readonly injection: Injection; readonly load: Load }> {
    const { env, openDataPlane, header, secrets, environment, baseDir, allowHosts } = this.#options;
    const { tracePrefix } = header;
    const { signal } = this.#halt;
    signal.throwIfAborted();
    const record = (fact: Fact): void => this.#record(fact);
    const { experiment } = header.plan;
    const ports = await holdPorts(experiment.services, this.#undo);
    const services = serviceEndpoints(header.plan, new Map([...ports].map(([name, { port }]) => [name, port])));
    const setting = { env, signal, baseDir, environment, ports, record, undo: this.#undo, onDeath: (service: ServiceProcess) => this.#died(service) };
    const first = servicesFirst(experiment);
    const early = await startServices(first, { ...setting, scopeOf: () => ({ services, secrets }) }, this.#pids);
    const { plan, engines, listening: elsewhere } = await openRemotes(header.plan, { env, services, secrets, allowHosts, undo: this.#undo, record });
    const secured = await secureProxies(plan, { baseDir, folder: this.#options.folder, undo: this.#undo });
    const engine = new SharedEngine({ env, open: openDataPlane, onRecords: (records) => records.forEach(record), onDeath: (death) => this.#halt.halt(failureOf(death, env.nowMs()), death) });
    this.#undo.add("proxies", () => engine.stop());
    const listening = await engine.start(dataPlaneConfig(plan, services, tracePrefix, { baseDir, tls: secured.tls, allowHosts }));
    for (const listener of listening) record({ kind: "listening", atMs: env.nowMs(), ...listener });
    const scopeOf = (caller: string) => ({ services, secrets, proxies: proxyEndpoints(plan, [...listening, ...elsewhere], caller, secured.authorities) });
    const replicas = [...early, ...(await startServices(experiment.services.slice(first.length), { ...setting, scopeOf }, this.#pids))];
    const onFailure = (error: unknown): void => this.#halt.halt(failureOf(error, env.nowMs()));
    const { duringMs } = experiment.phases;
    const processFaults = new ProcessFaults({ env, replicas, duringMs, record, onFailure });
    this.#undo.add("faults of processes", () => processFaults.stop());
    const remoteFaults = new RemoteFaults({ env, engines, prefix: toxicPrefix(experiment), duringMs, record, onFailure });
    this.#undo.add("faults of remote proxies", () => remoteFaults.stop());
    const load = new Load({ env, plan, tracePrefix, baseDir, environment, record, scope: scopeOf("default") });
    this.#undo.add("load", () => load.stop());
    signal.throwIfAborted();
    return { injection: new Injection(engine, processFaults, remoteFaults, new Set(engines.keys())), load };
  }

  async #drive(injection: Injection, load: Load): Promise<void> {
    const { env, header } = this.#options;
    const { plan } = header;
    const startMs = env.nowMs() + leadMs;
    const warmupEndMs = startMs + (plan.schedule.find(({ name }) => name === "warmup")?.endMs ?? 0);
    this.#guards = new Guards(plan.experiment.guards, { env, fromMs: warmupEndMs, onTrip: (trip) => this.#halt.halt(trip) });
    this.#schedule = new Schedule({
      env, plan, startMs, injection, signal: this.#halt.signal, record: (event) => this.#record(event),
      baseline: () => this.#checkBaseline(load), isNeeded: () => this.#isRepeated(load),
    });
    load.start(startMs);
    await this.#schedule.run();
    this.#guards.stop();
    await unlessAborted(this.#halt.signal, load.drained());
  }

  #checkBaseline(load: Load): void {
    const { env, header } = this.#options;
    if (header.plan.experiment.steadyState.length === 0) return;
    const met = this.#baseline.isMet(load.pending());
    if (met) return this.#record({ kind: "baseline", atMs: env.nowMs(), met });
    this.#halt.halt({ kind: "baseline", atMs: env.nowMs(), met });
    this.#halt.signal.throwIfAborted();
  }

  #isRepeated(load: Load): boolean {
    const isNeeded = this.#confirmation.isNeeded(load.pending());
    if (!isNeeded) load.end();
    return isNeeded;
  }

  /** A service that ends under a fault is a finding; one that ends before is a failure. */
  #died(service: ServiceProcess): void {
    if (this.#schedule?.wasInForce === true || this.#halt.signal.aborted) return;
    this.#halt.halt({ kind: "failed", atMs: this.#options.env.nowMs(), code: "service-exited", message: `service ${service.name} ended by itself before anything was injected${service.lastWords()}`, hint: "run its command by hand to see why" });
  }

  async #lift(): Promise<readonly string[]> {
    try {
      await this.#schedule?.cutShort();
      return [];
    } catch (error) {
      return [`faults: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  #record(fact: Fact): void {
    if (this.#isOver) return;
    // A fact is handed over for good: no copy of the many.
    const event: Event = Object.assign(this.#redactor.fact(fact), { seq: (this.#seq += 1) });
    try {
      this.#journal.write(event);
      this.#baseline.add(event);
      this.#confirmation.add(event);
      if (event.kind === "sample") this.#guards?.add(event);
      this.#options.onEvent(event);
    } catch (error) {
      this.#recordingFailed(error);
    }
  }

  /** Facts come from timers and sockets, where an error would end the process instead of the run. */
  #recordingFailed(error: unknown): void {
    if (this.#isDefective) return this.#halt.haltUnrecorded(error instanceof Error ? error : new Error(String(error)));
    this.#isDefective = true;
    this.#halt.halt(failureOf(error, this.#options.env.nowMs()));
  }
}

function failureOf(error: unknown, atMs: number): HaltFact {
  if (error instanceof ChaosError) return { kind: "failed", atMs, code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }), ...stackOf(error.cause) };
  return { kind: "failed", atMs, code: "defect", message: `chaos itself failed: ${error instanceof Error ? error.message : String(error)}`, hint: "this is a defect of chaos itself: please report it with the journal", ...stackOf(error) };
}

/** Of what crossed a thread, the stack is all that is left. */
function stackOf(error: unknown): { readonly stack?: string } {
  const stack = error instanceof Error ? error.stack : error;
  return typeof stack === "string" ? { stack } : {};
}
