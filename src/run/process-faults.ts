import type { Env } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";
import type { Fault } from "../model/experiment.ts";
import type { ProcessEffect } from "../model/process-effect.ts";
import { ChaosError } from "../model/error.ts";
import { findFaultType } from "../faults/index.ts";
import { passesOrdinals } from "../faults/ordinals.ts";
import { windowsOf } from "../faults/window.ts";
import { sleepUntil } from "./abortable.ts";
import type { Replica } from "./replica.ts";

export interface ProcessFaultsOptions {
  readonly env: Env;
  readonly replicas: readonly Pick<Replica, "name" | "service" | "number" | "isReady" | "start" | "end" | "signal">[];
  readonly duringMs: number;
  readonly record: (event: RunEvent) => void;
  /** A process could not be brought back. */
  readonly onFailure: (error: unknown) => void;
}

type Target = ProcessFaultsOptions["replicas"][number];

/** One opening of a fault's window; times on the run's clock. */
interface Opening {
  readonly fault: string;
  readonly epoch: number;
  readonly n: number;
  readonly endMs: number;
  /** Aborts when the faults are lifted. */
  readonly lifted: AbortSignal;
}

/** Faults of processes, carried out: each opening of a fault's window acts once on each replica that the fault names. */
export class ProcessFaults {
  readonly #options: ProcessFaultsOptions;
  /** Aborts when nothing is to be started any more. */
  readonly #stop = new AbortController();
  #lift = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  /** Those that something is being done to. */
  readonly #busy = new Set<string>();
  readonly #paused = new Set<Promise<void>>();

  constructor(options: ProcessFaultsOptions) {
    this.#options = options;
  }

  /** Windows count from `atMs`. Throws ChaosError `unknown-fault`. */
  set(faults: readonly Fault[], epoch: number, atMs: number): void {
    this.#lift = new AbortController();
    const before = this.#running;
    const lifted = this.#lift.signal;
    const effects = faults.map((fault) => ({ fault, effect: effectOf(fault) }));
    const loops = effects.flatMap(({ fault, effect }) => this.#targets(fault).map((target) => this.#repeat(fault, effect, target, { epoch, atMs, lifted })));
    this.#running = Promise.all([before, ...loops]);
  }

  /** No window opens any more and those that are open close: what stands still goes on before this resolves. With `release` nothing is started again either. */
  async lift({ release }: { readonly release: boolean }): Promise<void> {
    this.#lift.abort(new Error("lifted"));
    if (release) await this.stop();
    await Promise.all(this.#paused);
  }

  /** Leaves off whatever is under way; resolves when nothing is. */
  async stop(): Promise<void> {
    this.#lift.abort(new Error("lifted"));
    this.#stop.abort(new Error("stopped"));
    await this.#running;
  }

  #targets({ service, replica }: Fault): readonly Target[] {
    return this.#options.replicas.filter((one) => one.service === service && (replica === undefined || one.number === replica));
  }

  async #repeat(fault: Fault, effect: ProcessEffect, target: Target, { epoch, atMs, lifted }: { readonly epoch: number; readonly atMs: number; readonly lifted: AbortSignal }): Promise<void> {
    const { env, duringMs, onFailure } = this.#options;
    let n = 0;
    try {
      for (const { startMs, endMs } of windowsOf(fault, duringMs)) {
        n += 1;
        await sleepUntil(env, atMs + startMs, lifted);
        // What the opening before did may have lasted for longer than its window.
        if (env.nowMs() < atMs + endMs) await this.#act(fault, effect, target, { fault: fault.name, epoch, n, endMs: atMs + endMs, lifted });
      }
    } catch (error) {
      if (error !== lifted.reason) onFailure(error);
    }
  }

  async #act({ selection }: Fault, effect: ProcessEffect, target: Target, opening: Opening): Promise<void> {
    const { fault, epoch, n } = opening;
    const told = { fault, epoch, service: target.service, replica: target.number, n };
    const decision = !target.isReady || this.#busy.has(target.name) ? "match" : passesOrdinals(selection, n, 1) ? "applied" : "ordinal";
    this.#tell({ kind: "service-faulted", ...told, decision, ...(decision === "applied" ? { effect: effect.kind } : {}) });
    if (decision !== "applied") return;
    this.#busy.add(target.name);
    try {
      if (await (effect.kind === "pause" ? this.#pause(target, opening) : this.#end(effect, target, opening))) this.#tell({ kind: "service-restored", ...told });
    } finally {
      this.#busy.delete(target.name);
    }
  }

  /** Resolves to true: it always goes on. */
  async #pause(target: Target, opening: Opening): Promise<true> {
    const over = this.#standStill(target, opening);
    this.#paused.add(over);
    await over.finally(() => this.#paused.delete(over));
    return true;
  }

  async #standStill(target: Target, opening: Opening): Promise<void> {
    await target.signal("SIGSTOP");
    await this.#untilClosed(opening);
    await target.signal("SIGCONT");
  }

  /** Resolves to whether it is there again. */
  async #end({ signal, insist, restart }: Extract<ProcessEffect, { kind: "end" }>, target: Target, opening: Opening): Promise<boolean> {
    const { env } = this.#options;
    const stop = this.#stop.signal;
    const hasEnded = await target.end(opening.fault, signal, { insist, stop });
    if (stop.aborted || (hasEnded && restart === "never")) return false;
    if (!hasEnded) return true;
    if (restart === "lifted") await this.#untilClosed(opening);
    else if (restart !== "never") await sleepUntil(env, env.nowMs() + restart.afterMs, stop).catch(() => undefined);
    if (stop.aborted) return false;
    return this.#start(target, stop);
  }

  async #start(target: Target, stop: AbortSignal): Promise<boolean> {
    try {
      await target.start(stop);
      return true;
    } catch (error) {
      // One that ended by itself is told by its exit; one that is stopped by us has nothing to tell.
      const isTold = stop.aborted || (error instanceof ChaosError && error.code === "service-exited");
      if (!isTold) this.#options.onFailure(error);
      return false;
    }
  }

  /** Resolves when the window closes, or all are lifted. */
  async #untilClosed({ endMs, lifted }: Opening): Promise<void> {
    await sleepUntil(this.#options.env, endMs, lifted).catch(() => undefined);
  }

  #tell(fact: Stampless<Extract<RunEvent, { kind: "service-faulted" | "service-restored" }>>): void {
    this.#options.record({ ...fact, atMs: this.#options.env.nowMs() });
  }
}

type Stampless<T> = T extends unknown ? Omit<T, "atMs"> : never;

function effectOf(fault: Fault): ProcessEffect {
  const type = findFaultType(fault.type, "process");
  if (type === undefined) throw new ChaosError("unknown-fault", `expected a fault type of the layer process, got "${fault.type}" in the fault "${fault.name}"`, { hint: "`chaos list faults` names them" });
  return type.decide(fault.params);
}
