import type { Experiment, Fault, Proxy, Remote } from "../model/experiment.ts";
import { isRemote, toxicPrefix, toxicsFor } from "./remote.ts";
import { isSchemeOnly } from "./schema/remote.ts";

/** Where a remote proxy is, and who stands before it. */
export function explainRemoteProxy({ name, upstream }: Pick<Proxy, "name" | "upstream">, { api, name: there, witness }: Remote): string {
  const where = isSchemeOnly(upstream) ? "asked where it listens when the run starts" : `reached at ${upstream}`;
  return witness ? `the remote proxy ${there} of ${api} (${where})` : `${name}: callers speak to the remote proxy ${there} of ${api} by themselves (${where}); nobody sees their calls`;
}

/** What carries a fault out at another server; empty where it is ours. */
export function explainToxics(fault: Fault, experiment: Pick<Experiment, "title" | "proxies">): string {
  if (!experiment.proxies.some((proxy) => proxy.name === fault.proxy && isRemote(proxy))) return "";
  const toxics = toxicsFor(fault, toxicPrefix(experiment)) ?? [];
  return `; there by the ${toxics.length === 1 ? "toxic" : "toxics"} ${toxics.map(({ name, type, stream }) => `${name} (${type}, ${stream})`).join(" and ")}`;
}

/** What becomes of toxics when the run is killed. */
export function mindRemotes(experiment: Pick<Experiment, "title" | "proxies">): readonly string[] {
  const names = experiment.proxies.filter(isRemote).map(({ remote }) => remote.name);
  if (names.length === 0) return [];
  return [`all that the run adds to ${names.join(", ")} is called ${toxicPrefix(experiment)}… and is removed however the run ends; should it be killed, chaos proxy removes it by itself after 10s, and Toxiproxy, which has no leases, keeps it until the next run of this experiment starts`];
}
