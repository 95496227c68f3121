import type { Env } from "../../model/env.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Toxic } from "../../model/toxic.ts";
import type { FileProxies } from "../../experiment/proxy-file.ts";
import { ApiError } from "./api-error.ts";
import { ChangeQueue } from "./change-queue.ts";
import { decodeProxies, decodeProxy, decodeProxyUpdate, decodeToxic, decodeToxicUpdate } from "./decode.ts";
import type { ProxyInput } from "./decode.ts";
import { Doors } from "./doors.ts";
import { carryOutFile } from "./file-change.ts";
import { Leases } from "./leases.ts";
import { systemNetwork } from "./listen-address.ts";
import type { ListenNetwork } from "./listen-address.ts";
import { movedEdge, readAgain, readChangedToxic, readNewToxic, readProxy, requireFields } from "./read-input.ts";
import { shownProxy, shownToxic, shownToxics } from "./served-proxy.ts";
import type { LeasesLeft, ServedProxy, TlsTexts } from "./served-proxy.ts";
import type { ControlEvent, Switchboard } from "./switchboard.ts";

export type { ControlEvent, Switchboard } from "./switchboard.ts";

export interface ControlOptions {
  readonly env: Env;
  readonly onEvent?: (event: ControlEvent) => void;
  /** Hosts beside this machine that proxies in forward mode may be told to call. */
  readonly allowHosts?: readonly string[];
  readonly network?: ListenNetwork;
}

/** How long after a lease could not be ended it is tried again. */
const againMs = 1000;

/**
 * The proxies that are served and their toxics, in Toxiproxy's words: what each endpoint of the control API does.
 * Bodies are taken as texts; what is wrong with them, or cannot be carried out, is thrown as ApiError, and then nothing has changed.
 * Changes of one proxy are carried out one after another; readers never wait for them, and nobody waits for connections.
 */
export class Control {
  readonly #onEvent: (event: ControlEvent) => void;
  readonly #doors: Doors;
  readonly #leases: Leases;
  readonly #changes = new ChangeQueue();
  readonly #proxies = new Map<string, ServedProxy>();
  readonly #left: LeasesLeft = { ofProxy: (proxy) => this.#leases.leftMs(keyOf(proxy)), ofToxic: (proxy, toxic) => this.#leases.leftMs(keyOf(proxy, toxic)) };
  /** For one that serves no longer though nobody asked for it. */
  readonly #lost = (proxy: ServedProxy): void => this.#commit({ ...proxy, enabled: false }, "updated");
  /** By name in order; made anew when one comes or goes. */
  #names: readonly string[] | undefined;

  constructor(switchboard: Switchboard, { env, onEvent = () => undefined, allowHosts = [], network = systemNetwork() }: ControlOptions) {
    this.#onEvent = onEvent;
    this.#doors = new Doors(switchboard, network, allowHosts);
    this.#leases = new Leases(env);
  }

