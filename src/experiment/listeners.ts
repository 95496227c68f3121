import type { Experiment, Proxy, Service } from "../model/experiment.ts";
import type { PlannedListener } from "../model/plan.ts";
import { segmentsOf } from "./placeholder.ts";
import { isServed } from "./remote.ts";

/** Every proxy of ours that is not reached through another has a default listener; where its port is free to choose, each service replica that mentions it has one of its own, so that the witness knows the caller. */
export function listenersOf({ proxies, services }: Pick<Experiment, "proxies" | "services">): readonly PlannedListener[] {
  return proxies.filter((proxy) => proxy.through === undefined && isServed(proxy)).flatMap((proxy) => [
    { proxy: proxy.name, caller: "default" },
    ...(proxy.listen.port === 0 ? services.filter((service) => mentions(service, proxy)).flatMap(replicasOf).map((caller) => ({ proxy: proxy.name, caller })) : []),
  ]);
}

/** Whether a service is told where a proxy listens. */
export function mentions({ command, env, egress }: Service, { name }: Pick<Proxy, "name">): boolean {
  return egress?.proxy === name || [...command, ...Object.values(env)].some((text) => namesProxy(text, name));
}

export function namesProxy(text: string, proxy: string): boolean {
  return segmentsOf(text).some((segment) => typeof segment !== "string" && segment.scope === "proxies" && segment.name.split(".")[0] === proxy);
}

/** `checkout`, `checkout#2`, … */
export function replicasOf({ name, replicas }: Pick<Service, "name" | "replicas">): readonly string[] {
  return Array.from({ length: replicas }, (_, index) => (index === 0 ? name : `${name}#${index + 1}`));
}
