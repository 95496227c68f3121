import type { DataPlane, DataPlaneConfig, DataPlaneMessage, DataPlaneRequest, Listening, ProxyConfig } from "../model/data-plane.ts";
import { ChaosError } from "../model/error.ts";
import type { WitnessRecord } from "../model/event.ts";
import type { Fault } from "../model/experiment.ts";

type Reply = Exclude<DataPlaneMessage, { kind: "records" | "died" }>;
type ReplyOf<K extends Reply["kind"]> = Extract<Reply, { kind: K }>;
type WithoutId<R> = R extends { readonly id: number } ? Omit<R, "id"> : never;

/** Since when nothing listens any more, and why. */
interface Death {
  readonly atMs: number;
  readonly error: ChaosError;
}

/** Carries faults out by our own data plane: its messages as promises. Every method throws ChaosError with the data plane's code; what has died is lifted and stopped. */
export class LocalEngine {
  readonly #dataPlane: DataPlane;
  readonly #waiting = new Map<number, { readonly resolve: (reply: Reply) => void; readonly reject: (error: ChaosError) => void }>();
  #lastId = 0;
  #epoch = 0;
  #death: Death | undefined;

  /** `onDeath` is called when the data plane ends by itself; what waits for it then throws the same error. */
  constructor(dataPlane: DataPlane, onRecords: (records: readonly WitnessRecord[]) => void, onDeath: (error: ChaosError) => void = () => undefined) {
    this.#dataPlane = dataPlane;
    dataPlane.onMessage((message) => {
      if (message.kind === "records") return onRecords(message.records);
      if (message.kind !== "died") return this.#waiting.get(message.id)?.resolve(message);
      this.#death = { atMs: message.atMs, error: failureOf(message) };
      onDeath(this.#death.error);
      for (const { reject } of this.#waiting.values()) reject(this.#death.error);
    });
  }

  /** Binds every listener; `port-taken` or `listen-failed` when one cannot be, and then none is left open. */
  async start(config: DataPlaneConfig): Promise<Listening> {
    return (await this.#ask({ kind: "start", config }, "started")).listening;
  }

  /** Replaces the whole set of faults; their windows count from `atMs`, which is `sinceMs` where that is given. */
  async setFaults(faults: readonly Fault[], epoch: number, sinceMs?: number): Promise<{ readonly atMs: number }> {
    this.#epoch = epoch;
    return { atMs: (await this.#ask({ kind: "set-faults", epoch, faults, release: false, ...(sinceMs === undefined ? {} : { sinceMs }) }, "faults-set")).atMs };
  }

  /** Serves one proxy more, its faults in force from its first connection on; `already-open`, `port-taken` or `listen-failed` when it cannot be, and then nothing is left of it. */
  async openProxy(config: ProxyConfig, faults: readonly Fault[]): Promise<Listening> {
    return (await this.#ask({ kind: "open-proxy", config, faults }, "opened")).listening;
  }

  /** Ends the connections of a proxy (FIN) and closes its listeners; resolves when they are closed. `unknown-proxy`. */
  async closeProxy(proxy: string): Promise<void> {
    await this.#ask({ kind: "close-proxy", proxy }, "closed");
  }

  /** Replaces the list of faults of one proxy; those that stay as they are go on undisturbed. `unknown-proxy`, `unknown-fault`: then nothing has changed. */
  async changeFaults(proxy: string, faults: readonly Fault[]): Promise<{ readonly atMs: number }> {
    return { atMs: (await this.#ask({ kind: "change-faults", proxy, faults }, "faults-set")).atMs };
  }

  /** How many connections each proxy has open; all that is witnessed so far has been handed over when it resolves. */
  async openConnections(): Promise<ReadonlyMap<string, number>> {
    return new Map((await this.#ask({ kind: "count-connections" }, "connections")).open.map(({ proxy, connections }) => [proxy, connections]));
  }

  /** No new decision; delays run out, or end now with `release`; what hangs is reset. */
  async lift({ release }: { readonly release: boolean }): Promise<{ readonly atMs: number }> {
    const { atMs } = await this.#orDeath(this.#ask({ kind: "set-faults", epoch: this.#epoch, faults: [], release }, "faults-set"));
    return { atMs };
  }

  /** Ends every connection and listener; all records have been handed over when it resolves. */
  async stop(): Promise<void> {
    await this.#orDeath(this.#ask({ kind: "stop" }, "stopped"));
  }

  async #ask<K extends Reply["kind"]>(request: WithoutId<DataPlaneRequest>, expected: K): Promise<ReplyOf<K>> {
    if (this.#death !== undefined) throw this.#death.error;
    const id = (this.#lastId += 1);
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#dataPlane.send({ ...request, id });
    });
    this.#waiting.delete(id);
    if (reply.kind === "failed") throw failureOf(reply);
    if (!isKind(reply, expected)) throw new ChaosError("data-plane-failed", `expected the data plane to answer "${expected}", got "${reply.kind}"`);
    return reply;
  }

  /** What is dead injects nothing and listens nowhere. */
  #orDeath<T>(asked: Promise<T>): Promise<T | Death> {
    return asked.catch((error: unknown) => {
      if (this.#death === undefined) throw error;
      return this.#death;
    });
  }
}

function isKind<K extends Reply["kind"]>(reply: Reply, kind: K): reply is ReplyOf<K> {
  return reply.kind === kind;
}

function failureOf({ code, message, hint, stack }: { readonly code: string; readonly message: string; readonly hint?: string; readonly stack?: string }): ChaosError {
  return new ChaosError(code, message, { ...(hint === undefined ? {} : { hint }), cause: stack });
}
