import type { JsonObject } from "../../../src/model/json.ts";
import { ApiError } from "../../../src/proxy/api/api-error.ts";
import type { ApiControl } from "../../../src/proxy/api/routes.ts";

export interface Called {
  readonly method: string;
  readonly args: readonly string[];
}

/** A control of one proxy, `payments` with the toxic `slow`, that writes down what it is asked; `over` replaces methods. */
export function aControl(over: Partial<ApiControl> = {}): ApiControl & { readonly called: Called[] } {
  const called: Called[] = [];
  const toxic: JsonObject = { attributes: { latency: 5, jitter: 0 }, name: "slow", type: "latency", stream: "downstream", toxicity: 1 };
  const proxy: JsonObject = { name: "payments", listen: "127.0.0.1:4000", upstream: "127.0.0.1:9", enabled: true, toxics: [toxic] };
  const note = (method: string, ...args: readonly string[]): void => void called.push({ method, args });
  const find = (name: string): JsonObject => {
    if (name !== "payments") throw new ApiError(404, "proxy not found");
    return proxy;
  };
  const findToxic = (name: string, wanted: string): JsonObject => {
    find(name);
    if (wanted !== "slow") throw new ApiError(404, "toxic not found");
    return toxic;
  };
  return {
    called,
    list: () => new Map([["payments", proxy]]),
    proxy: find,
    toxics: (name) => [find(name) && toxic],
    toxic: findToxic,
    create: async (body) => (note("create", body), proxy),
    populate: async (body) => (note("populate", body), { proxies: [proxy] }),
    update: async (name, body) => (note("update", name, body), find(name)),
    remove: async (name) => (note("remove", name), void find(name)),
    addToxic: async (name, body) => (note("addToxic", name, body), find(name), toxic),
    updateToxic: async (name, wanted, body) => (note("updateToxic", name, wanted, body), findToxic(name, wanted)),
    removeToxic: async (name, wanted) => (note("removeToxic", name, wanted), void findToxic(name, wanted)),
    reset: async () => note("reset"),
    ...over,
  };
}