  /** Every proxy with its toxics, by name in order. */
  list(): ReadonlyMap<string, JsonObject> {
    return new Map(this.#inOrder().map((name) => [name, this.proxy(name)]));
  }

  /** 404 where there is none of that name; so do all that name a proxy or a toxic. */
  proxy(name: string): JsonObject {
    return shownProxy(this.#find(name), this.#left);
  }

  /** Its toxics: those of upstream, then those of downstream, each in order of adding. */
  toxics(name: string): readonly JsonObject[] {
    return shownToxics(this.#find(name), this.#left);
  }

  toxic(name: string, toxic: string): JsonObject {
    return shownToxic(toxicOf(this.#find(name), toxic), this.#left.ofToxic(name, toxic));
  }

  /** One proxy more; answers 201. `body` may hold its `toxics`, in force from its first connection on. */
  async create(body: string): Promise<JsonObject> {
    const input = decodeProxy(body);
    const { name } = requireFields(input);
    return await this.#changes.run([name], async () => {
      if (this.#proxies.has(name)) throw new ApiError(409, "proxy already exists");
      const proxy = readProxy(input);
      this.#commit(proxy.enabled ? await this.#doors.open(proxy) : proxy, "created", input);
      return this.proxy(name);
    });
  }

  /** `{ proxies: [...] }`; answers 201. Nothing is made unless all can be read; an ApiError of it holds those that were made before one could not be. */
  async populate(body: string): Promise<JsonObject> {
    const inputs = decodeProxies(body);
    for (const [index, input] of inputs.entries()) requireFields(input, ` at proxy ${index + 1}`);
    const proxies: JsonObject[] = [];
    const wanted = inputs.map((input) => ({ input, proxy: readProxy(input) }));
    for (const { input, proxy } of wanted) {
      try {
        proxies.push(await this.#changes.run([proxy.name], () => this.#putInPlace(proxy, input)));
      } catch (error) {
        throw error instanceof ApiError ? new ApiError(error.status, error.message, { proxies, cause: error.cause }) : error;
      }
    }
    return { proxies };
  }

  /** PATCH, or POST as older clients do: where it listens, where it leads, whether it is enabled, and `ttl`. Its toxics stay. */
  async update(name: string, body: string): Promise<JsonObject> {
    this.#find(name);
    const input = decodeProxyUpdate(body);
    return await this.#changes.run([name], async () => {
      const former = this.#find(name);
      const { listen = former.listen, upstream = former.edge.proxy.upstream, enabled = former.enabled } = input;
      const staysThere = listen === former.listen || await this.#doors.isSame(former.listen, listen);
      const edge = upstream === former.edge.proxy.upstream ? former.edge : movedEdge(former.edge, upstream);
      const toxics = edge === former.edge ? former.toxics : new Map([...former.toxics].map(([key, toxic]) => [key, readAgain(toxic, edge.proxy)]));
      const next: ServedProxy = { ...former, listen: staysThere ? former.listen : listen, edge, toxics, enabled };
      this.#commit(await this.#moved(former, next, staysThere && edge === former.edge), "updated", input);
      return this.proxy(name);
    });
  }

  /** Its connections are ended. Answers 204. */
  async remove(name: string): Promise<void> {
    await this.#change(name, async (proxy) => {
      await this.#doors.close(proxy);
      this.#dropLeases(proxy);
      this.#proxies.delete(name);
      this.#names = undefined;
      this.#onEvent({ kind: "proxy", change: "removed", proxy: name });
    });
  }

  async addToxic(name: string, body: string): Promise<JsonObject> {
    this.#find(name);
    const input = decodeToxic(body);
    return await this.#change(name, async (proxy) => {
      const toxic = readNewToxic(input, proxy.edge.proxy, proxy.toxics);
      await this.#putToxic(proxy, toxic, "added", input.ttlMs);
      return this.toxic(name, toxic.name);
    });
  }

  /** PATCH, or POST: its toxicity, its attributes key by key, and `ttl`. */
  async updateToxic(name: string, toxic: string, body: string): Promise<JsonObject> {
    toxicOf(this.#find(name), toxic);
    return await this.#change(name, async (proxy) => {
      const former = toxicOf(proxy, toxic);
      const input = decodeToxicUpdate(body, former.type);
      await this.#putToxic(proxy, readChangedToxic(former, input, proxy.edge.proxy), "updated", input.ttlMs);
      return this.toxic(name, toxic);
    });
  }

  /** Answers 204. */
  async removeToxic(name: string, toxic: string): Promise<void> {
    await this.#change(name, (proxy) => this.#takeToxic(proxy, toxic, "removed"));
  }

  /** Every proxy enabled and without toxics; where one cannot be enabled the others are all the same, and its error is thrown. Answers 204. */
  async reset(): Promise<void> {
    const done = await Promise.allSettled(this.#inOrder().map((name) => this.#changes.run([name], async () => {
      const proxy = this.#proxies.get(name);
      if (proxy !== undefined) await this.#heal(proxy, "updated");
    })));
    for (const one of done) if (one.status === "rejected") throw one.reason;
  }

  /** What a file says, all of it or nothing: each of its proxies is then as the file has it; others stay as they are. `tls`: what files of certificates hold, by proxy. */
  async replaceFile(files: FileProxies, tls: ReadonlyMap<string, TlsTexts> = new Map()): Promise<void> {
    const wanted = files.map(({ edge, listen, enabled, toxics }): ServedProxy =>
      ({ name: edge.proxy.name, listen, enabled, edge, tls: tls.get(edge.proxy.name) ?? {}, toxics: new Map(toxics.map((toxic) => [toxic.name, toxic])) }));
    await this.#changes.run(wanted.map(({ name }) => name), async () => {
      const proxies = await carryOutFile(wanted, { doors: this.#doors, served: (name) => this.#proxies.get(name), lost: this.#lost });
      for (const proxy of proxies) {
        const former = this.#proxies.get(proxy.name);
        if (former !== undefined) this.#dropLeases(former);
        this.#commit(proxy, former === undefined ? "created" : "updated");
      }
    });
  }

  /** No lease ends any more; for the end of all. */
  stop(): void {
    this.#leases.close();
  }

  #inOrder(): readonly string[] {
    this.#names ??= [...this.#proxies.keys()].map((name) => ({ name, bytes: Buffer.from(name) })).toSorted((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ name }) => name);
    return this.#names;
  }

  #find(name: string): ServedProxy {
    const found = this.#proxies.get(name);
    if (found === undefined) throw new ApiError(404, "proxy not found");
    return found;
  }

  async #change<T>(name: string, change: (proxy: ServedProxy) => Promise<T>): Promise<T> {
    return await this.#changes.run([name], async () => await change(this.#find(name)));
  }

  #commit(proxy: ServedProxy, change: "created" | "updated" | "healed", input: ProxyInput = {}): void {
    if (!this.#proxies.has(proxy.name)) this.#names = undefined;
    this.#proxies.set(proxy.name, proxy);
    this.#lease(input, proxy);
    this.#onEvent({ kind: "proxy", change, proxy: proxy.name });
  }

  /** Of `populate`: one that listens and leads there already stays as it is, with its toxics. */
  async #putInPlace(proxy: ServedProxy, input: ProxyInput): Promise<JsonObject> {
    const former = this.#proxies.get(proxy.name);
    const stays = former !== undefined && former.edge.proxy.upstream === proxy.edge.proxy.upstream && await this.#doors.isSame(former.listen, proxy.listen);
    if (stays) return this.proxy(proxy.name);
    const next = former === undefined ? (proxy.enabled ? await this.#doors.open(proxy) : proxy) : await this.#moved(former, proxy, false);
    if (former !== undefined) this.#dropLeases(former);
    this.#commit(next, former === undefined ? "created" : "updated", input);
    return this.proxy(proxy.name);
  }

  /** From what is served to what is to be. */
  async #moved(former: ServedProxy, next: ServedProxy, isSameEdge: boolean): Promise<ServedProxy> {
    if (former.enabled && next.enabled) return isSameEdge ? next : await this.#doors.replace(former, next, this.#lost);
    if (next.enabled) return await this.#doors.open(next);
    await this.#doors.close(former);
    return next;
  }

  async #putToxic(proxy: ServedProxy, toxic: Toxic, change: "added" | "updated", ttlMs: number | undefined): Promise<void> {
    await this.#putToxics(proxy, new Map(proxy.toxics).set(toxic.name, toxic));
    const key = keyOf(proxy.name, toxic.name);
    if (ttlMs === 0) this.#leases.drop(key);
    else if (ttlMs !== undefined) this.#whenOver(key, ttlMs, proxy.name, async (served) => await this.#takeToxic(served, toxic.name, "expired"));
    this.#onEvent({ kind: "toxic", change, proxy: proxy.name, toxic: toxic.name });
  }

  async #takeToxic(proxy: ServedProxy, toxic: string, change: "removed" | "expired"): Promise<void> {
    toxicOf(proxy, toxic);
    await this.#putToxics(proxy, new Map([...proxy.toxics].filter(([name]) => name !== toxic)));
    this.#leases.drop(keyOf(proxy.name, toxic));
    this.#onEvent({ kind: "toxic", change, proxy: proxy.name, toxic });
  }

  async #putToxics(proxy: ServedProxy, toxics: ServedProxy["toxics"]): Promise<void> {
    const next: ServedProxy = { ...proxy, toxics };
    await this.#doors.change(next);
    this.#proxies.set(proxy.name, next);
  }

  async #heal(proxy: ServedProxy, change: "updated" | "healed"): Promise<void> {
    const healed: ServedProxy = { ...proxy, toxics: new Map() };
    if (!proxy.enabled) this.#commit(await this.#doors.open(healed), change);
    else if (proxy.toxics.size > 0) await this.#putToxics(proxy, healed.toxics);
    this.#dropLeases(proxy);
    if (proxy.enabled && change === "healed") this.#commit(this.#find(proxy.name), change);
    for (const toxic of proxy.toxics.keys()) this.#onEvent({ kind: "toxic", change: change === "healed" ? "expired" : "removed", proxy: proxy.name, toxic });
  }

  #lease({ ttlMs, toxics = [] }: ProxyInput, { name, toxics: served }: ServedProxy): void {
    const key = keyOf(name);
    if (ttlMs === 0) this.#leases.drop(key);
    else if (ttlMs !== undefined) this.#whenOver(key, ttlMs, name, async (proxy) => await this.#heal(proxy, "healed"));
    // They were made in this order.
    for (const [index, toxic] of [...served.keys()].entries()) {
      const toxicMs = toxics[index]?.ttlMs ?? 0;
      if (toxicMs > 0) this.#whenOver(keyOf(name, toxic), toxicMs, name, async (proxy) => await this.#takeToxic(proxy, toxic, "expired"));
    }
  }

  /** At the end of the lease, unless it is renewed or dropped by then; what cannot be done then is tried again. */
  #whenOver(key: string, lengthMs: number, name: string, end: (proxy: ServedProxy) => Promise<void>): void {
    this.#leases.set(key, lengthMs, () => {
      const ended = this.#changes.run([name], async () => {
        const proxy = this.#proxies.get(name);
        if (proxy !== undefined && this.#leases.isOver(key)) await end(proxy);
      });
      ended.catch(() => {
        if (this.#leases.isOver(key)) this.#whenOver(key, againMs, name, end);
      });
    });
  }

  #dropLeases({ name, toxics }: ServedProxy): void {
    this.#leases.drop(keyOf(name));
    for (const toxic of toxics.keys()) this.#leases.drop(keyOf(name, toxic));
  }
}

function toxicOf({ toxics }: ServedProxy, name: string): Toxic {
  const found = toxics.get(name);
  if (found === undefined) throw new ApiError(404, "toxic not found");
  return found;
}

function keyOf(...names: readonly string[]): string {
  return JSON.stringify(names);
}
