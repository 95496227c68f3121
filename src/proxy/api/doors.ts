import type { Endpoint } from "../../model/endpoint.ts";
import { ChaosError } from "../../model/error.ts";
import { ApiError } from "./api-error.ts";
import { bindError, ListenError, listenFailure, listenText, parseListen, resolveListen } from "./listen-address.ts";
import type { ListenNetwork } from "./listen-address.ts";
import { configOf, faultsOf } from "./served-proxy.ts";
import type { ServedProxy } from "./served-proxy.ts";
import type { Switchboard } from "./switchboard.ts";

/** Opens and closes proxies by the switchboard. What cannot be opened is thrown as ApiError 500 in Go's words. */
export class Doors {
  readonly #switchboard: Switchboard;
  readonly #network: ListenNetwork;
  readonly #allowHosts: readonly string[];

  constructor(switchboard: Switchboard, network: ListenNetwork, allowHosts: readonly string[]) {
    this.#switchboard = switchboard;
    this.#network = network;
    this.#allowHosts = allowHosts;
  }

  /** The proxy as it is when it serves: enabled, with the address that it got. */
  async open(proxy: ServedProxy): Promise<ServedProxy> {
    const endpoint = await this.#endpoint(proxy.listen).catch((error: unknown) => {
      throw refused(error, "listen tcp: ");
    });
    const bound = await this.#switchboard.open(configOf(proxy, endpoint, this.#allowHosts), faultsOf(proxy)).catch((error: unknown) => {
      throw refused(error instanceof ChaosError && isOfListening(error) ? listenFailure(error, endpoint, proxy.listen) : error);
    });
    return { ...proxy, enabled: true, listen: listenText(bound[0] ?? endpoint) };
  }

  async close(proxy: ServedProxy): Promise<void> {
    if (proxy.enabled) await this.#carriedOut(this.#switchboard.close(proxy.name));
  }

  /** Puts the faults of its toxics in force, where there is somebody to feel them. */
  async change(proxy: ServedProxy): Promise<void> {
    if (proxy.enabled) await this.#carriedOut(this.#switchboard.change(proxy.name, faultsOf(proxy)));
  }

  /**
   * From one that serves to another of the same name. When that cannot be opened, the former serves again where it did;
   * only what is refused nowhere but in the opening itself costs its connections. `lost` is told where not even that can be.
   */
  async replace(former: ServedProxy, next: ServedProxy, lost: (former: ServedProxy) => void): Promise<ServedProxy> {
    await this.checkFree(next.listen, [former]);
    await this.close(former);
    try {
      return await this.open(next);
    } catch (error) {
      await this.open(former).catch(() => lost(former));
      throw error;
    }
  }

  /** Throws ApiError where the system would refuse to listen; what is held by those that are about to be closed is left out. */
  async checkFree(listen: string, leaving: readonly ServedProxy[]): Promise<void> {
    const endpoint = await this.#endpoint(listen).catch((error: unknown) => {
      throw refused(error);
    });
    const isTheirs = leaving.some((proxy) => proxy.enabled && sharesPlace(parseListen(proxy.listen), endpoint));
    if (endpoint.port === 0 || isTheirs) return;
    const code = await this.#network.refusal(endpoint);
    if (code !== undefined) throw refused(bindError(endpoint, listen, code));
  }

  /** Whether two texts say one address; port 0 is another one each time. Throws ApiError 500 with Go's text where the later says none. */
  async isSame(listen: string, later: string): Promise<boolean> {
    if (listen === later && !/(?:^|:\+?0*)$/.test(later)) return true;
    const now = await this.#endpoint(later).catch((error: unknown) => {
      throw refused(error);
    });
    const before = await this.#endpoint(listen).catch(() => undefined);
    return now.port !== 0 && before !== undefined && listenText(before) === listenText(now);
  }

  async #endpoint(listen: string): Promise<Endpoint> {
    return await resolveListen(parseListen(listen), this.#network);
  }

  async #carriedOut(change: Promise<void>): Promise<void> {
    await change.catch((error: unknown) => {
      throw refused(error);
    });
  }
}

function isOfListening({ code }: ChaosError): boolean {
  return code === "port-taken" || code === "listen-failed";
}

function sharesPlace(held: Endpoint, wanted: Endpoint): boolean {
  return held.path === undefined ? held.port === wanted.port : held.path === wanted.path;
}

/** A refusal as clients are told of it; anything else is a mistake of ours and goes on as it is. */
function refused(error: unknown, before = ""): unknown {
  if (error instanceof ListenError) return new ApiError(500, error.message.startsWith("listen ") ? error.message : `${before}${error.message}`, { cause: error });
  return error instanceof ChaosError ? new ApiError(500, `${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`, { cause: error }) : error;
}
