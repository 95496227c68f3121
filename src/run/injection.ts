import type { Fault } from "../model/experiment.ts";
import type { LocalEngine } from "../engines/index.ts";
import type { ProcessFaults } from "./process-faults.ts";

/** Where faults act: those of edges in the data plane, those of processes in the run itself. All come into force and are lifted together. */
export class Injection {
  readonly #edges: Pick<LocalEngine, "setFaults" | "lift">;
  readonly #processes: Pick<ProcessFaults, "set" | "lift">;

  constructor(edges: Pick<LocalEngine, "setFaults" | "lift">, processes: Pick<ProcessFaults, "set" | "lift">) {
    this.#edges = edges;
    this.#processes = processes;
  }

  async setFaults(faults: readonly Fault[], epoch: number): Promise<{ readonly atMs: number }> {
    const set = await this.#edges.setFaults(faults.filter(({ layer }) => layer !== "process"), epoch);
    this.#processes.set(faults.filter(({ layer }) => layer === "process"), epoch, set.atMs);
    return set;
  }

  /** Processes go on even where the data plane fails. */
  async lift(options: { readonly release: boolean }): Promise<{ readonly atMs: number }> {
    const [edges] = await Promise.allSettled([this.#edges.lift(options), this.#processes.lift(options)]);
    if (edges.status === "rejected") throw edges.reason;
    return edges.value;
  }
}
