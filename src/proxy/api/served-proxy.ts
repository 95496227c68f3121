import type { ProxyConfig } from "../../model/data-plane.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Fault } from "../../model/experiment.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Toxic } from "../../model/toxic.ts";
import type { ServedEdge } from "../../experiment/served-upstream.ts";
import { readStream } from "../../toxics/index.ts";

/** Certificates and keys of a proxy of the config file. */
export type TlsTexts = Pick<ProxyConfig, "upstreamTls" | "tls">;

/** A proxy as it stands; changed by being replaced. */
export interface ServedProxy {
  readonly name: string;
  /** Where it listens, or as it was written when it was never enabled since. */
  readonly listen: string;
  readonly enabled: boolean;
  readonly edge: ServedEdge;
  readonly tls: TlsTexts;
  /** In order of adding. */
  readonly toxics: ReadonlyMap<string, Toxic>;
}

/** Ms left of leases, where there are any. */
export interface LeasesLeft {
  ofProxy(proxy: string): number | undefined;
  ofToxic(proxy: string, toxic: string): number | undefined;
}

/** Toxiproxy's JSON, in its order of keys; `ttl` last where there is a lease. */
export function shownProxy(proxy: ServedProxy, left: LeasesLeft): JsonObject {
  const { name, listen, enabled, edge } = proxy;
  return { name, listen, upstream: edge.proxy.upstream, enabled, toxics: shownToxics(proxy, left), ...ttlOf(left.ofProxy(name)) };
}

export function shownToxics({ name, toxics }: ServedProxy, left: LeasesLeft): readonly JsonObject[] {
  return inOrder(toxics).map((toxic) => shownToxic(toxic, left.ofToxic(name, toxic.name)));
}

export function shownToxic({ attributes, name, type, stream, toxicity }: Toxic, leftMs: number | undefined): JsonObject {
  return { attributes, name, type, stream, toxicity, ...ttlOf(leftMs) };
}

function ttlOf(leftMs: number | undefined): JsonObject {
  return leftMs === undefined ? {} : { ttl: leftMs };
}

/** Those of upstream, then those of downstream. */
function inOrder(toxics: ReadonlyMap<string, Toxic>): readonly Toxic[] {
  const all = [...toxics.values()];
  const isUpstream = (toxic: Toxic): boolean => readStream(toxic.stream) === "upstream";
  return [...all.filter(isUpstream), ...all.filter((toxic) => !isUpstream(toxic))];
}

export function faultsOf({ toxics }: Pick<ServedProxy, "toxics">): readonly Fault[] {
  return inOrder(toxics).flatMap(({ fault }) => fault ?? []);
}

/** What the data plane is to serve, at an address. */
export function configOf({ name, edge, tls }: ServedProxy, listen: Endpoint, allowHosts: readonly string[]): ProxyConfig {
  const { lane, host, correlate, precise, limits, forward, upstreamTls } = edge.proxy;
  const hosts = forward?.hosts?.map((pattern) => pattern.replace(/^https?:\/\//i, "").replace(/\/$/, ""));
  return {
    name, lane, upstream: edge.upstream, host, correlate, ...(precise !== undefined && { precise }), ...(limits !== undefined && { limits }),
    // As Toxiproxy ends those whose upstream is down; a URL as upstream is of our own, and what cannot be reached is refused there.
    ...(!edge.proxy.upstream.includes("://") && { unreachable: "fin" as const }),
    ...(forward !== undefined && { forward: { ...(hosts !== undefined && { hosts }), allowHosts } }), ...(upstreamTls !== undefined && { upstreamTls }), ...tls,
    listeners: [{ ...listen, caller: "default" }],
  };
}
