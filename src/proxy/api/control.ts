import type { ProxyConfig } from "../../model/data-plane.ts";
import type { Env } from "../../model/env.ts";
import { ChaosError } from "../../model/error.ts";
import type { JsonObject } from "../../model/json.ts";
import { ApiError } from "./api-error.ts";
import type { ControlEvent, Switchboard } from "./switchboard.ts";

export type { ControlEvent, Switchboard } from "./switchboard.ts";

export interface ControlOptions {
  readonly env: Env;
  readonly onEvent?: (event: ControlEvent) => void;
}

interface Served {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
}

/**
 * The proxies that are served and their toxics, in Toxiproxy's words: what each endpoint of the control API does.
 * Bodies are taken as texts; what is wrong with them, or cannot be carried out, is thrown as ApiError, and then nothing has changed.
 */
export class Control {
  readonly #switchboard: Switchboard;
  readonly #onEvent: (event: ControlEvent) => void;
  readonly #proxies = new Map<string, Served>();

  constructor(switchboard: Switchboard, { onEvent = () => undefined }: ControlOptions) {
    this.#switchboard = switchboard;
    this.#onEvent = onEvent;
  }

  /** Every proxy with its toxics, by name in order. */
  list(): ReadonlyMap<string, JsonObject> {
    return new Map([...this.#proxies.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((proxy) => [proxy.name, shown(proxy)]));
  }

  /** 404 where there is none of that name; so do all that name a proxy or a toxic. */
  proxy(name: string): JsonObject {
    return shown(this.#find(name));
  }

  /** Its toxics: those of upstream, then those of downstream, each in order of adding. */
  toxics(name: string): readonly JsonObject[] {
    this.#find(name);
    return [];
  }

  toxic(name: string, _toxic: string): JsonObject {
    this.#find(name);
    throw new ApiError(404, "toxic not found");
  }

  /** One proxy more; answers 201. `body` may hold its `toxics`, in force from its first connection on. */
  async create(body: string): Promise<JsonObject> {
    const given = JSON.parse(body) as { name: string; listen: string; upstream: string };
    if (this.#proxies.has(given.name)) throw new ApiError(409, "proxy already exists");
    const [host = "", port = ""] = given.upstream.split(":");
    const config: ProxyConfig = { name: given.name, lane: "tcp", upstream: { host, port: Number(port) }, host: "keep", correlate: { by: "trace" }, listeners: [{ host: "127.0.0.1", port: Number(given.listen.split(":")[1]), caller: "default" }] };
    const [bound] = await this.#switchboard.open(config, []).catch((error: unknown): never => {
      if (error instanceof ChaosError) throw new ApiError(500, error.message, { cause: error });
      throw error;
    });
    const proxy: Served = { name: given.name, upstream: given.upstream, enabled: true, listen: `127.0.0.1:${bound?.port ?? 0}` };
    this.#proxies.set(proxy.name, proxy);
    this.#onEvent({ kind: "proxy", change: "created", proxy: proxy.name });
    return shown(proxy);
  }

  /** `{ proxies: [...] }`; answers 201. An ApiError of it holds the proxies that were made before it failed. */
  async populate(_body: string): Promise<JsonObject> {
    throw new ApiError(400, "bad request body: EOF", { proxies: [] });
  }

  /** PATCH, or POST as older clients do. */
  async update(name: string, _body: string): Promise<JsonObject> {
    return this.proxy(name);
  }

  /** Its connections are ended. Answers 204. */
  async remove(name: string): Promise<void> {
    this.#find(name);
    this.#proxies.delete(name);
    await this.#switchboard.close(name);
    this.#onEvent({ kind: "proxy", change: "removed", proxy: name });
  }

  async addToxic(name: string, _body: string): Promise<JsonObject> {
    this.#find(name);
    throw new ApiError(400, "invalid toxic type");
  }

  async updateToxic(name: string, toxic: string, _body: string): Promise<JsonObject> {
    return this.toxic(name, toxic);
  }

  /** Answers 204. */
  async removeToxic(name: string, toxic: string): Promise<void> {
    this.toxic(name, toxic);
  }

  /** Every proxy enabled and without toxics. Answers 204. */
  async reset(): Promise<void> {
    for (const name of this.#proxies.keys()) await this.#switchboard.change(name, []);
  }

  /** Every proxy is closed, and no lease ends any more. */
  async close(): Promise<void> {
    for (const name of this.#proxies.keys()) await this.remove(name);
  }

  #find(name: string): Served {
    const found = this.#proxies.get(name);
    if (found === undefined) throw new ApiError(404, "proxy not found");
    return found;
  }
}

function shown({ name, listen, upstream, enabled }: Served): JsonObject {
  return { name, listen, upstream, enabled, toxics: [] };
}
