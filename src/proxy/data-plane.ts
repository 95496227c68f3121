import type { DataPlane, DataPlaneConfig, DataPlaneMessage, DataPlaneRequest, Listening, ProxyConfig } from "../model/data-plane.ts";
import type { Env } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import type { Fault } from "../model/experiment.ts";
import { Selector } from "../faults/select.ts";
import { authorityOf } from "./http1/forward-target.ts";
import { laneOf } from "./lanes.ts";
import { Numbers } from "./numbers.ts";
import { ProxyServer } from "./proxy-server.ts";
import { RecordBatch } from "./record-batch.ts";

/** The data plane in this thread. All that crosses its border is plain data, so that it can live in a worker as well. `precise` serves the proxies that ask for it. */
export function createDataPlane(env: Env, precise = env): DataPlane {
  const listeners: ((message: DataPlaneMessage) => void)[] = [];
  const post = (message: DataPlaneMessage): void => listeners.forEach((listener) => listener(message));
  const carrier = new Carrier({ env, precise }, post);
  // One request at a time, in the order sent: a stop waits for the start before it.
  let last = Promise.resolve();
  return {
    send: (request) => {
      if (request.kind === "count-connections") return post({ kind: "connections", id: request.id, open: carrier.openConnections() });
      last = last.then(async () => post(await carrier.carryOut(request).catch((error: unknown) => failed(request.id, error))));
    },
    onMessage: (listener) => void listeners.push(listener),
  };
}

