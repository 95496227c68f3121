import type { DataPlane, DataPlaneConfig, DataPlaneMessage, DataPlaneRequest } from "../model/data-plane.ts";
import { ChaosError } from "../model/error.ts";
import type { WitnessRecord } from "../model/event.ts";
import type { Fault } from "../model/experiment.ts";

type Reply = Exclude<DataPlaneMessage, { kind: "records" }>;
type ReplyOf<K extends Reply["kind"]> = Extract<Reply, { kind: K }>;
type WithoutId<R> = R extends { readonly id: number } ? Omit<R, "id"> : never;

/** Carries faults out by our own data plane: its messages as promises. Every method throws ChaosError with the data plane's code. */
export class LocalEngine {
  readonly #dataPlane: DataPlane;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;
  #epoch = 0;

  constructor(dataPlane: DataPlane, onRecords: (records: readonly WitnessRecord[]) => void) {
    this.#dataPlane = dataPlane;
    dataPlane.onMessage((message) => {
      if (message.kind === "records") onRecords(message.records);
      else this.#waiting.get(message.id)?.(message);
    });
  }

  /** Binds every listener; `port-taken` or `listen-failed` when one cannot be, and then none is left open. */
  async start(config: DataPlaneConfig): Promise<ReplyOf<"started">["listening"]> {
    return (await this.#ask({ kind: "start", config }, "started")).listening;
  }

  /** Replaces the whole set of faults; their windows count from `atMs`. */
  async setFaults(faults: readonly Fault[], epoch: number): Promise<{ readonly atMs: number }> {
    this.#epoch = epoch;
    return { atMs: (await this.#ask({ kind: "set-faults", epoch, faults, release: false }, "faults-set")).atMs };
  }

  /** No new decision; delays run out, or end now with `release`; what hangs is reset. */
  async lift({ release }: { readonly release: boolean }): Promise<{ readonly atMs: number }> {
    return { atMs: (await this.#ask({ kind: "set-faults", epoch: this.#epoch, faults: [], release }, "faults-set")).atMs };
  }

  /** Ends every connection and listener; all records have been handed over when it resolves. */
  async stop(): Promise<void> {
    await this.#ask({ kind: "stop" }, "stopped");
  }

  async #ask<K extends Reply["kind"]>(request: WithoutId<DataPlaneRequest>, expected: K): Promise<ReplyOf<K>> {
    const id = (this.#lastId += 1);
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#dataPlane.send({ ...request, id });
    });
    this.#waiting.delete(id);
    if (reply.kind === "failed") throw new ChaosError(reply.code, reply.message, reply.hint === undefined ? {} : { hint: reply.hint });
    if (!isKind(reply, expected)) throw new ChaosError("data-plane-failed", `expected the data plane to answer "${expected}", got "${reply.kind}"`);
    return reply;
  }
}

function isKind<K extends Reply["kind"]>(reply: Reply, kind: K): reply is ReplyOf<K> {
  return reply.kind === kind;
}
