import type { DataPlane, DataPlaneConfig, Listening } from "../model/data-plane.ts";
import type { Env } from "../model/env.ts";
import type { ChaosError } from "../model/error.ts";
import type { WitnessRecord } from "../model/event.ts";
import type { Fault } from "../model/experiment.ts";
import { LocalEngine } from "./local.ts";

/** One data plane, and the names of what it serves. */
interface Served {
  readonly engine: LocalEngine;
  readonly proxies: ReadonlySet<string>;
}

interface SharedEngineOptions {
  readonly env: Pick<Env, "nowMs">;
  readonly open: () => DataPlane;
  readonly onRecords: (records: readonly WitnessRecord[]) => void;
  readonly onDeath: (error: ChaosError) => void;
}

/** Carries faults out by as many data planes as its proxies ask for (`workers`): the first serves all of them, each further one those that ask for so many. */
export class SharedEngine {
  readonly #options: SharedEngineOptions;
  readonly #served: Served[] = [];

  constructor(options: SharedEngineOptions) {
    this.#options = options;
  }

  /** Binds every listener of all; when one cannot be, none is left open. @throws ChaosError of the data plane */
  async start(config: DataPlaneConfig): Promise<Listening> {
    const of = Math.max(1, ...config.proxies.map(({ workers = 1 }) => workers));
    const listening = await this.#startOne(of === 1 ? config : { ...config, share: { index: 0, of } });
    for (let index = 1; index < of; index++) {
      const proxies = config.proxies.filter(({ workers = 1 }) => workers > index).map((proxy) => ({ ...proxy, listeners: listening.filter((listener) => listener.proxy === proxy.name) }));
      // Draws are keyed by what each counts: with one seed, what one of them hits another would hit as well.
      await this.#startOne({ ...config, seed: `${config.seed} ${index}`, share: { index, of }, proxies });
    }
    return listening;
  }

  /** Replaces the whole set of faults; their windows count from `atMs`, in all of them. */
  setFaults(faults: readonly Fault[], epoch: number): Promise<{ readonly atMs: number }> {
    // Each hears of it at another moment, which may be milliseconds later: by those windows would open apart, and calls be counted to the epoch before.
    const sinceMs = this.#served.length === 1 ? undefined : this.#options.env.nowMs();
    return this.#latest(({ engine, proxies }, index) => engine.setFaults(index === 0 ? faults : faults.filter(({ proxy = "" }) => proxies.has(proxy)), epoch, sinceMs));
  }

  /** As `LocalEngine.lift`. */
  lift(options: { readonly release: boolean }): Promise<{ readonly atMs: number }> {
    return this.#latest(({ engine }) => engine.lift(options));
  }

  /** Ends every connection and listener; all records have been handed over when it resolves. */
  async stop(): Promise<void> {
    await Promise.all(this.#served.map(({ engine }) => engine.stop()));
  }

  async #startOne(config: DataPlaneConfig): Promise<Listening> {
    const engine = new LocalEngine(this.#options.open(), this.#options.onRecords, this.#options.onDeath);
    this.#served.push({ engine, proxies: new Set(config.proxies.map(({ name }) => name)) });
    return engine.start(config).catch(async (error: unknown) => {
      await this.stop();
      throw error;
    });
  }

  async #latest(ask: (served: Served, index: number) => Promise<{ readonly atMs: number }>): Promise<{ readonly atMs: number }> {
    const times = await Promise.all(this.#served.map(ask));
    return { atMs: Math.max(...times.map(({ atMs }) => atMs)) };
  }
}
