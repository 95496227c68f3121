import type { Fault } from "../model/experiment.ts";
import type { SharedEngine } from "../engines/index.ts";
import type { ProcessFaults } from "./process-faults.ts";
import type { RemoteFaults } from "./remote-faults.ts";

/** Where faults act: those of edges in the data plane or at another server, those of processes in the run itself. All come into force and are lifted together. */
export class Injection {
  readonly #edges: Pick<SharedEngine, "setFaults" | "lift">;
  readonly #processes: Pick<ProcessFaults, "set" | "lift">;
  readonly #remotes: Pick<RemoteFaults, "set" | "lift">;
  readonly #isRemote: (fault: Fault) => boolean;

  constructor(edges: Pick<SharedEngine, "setFaults" | "lift">, processes: Pick<ProcessFaults, "set" | "lift">, remotes: Pick<RemoteFaults, "set" | "lift">, remoteEdges: ReadonlySet<string>) {
    this.#edges = edges;
    this.#processes = processes;
    this.#remotes = remotes;
    this.#isRemote = ({ proxy }) => proxy !== undefined && remoteEdges.has(proxy);
  }

  async setFaults(faults: readonly Fault[], epoch: number): Promise<{ readonly atMs: number }> {
    const set = await this.#edges.setFaults(faults.filter((fault) => fault.layer !== "process" && !this.#isRemote(fault)), epoch);
    this.#processes.set(faults.filter(({ layer }) => layer === "process"), epoch, set.atMs);
    this.#remotes.set(faults.filter((fault) => this.#isRemote(fault)), epoch, set.atMs);
    return set;
  }

  /** Processes go on even where the data plane fails. */
  async lift(options: { readonly release: boolean }): Promise<{ readonly atMs: number }> {
    const [edges] = await Promise.allSettled([this.#edges.lift(options), this.#processes.lift(options), this.#remotes.lift()]);
    if (edges.status === "rejected") throw edges.reason;
    return edges.value;
  }
}
