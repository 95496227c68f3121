import { ChaosError } from "../model/error.ts";
import type { NewToxic, RemoteProxy, ToxiproxyClient } from "./toxiproxy/index.ts";

/** What is known of a toxic of ours: whether it is there, or may be. `leased`: the server removes it by itself where it is not renewed. */
interface Held {
  readonly state: "asked" | "there" | "leaving";
  readonly leased: boolean;
}

export interface ToxiproxyEngineOptions {
  readonly client: Pick<ToxiproxyClient, "url" | "proxy" | "toxics" | "addToxic" | "updateToxic" | "removeToxic">;
  /** The proxy's name at the server. */
  readonly proxy: string;
  /** With it begin the names of all toxics that the engine adds, and of no others. */
  readonly prefix: string;
  /** How long a server that knows leases keeps a toxic that nobody renews. */
  readonly leaseMs: number;
}

/** Carries faults out on one proxy of a server of Toxiproxy's control API. Every method throws ChaosError with the client's codes. */
export class ToxiproxyEngine {
  readonly #options: ToxiproxyEngineOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: ToxiproxyEngineOptions) {
    this.#options = options;
  }

  /** The proxy as it is, without what a killed run left behind, whose names are in `left`. */
  async open(): Promise<{ readonly proxy: RemoteProxy; readonly left: readonly string[] }> {
    const { client, proxy: name, prefix } = this.#options;
    const proxy = await client.proxy(name);
    const isLeft = (toxic: { readonly name: string }): boolean => toxic.name.startsWith(prefix);
    const left = proxy.toxics.filter(isLeft).map((toxic) => toxic.name);
    for (const toxic of left) await client.removeToxic(name, toxic).catch(unlessMissing);
    return { proxy: { ...proxy, toxics: proxy.toxics.filter((toxic) => !isLeft(toxic)) }, left };
  }

  /** Adds toxics; what fails half-way is removed by `removeAll`. */
  async put(toxics: readonly NewToxic[]): Promise<void> {
    const { client, proxy, leaseMs } = this.#options;
    for (const { name = "", ...toxic } of toxics) {
      this.#held.set(name, { state: "asked", leased: false });
      // Servers that know no leases take no notice of it, and do not show it.
      const added = await client.addToxic(proxy, { name, ...toxic, ttl: leaseMs });
      this.#held.set(name, { state: "there", leased: added.ttl !== undefined });
    }
  }

  /** Renews leases, and makes sure that all that was added is still there. Throws ChaosError `remote-fault-lost`. */
  async confirm(): Promise<void> {
    const { client, proxy, leaseMs } = this.#options;
    const expected = [...this.#held].filter(([, { state }]) => state === "there");
    if (expected.length === 0) return;
    const there = new Set((await client.toxics(proxy)).map(({ name }) => name));
    for (const [name, { leased }] of expected) {
      if (!this.#isThere(name)) continue;
      if (!there.has(name)) throw this.#lost(name);
      if (leased) await client.updateToxic(proxy, name, { ttl: leaseMs }).catch((error: unknown) => { if (this.#isThere(name)) throw isMissing(error) ? this.#lost(name) : error; });
    }
  }

  /** Removes toxics. Throws ChaosError `remote-fault-lost` when one had gone before. */
  async remove(names: readonly string[]): Promise<void> {
    const { client, proxy } = this.#options;
    for (const name of names) {
      const held = this.#held.get(name);
      if (held === undefined) continue;
      this.#held.set(name, { ...held, state: "leaving" });
      const wasThere = await client.removeToxic(proxy, name).then(() => true, unlessMissing);
      this.#held.delete(name);
      if (wasThere !== true && held.state === "there") throw this.#lost(name);
    }
  }

  /** Removes whatever of ours may still be there. */
  async removeAll(): Promise<void> {
    const { client, proxy } = this.#options;
    for (const name of this.#held.keys()) {
      await client.removeToxic(proxy, name).catch(unlessMissing);
      this.#held.delete(name);
    }
  }

  #isThere(name: string): boolean {
    return this.#held.get(name)?.state === "there";
  }

  /** It is told once. */
  #lost(name: string): ChaosError {
    const { client, proxy } = this.#options;
    this.#held.delete(name);
    return new ChaosError("remote-fault-lost", `the toxic ${name} went from the proxy ${proxy} at ${client.url} while it was to be in force`, { hint: "nobody else may change that proxy during a run, nor start its server again; two runs of one experiment cannot share it" });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ChaosError && error.code === "api-not-found";
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
