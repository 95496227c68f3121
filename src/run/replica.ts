import { resolve as resolvePath } from "node:path";
import type { Env } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";
import type { Service } from "../model/experiment.ts";
import type { EndSignal } from "../model/process-effect.ts";
import type { RunScope } from "../experiment/interpolate.ts";
import { sleepUntil, unlessAborted } from "./abortable.ts";
import { egressVariables } from "./egress.ts";
import { untilReady } from "./ready.ts";
import { resolveText } from "./resolve-text.ts";
import { ServiceProcess } from "./service-process.ts";

export interface ReplicaSetting {
  readonly env: Env;
  readonly baseDir: string;
  /** Inherited by every service. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absent: it has none of ours. */
  readonly port: number | undefined;
  /** What placeholders stand for: its own listeners of proxies. */
  readonly scope: RunScope;
  /** Process ids of those that run, by name, kept current. */
  readonly pids: Map<string, number>;
  readonly record: (event: RunEvent) => void;
  /** It ended, was not asked to, and had been ready. */
  readonly onDeath: (process: ServiceProcess) => void;
}

/** One replica of a service: the process that runs now, and how to start it anew. */
export class Replica {
  /** Service name, `service#2` for a replica. */
  readonly name: string;
  /** From 1. */
  readonly number: number;
  readonly service: string;
  readonly #service: Service;
  readonly #setting: ReplicaSetting;
  #process: ServiceProcess | undefined;
  /** The fault that is ending the process. */
  #endedBy: string | undefined;
  /** Resolves when an end that nobody asked for has been told. */
  #told: Promise<void> = Promise.resolve();
  #isReady = false;

  constructor(service: Service, { name, number }: { readonly name: string; readonly number: number }, setting: ReplicaSetting) {
    this.name = name;
    this.number = number;
    this.service = service.name;
    this.#service = service;
    this.#setting = setting;
  }

  /** Whether its process runs and has been ready. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * Starts a process and waits until it is ready.
   * Throws ChaosError `service-not-started`, `service-exited` or `service-not-ready`; rejects with the signal's reason.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { env, port, record, pids } = this.#setting;
    const { ready } = this.#service;
    const text = (template: string): string => resolveText(template, this.#setting.scope);
    const process = new ServiceProcess(this.#command(text));
    const logged = ready?.kind === "log" ? process.output.seek(text(ready.target)) : Promise.resolve();
    this.#process = process;
    this.#endedBy = undefined;
    const pid = await unlessAborted(signal, process.start());
    pids.set(this.name, pid);
    const told = { service: this.service, replica: this.number };
    record({ kind: "service-started", atMs: env.nowMs(), ...told, pid, ...(port === undefined ? {} : { port }) });
    let hasDied = false;
    void process.exited.then((exit) => {
      const fault = this.#endedBy;
      const wasReady = this.#isReady;
      this.#isReady = false;
      pids.delete(this.name);
      const exited = { kind: "service-exited", atMs: env.nowMs(), ...told, ...exit } as const;
      if (process.isStopping || fault !== undefined) return record({ ...exited, expected: true, ...(fault === undefined ? {} : { fault }) });
      hasDied = true;
      this.#told = process.lastLines().then((lines) => {
        record({ ...exited, expected: false, output: lines.join("\n") });
        if (wasReady) this.#setting.onDeath(process);
      });
    });
    if (ready !== undefined) await untilReady(process, { ...ready, target: text(ready.target) }, logged, { env, signal });
    record({ kind: "service-ready", atMs: env.nowMs(), ...told });
    // It may have ended in the moment it was found ready.
    if (hasDied) this.#setting.onDeath(process);
    else this.#isReady = true;
  }

  /**
   * Ends the process for a fault. Resolves to whether it has ended in the time that it has to stop, with its whole group; with `insist` it has.
   * Once the signal aborts it is not waited for any more.
   */
  async end(fault: string, signal: EndSignal, { insist, stop }: { readonly insist: boolean; readonly stop: AbortSignal }): Promise<boolean> {
    const process = this.#process;
    if (process === undefined) return false;
    this.#endedBy = fault;
    if (!insist && !(await this.#endsOf(process, signal, stop))) {
      if (!stop.aborted) this.#endedBy = undefined;
      return false;
    }
    // The rest of its group holds its port.
    await process.stop(this.#setting.env);
    return true;
  }

  async #endsOf(process: ServiceProcess, signal: EndSignal, stop: AbortSignal): Promise<boolean> {
    const { env } = this.#setting;
    await process.signal(signal);
    const over = new AbortController();
    const late = sleepUntil(env, env.nowMs() + this.#service.stopWithinMs, AbortSignal.any([stop, over.signal])).then(() => false, () => false);
    const hasEnded = await Promise.race([process.exited.then(() => true), late]);
    over.abort(new Error("over"));
    return hasEnded;
  }

  /** Lets the whole process group stand still, or go on. */
  async signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    await this.#process?.signal(signal);
  }

  /** Throws ChaosError `service-left` when a process could not be ended. */
  async stop(): Promise<void> {
    await this.#process?.stop(this.#setting.env);
    await this.#told;
  }

  #command(text: (template: string) => string): ConstructorParameters<typeof ServiceProcess>[0] {
    const { baseDir, environment, port, scope } = this.#setting;
    const { command, shell, cwd, env, egress, stopWithinMs } = this.#service;
    return {
      name: this.name,
      command: command.map(text),
      shell,
      cwd: resolvePath(baseDir, text(cwd ?? ".")),
      env: { ...environment, ...(port === undefined ? {} : { PORT: String(port) }), ...(egress && egressVariables(egress, scope)), ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, text(value)])) },
      stopWithinMs,
    };
  }
}
