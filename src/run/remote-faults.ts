import type { ToxiproxyEngine } from "../engines/index.ts";
import type { Env } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";
import type { Fault } from "../model/experiment.ts";
import { toxicsFor } from "../experiment/remote.ts";
import { windowsOf } from "../faults/window.ts";
import { sleepUntil } from "./abortable.ts";

export interface RemoteFaultsOptions {
  readonly env: Env;
  /** By the name of the edge. */
  readonly engines: ReadonlyMap<string, Pick<ToxiproxyEngine, "put" | "remove" | "confirm">>;
  /** With it begin the names of the toxics. */
  readonly prefix: string;
  readonly duringMs: number;
  readonly record: (event: RunEvent) => void;
  /** Toxics could not be changed, or went by themselves. */
  readonly onFailure: (error: unknown) => void;
}

/** Leases are renewed, and toxics looked after, so often. */
const beatMs = 1000;

/** Faults of remote proxies, carried out: each opening of a fault's window adds its toxics there, each closing removes them. */
export class RemoteFaults {
  readonly #options: RemoteFaultsOptions;
  readonly #stop = new AbortController();
  #lift = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RemoteFaultsOptions) {
    this.#options = options;
    if (options.engines.size > 0) void this.#beat();
  }

  /** Windows count from `atMs`. */
  set(faults: readonly Fault[], epoch: number, atMs: number): void {
    this.#lift = new AbortController();
    const lifted = this.#lift.signal;
    this.#running = Promise.all([this.#running, ...faults.map((fault) => this.#repeat(fault, { epoch, atMs, lifted }))]);
  }

  /** No window opens any more, and those that are open close: their toxics are gone when this resolves, or `onFailure` has been told why not. */
  async lift(): Promise<void> {
    this.#lift.abort(new Error("lifted"));
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    await this.lift();
  }

  async #repeat(fault: Fault, { epoch, atMs, lifted }: { readonly epoch: number; readonly atMs: number; readonly lifted: AbortSignal }): Promise<void> {
    const { env, engines, prefix, duringMs, record, onFailure } = this.#options;
    const { name, proxy = "" } = fault;
    const engine = engines.get(proxy);
    const toxics = toxicsFor(fault, prefix) ?? [];
    let n = 0;
    try {
      for (const { startMs, endMs } of windowsOf(fault, duringMs)) {
        n += 1;
        await sleepUntil(env, atMs + startMs, lifted);
        const told = { epoch, fault: name, proxy, n };
        const askedMs = env.nowMs();
        await engine?.put(toxics);
        record({ kind: "remote-faulted", ...told, askedMs, atMs: env.nowMs() });
        await sleepUntil(env, atMs + endMs, lifted).catch(() => undefined);
        const liftAskedMs = env.nowMs();
        await engine?.remove(toxics.map((toxic) => toxic.name));
        record({ kind: "remote-restored", ...told, askedMs: liftAskedMs, atMs: env.nowMs() });
      }
    } catch (error) {
      if (error !== lifted.reason) onFailure(error);
    }
  }

  async #beat(): Promise<void> {
    const { env, engines, onFailure } = this.#options;
    const stop = this.#stop.signal;
    try {
      while (!stop.aborted) {
        await sleepUntil(env, env.nowMs() + beatMs, stop);
        for (const engine of engines.values()) await engine.confirm();
      }
    } catch (error) {
      if (!stop.aborted) onFailure(error);
    }
  }
}