function failed(id: number, error: unknown): DataPlaneMessage {
  if (error instanceof ChaosError) return { kind: "failed", id, code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  return { kind: "failed", id, code: "data-plane-failed", message: error instanceof Error ? error.message : String(error) };
}

/** Names of the proxies that are reached through another, by the name of that and the `host:port` that is called. */
function edgesOf(proxies: DataPlaneConfig["proxies"]): ReadonlyMap<string, string> {
  return new Map(proxies.flatMap(({ name, through, upstream }) => (through === undefined || upstream.path !== undefined ? [] : [[`${through} ${authorityOf(upstream)}`, name]])));
}

const noEdges: ReadonlyMap<string, string> = new Map();

/** @throws ChaosError `unknown-proxy` */
function checkProxies(faults: readonly Fault[], proxies: readonly string[]): void {
  const stray = faults.find(({ proxy }) => proxy === undefined || !proxies.includes(proxy));
  if (stray !== undefined) throw new ChaosError("unknown-proxy", `expected a fault on one of the proxies ${proxies.join(", ")}, got "${stray.proxy ?? ""}" in the fault "${stray.name}"`);
}

/** Carries requests out on the proxies of a run. */
class Carrier {
  readonly #env: Env;
  readonly #precise: Env;
  readonly #batch: RecordBatch;
  #proxies = new Map<string, ProxyServer>();
  /** Those closed whose connections have not all ended. */
  readonly #leaving = new Set<ProxyServer>();
  #connections = new Numbers();
  #run: DataPlaneConfig | undefined;

  constructor({ env, precise }: { readonly env: Env; readonly precise: Env }, post: (message: DataPlaneMessage) => void) {
    this.#env = env;
    this.#precise = precise;
    this.#batch = new RecordBatch(env, (records) => post({ kind: "records", records }));
  }

  async carryOut(request: Exclude<DataPlaneRequest, { kind: "count-connections" }>): Promise<DataPlaneMessage> {
    const { id } = request;
    switch (request.kind) {
      case "start":
        return { kind: "started", id, listening: await this.#start(request.config) };
      case "set-faults":
        return { kind: "faults-set", id, atMs: this.#setFaults(request) };
      case "open-proxy":
        return { kind: "opened", id, listening: await this.#openProxy(request.config, request.faults) };
      case "close-proxy":
        await this.#closeProxy(request.proxy);
        return { kind: "closed", id };
      case "change-faults":
        return { kind: "faults-set", id, atMs: await this.#changeFaults(request.proxy, request.faults) };
      case "stop":
        await this.#stop();
        return { kind: "stopped", id };
      default:
        return request satisfies never;
    }
  }

  /** What is witnessed so far is told before. */
  openConnections(): Extract<DataPlaneMessage, { kind: "connections" }>["open"] {
    this.#batch.flush();
    return [...this.#proxies].map(([proxy, server]) => ({ proxy, connections: server.openConnections }));
  }

  async #start(config: DataPlaneConfig): Promise<Listening> {
    if (this.#run !== undefined) throw new ChaosError("already-started", "expected one start, got a second: the data plane serves one run");
    this.#run = config;
    this.#connections = new Numbers(config.share);
    const listening = [];
    const edges = edgesOf(config.proxies);
    for (const proxy of config.proxies) {
      try {
        listening.push(...(await this.#serve(proxy, { run: config, edges, faults: [] })));
      } catch (error) {
        await this.#stop();
        throw error;
      }
    }
    return listening;
  }

  async #openProxy(config: ProxyConfig, faults: readonly Fault[]): Promise<Listening> {
    if (this.#run === undefined) throw new ChaosError("not-started", "expected a start before proxies are opened, got none");
    if (this.#proxies.has(config.name)) throw new ChaosError("already-open", `expected a name that no other proxy has, got "${config.name}"`);
    checkProxies(faults, [config.name]);
    // Two proxies may have faults of one name: their fates have nothing to do with each other.
    const run = { ...this.#run, seed: `${this.#run.seed} ${config.name}` };
    return this.#serve(config, { run, edges: noEdges, faults });
  }

  /** When it cannot listen, nothing is left of it. */
  async #serve(config: ProxyConfig, { run, edges, faults }: { readonly run: DataPlaneConfig; readonly edges: ReadonlyMap<string, string>; readonly faults: readonly Fault[] }): Promise<Listening> {
    const { name } = config;
    const env = config.precise === true ? this.#precise : this.#env;
    const server = new ProxyServer({
      env, config, run, lane: laneOf(config),
      selector: new Selector({ seed: run.seed, epoch: 0, faults, startMs: this.#env.nowMs() }),
      nextConn: () => this.#connections.next(),
      record: (record) => this.#batch.add(record),
      edgeAt: (authority) => this.#proxies.get(edges.get(`${name} ${authority}`) ?? ""),
    });
    this.#proxies.set(name, server);
    try {
      return (await server.open()).map((address) => ({ proxy: name, ...address }));
    } catch (error) {
      this.#proxies.delete(name);
      await server.close();
      throw error;
    }
  }

  async #closeProxy(proxy: string): Promise<void> {
    const server = this.#served(proxy);
    this.#proxies.delete(proxy);
    this.#leaving.add(server);
    await server.leave();
    void server.emptied().then(() => this.#leaving.delete(server));
    this.#batch.flush();
  }

  /** All or nothing. Returns since when the new list is in force. */
  async #changeFaults(proxy: string, faults: readonly Fault[]): Promise<number> {
    const server = this.#served(proxy);
    checkProxies(faults, [proxy]);
    const atMs = this.#env.nowMs();
    server.changeFaults(faults, atMs);
    await server.settled();
    this.#batch.flush();
    return atMs;
  }

  #served(proxy: string): ProxyServer {
    const server = this.#proxies.get(proxy);
    if (server === undefined) throw new ChaosError("unknown-proxy", `expected a proxy that is open, got "${proxy}"`);
    return server;
  }

  /** All or nothing: a set that one proxy cannot load changes none. Returns what the windows of the new set count from. */
  #setFaults({ faults, epoch, release, sinceMs }: Extract<DataPlaneRequest, { kind: "set-faults" }>): number {
    checkProxies(faults, [...this.#proxies.keys()]);
    const atMs = sinceMs ?? this.#env.nowMs();
    const loaded = [...this.#proxies].map(([name, server]) => {
      const own = faults.filter(({ proxy }) => proxy === name);
      return { server, selector: new Selector({ seed: server.seed, epoch, faults: own, startMs: atMs }) };
    });
    for (const { server, selector } of loaded) server.setFaults(selector, release);
    this.#batch.flush();
    return atMs;
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#proxies.values(), ...this.#leaving].map((server) => server.close()));
    this.#proxies = new Map();
    this.#run = undefined;
    this.#batch.flush();
  }
}
