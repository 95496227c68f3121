import type { Experiment, Fault, Proxy, Remote, Service } from "../model/experiment.ts";
import { directionOf, toxicOf } from "../toxics/index.ts";
import type { CompleteAttributes, Stream } from "../toxics/index.ts";
import { digestOf } from "./digest.ts";
import { segmentsOf } from "./placeholder.ts";

export type RemoteProxy = Proxy & { readonly remote: Remote };

export function isRemote(proxy: Proxy): proxy is RemoteProxy {
  return proxy.remote !== undefined;
}

/** Whether a proxy of ours serves it: callers of others speak to the remote one by themselves. */
export function isServed({ remote }: Proxy): boolean {
  return remote?.witness !== false;
}

/** One toxic of a fault on a remote proxy. */
export interface PlannedToxic {
  readonly name: string;
  readonly type: string;
  readonly stream: Stream;
  readonly toxicity: number;
  readonly attributes: CompleteAttributes;
}

/** All that the run of an experiment adds to a remote proxy begins like this, and nothing else there should: what is found of it is left from a run that was killed. */
export function toxicPrefix({ title }: Pick<Experiment, "title">): string {
  return `chaos-${digestOf(title).slice(0, 8)}-`;
}

/**
 * The toxics that carry a fault out while its window is open, one for each stream; absent where Toxiproxy has none that does the same.
 * Which server answers is not known before the run: what only `chaos proxy` has (a rate shared by all connections, lost packets that are sent again) is left out.
 */
export function toxicsFor(fault: Fault, prefix: string): readonly PlannedToxic[] | undefined {
  const { forMs: _for, flap: _flap, ...selection } = fault.selection;
  const words = toxicOf({ ...fault, selection: { ...selection, fromMs: 0 } });
  if (words === undefined || words.type === "packet_loss" || words.attributes["scope"] !== undefined) return undefined;
  // Each stream would draw its connections for itself.
  if (words.streams.length > 1 && words.toxicity < 1) return undefined;
  return words.streams.map((stream) => ({ name: `${prefix}${fault.name}${words.streams.length > 1 ? `-${directionOf(stream)}` : ""}`, type: words.type, stream, toxicity: words.toxicity, attributes: words.attributes }));
}

/** Services that have to run before the proxies listen, because the control API of a remote proxy is theirs: up to the last that one names, as written. */
export function servicesFirst({ services, proxies }: Pick<Experiment, "services" | "proxies">): readonly Service[] {
  const named = new Set(proxies.flatMap(({ remote }) => (remote === undefined ? [] : servicesNamed(remote.api))));
  return services.slice(0, services.findLastIndex(({ name }) => named.has(name)) + 1);
}

/** Names of the services whose addresses a text takes. */
function servicesNamed(text: string): readonly string[] {
  return segmentsOf(text).flatMap((segment) => (typeof segment === "string" || segment.scope !== "services" ? [] : [segment.name.split(".")[0]?.split("#")[0] ?? ""]));
}
