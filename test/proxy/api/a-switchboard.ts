import type { ProxyConfig } from "../../../src/model/data-plane.ts";
import type { Endpoint } from "../../../src/model/endpoint.ts";
import { ChaosError } from "../../../src/model/error.ts";
import type { Fault } from "../../../src/model/experiment.ts";
import { ApiError } from "../../../src/proxy/api/api-error.ts";
import { Control } from "../../../src/proxy/api/control.ts";
import type { ControlEvent, Switchboard } from "../../../src/proxy/api/control.ts";
import type { ListenNetwork } from "../../../src/proxy/api/listen-address.ts";
import { HeldClock } from "../held-clock.ts";

/** A switchboard that only writes down what it is told, and a network where ports are taken as a test says. */
export class ASwitchboard implements Switchboard, ListenNetwork {
  readonly open_ = new Map<string, { readonly config: ProxyConfig; faults: readonly Fault[] }>();
  /** `open name`, `close name`, `change name`, in order. */
  readonly told: string[] = [];
  /** `host:port` that others hold. */
  readonly taken = new Set<string>();
  readonly names: Record<string, string> = { "db.test": "10.0.0.5" };
  readonly hasIpv6 = true;
  /** What the next call waits for. */
  hold: Promise<void> | undefined;
  /** What the next call fails with. */
  failure: Error | undefined;
  #lastPort = 40_000;

  async open(config: ProxyConfig, faults: readonly Fault[]): Promise<readonly Endpoint[]> {
    await this.#tell(`open ${config.name}`);
    const [listener] = config.listeners;
    if (listener?.path !== undefined) return [{ path: listener.path }];
    const port = listener?.port === 0 ? (this.#lastPort += 1) : listener?.port ?? 0;
    const endpoint = { host: listener?.host ?? "", port };
    if (this.#isHeld(endpoint)) throw new ChaosError("port-taken", `proxy "${config.name}" cannot listen on ${endpoint.host}:${port}: another process holds the port`, { hint: "choose another port" });
    this.open_.set(config.name, { config: { ...config, listeners: [{ ...endpoint, caller: "default" }] }, faults });
    return [endpoint];
  }

  async close(proxy: string): Promise<void> {
    await this.#tell(`close ${proxy}`);
    if (!this.open_.delete(proxy)) throw new Error(`${proxy} is not open`);
  }

  async change(proxy: string, faults: readonly Fault[]): Promise<void> {
    await this.#tell(`change ${proxy}`);
    const found = this.open_.get(proxy);
    if (found === undefined) throw new Error(`${proxy} is not open`);
    found.faults = faults;
  }

  async resolve(host: string): Promise<string | undefined> {
    return this.names[host];
  }

  async refusal(endpoint: Endpoint): Promise<string | undefined> {
    return this.#isHeld(endpoint) ? "EADDRINUSE" : undefined;
  }

  /** Names of the faults in force on a proxy. */
  faultsOn(proxy: string): readonly Fault[] | undefined {
    return this.open_.get(proxy)?.faults;
  }

  #isHeld({ host, port }: Endpoint): boolean {
    return this.taken.has(`${host}:${port}`) || [...this.open_.values()].some(({ config }) => config.listeners.some((one) => one.host === host && one.port === port));
  }

  async #tell(what: string): Promise<void> {
    this.told.push(what);
    const { hold, failure } = this;
    this.hold = undefined;
    await hold;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

export interface ControlRig {
  readonly board: ASwitchboard;
  readonly clock: HeldClock;
  readonly control: Control;
  readonly events: ControlEvent[];
}

export function controlRig(): ControlRig {
  const board = new ASwitchboard();
  const clock = new HeldClock();
  const events: ControlEvent[] = [];
  const control = new Control(board, { env: clock, network: board, onEvent: (event) => events.push(event) });
  return { board, clock, control, events };
}

/** Status and text of what a request is refused with. */
export async function refusal(asked: Promise<unknown>): Promise<readonly [number, string]> {
  const error: unknown = await asked.then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error("expected an ApiError", { cause: error });
  return [error.status, error.message];
}
