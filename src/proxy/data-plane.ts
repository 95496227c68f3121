import type { DataPlane, DataPlaneConfig, DataPlaneMessage, DataPlaneRequest } from "../model/data-plane.ts";
import type { Env } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import { Selector } from "../faults/select.ts";
import { authorityOf } from "./http1/forward-target.ts";
import { laneOf } from "./lanes.ts";
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

/** Carries requests out on the proxies of a run. */
class Carrier {
  readonly #env: Env;
  readonly #precise: Env;
  readonly #batch: RecordBatch;
  #proxies = new Map<string, ProxyServer>();
  #connections = 0;
  #seed = "";

  constructor({ env, precise }: { readonly env: Env; readonly precise: Env }, post: (message: DataPlaneMessage) => void) {
    this.#env = env;
    this.#precise = precise;
    this.#batch = new RecordBatch(env, (records) => post({ kind: "records", records }));
  }

  async carryOut(request: DataPlaneRequest): Promise<DataPlaneMessage> {
    const { id, kind } = request;
    if (kind === "start") return { kind: "started", id, listening: await this.#start(request.config) };
    if (kind === "set-faults") return { kind: "faults-set", id, atMs: this.#setFaults(request) };
    await this.#stop();
    return { kind: "stopped", id };
  }

  async #start(config: DataPlaneConfig): Promise<Extract<DataPlaneMessage, { kind: "started" }>["listening"]> {
    if (this.#proxies.size > 0) throw new ChaosError("already-started", "expected one start, got a second: the data plane serves one run");
    this.#seed = config.seed;
    const listening = [];
    const edges = edgesOf(config.proxies);
    for (const proxy of config.proxies) {
      const server = new ProxyServer({
        env: proxy.precise === true ? this.#precise : this.#env, config: proxy, run: config, lane: laneOf(proxy),
        selector: new Selector({ seed: config.seed, epoch: 0, faults: [], startMs: this.#env.nowMs() }),
        nextConn: () => (this.#connections += 1),
        record: (record) => this.#batch.add(record),
        edgeAt: (authority) => this.#proxies.get(edges.get(`${proxy.name} ${authority}`) ?? ""),
      });
      this.#proxies.set(proxy.name, server);
      try {
        listening.push(...(await server.open()).map((address) => ({ proxy: proxy.name, ...address })));
      } catch (error) {
        await this.#stop();
        throw error;
      }
    }
    return listening;
  }

  /** All or nothing: a set that one proxy cannot load changes none. Returns since when the new set is in force. */
  #setFaults({ faults, epoch, release }: Extract<DataPlaneRequest, { kind: "set-faults" }>): number {
    const stray = faults.find(({ proxy }) => proxy === undefined || !this.#proxies.has(proxy));
    if (stray !== undefined) throw new ChaosError("unknown-proxy", `expected a fault on one of the proxies ${[...this.#proxies.keys()].join(", ")}, got "${stray.proxy ?? ""}" in the fault "${stray.name}"`);
    const atMs = this.#env.nowMs();
    const loaded = [...this.#proxies].map(([name, server]) => {
      const own = faults.filter(({ proxy }) => proxy === name);
      return { server, selector: new Selector({ seed: this.#seed, epoch, faults: own, startMs: atMs }) };
    });
    for (const { server, selector } of loaded) server.setFaults(selector, release);
    this.#batch.flush();
    return atMs;
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((server) => server.close()));
    this.#proxies = new Map();
    this.#batch.flush();
  }
}
