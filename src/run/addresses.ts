import { resolve } from "node:path";
import type { DataPlaneConfig, ProxyConfig } from "../model/data-plane.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { ChaosError } from "../model/error.ts";
import type { Forward, Proxy } from "../model/experiment.ts";
import type { Plan } from "../model/plan.ts";
import { upstreamEndpoint } from "../experiment/schema/endpoint.ts";
import { replicasOf } from "../experiment/listeners.ts";
import { isServed } from "../experiment/remote.ts";
import { resolveText } from "./resolve-text.ts";
import type { Reachable, RunScope } from "../experiment/interpolate.ts";

/** Where services and proxies are reached: what `${services.…}` and `${proxies.…}` stand for. */
export type Addresses = Required<Pick<RunScope, "services" | "proxies">>;

export type Listening = Endpoint & { readonly proxy: string; readonly caller: string };

/** Addresses of services by the ports of their replicas; one without a port has only its host. */
export function serviceEndpoints(plan: Plan, ports: ReadonlyMap<string, number>): Addresses["services"] {
  return Object.fromEntries(plan.experiment.services.flatMap(replicasOf).map((name) => {
    const port = ports.get(name);
    return [name, port === undefined ? { host: "127.0.0.1" } : endpoint("http", "127.0.0.1", port)];
  }));
}

/** Addresses of proxies as one caller is to reach them: its own listener, where it has one. `authorities`: paths of what signs the certificates of those that speak TLS, by proxy. */
export function proxyEndpoints(plan: Plan, listening: readonly Listening[], caller: string, authorities: ReadonlyMap<string, string> = new Map()): Addresses["proxies"] {
  return Object.fromEntries(plan.experiment.proxies.flatMap((proxy) => {
    const own = listening.filter((listener) => listener.proxy === proxy.name);
    const chosen = own.find((listener) => listener.caller === caller) ?? own.find((listener) => listener.caller === "default") ?? own[0];
    return chosen === undefined ? [] : [[proxy.name, { ...reachable(proxy, chosen), ...authorityOf(proxy, authorities) }]];
  }));
}

export interface DataPlaneOptions {
  /** What paths of unix sockets are relative to. */
  readonly baseDir: string;
  /** Certificates and keys, by proxy. */
  readonly tls: ReadonlyMap<string, Pick<ProxyConfig, "upstreamTls" | "tls">>;
  /** Hosts beside this machine that may be reached. */
  readonly allowHosts: readonly string[];
}

/** In forward mode nothing is dialled by it. */
const nowhere: Endpoint = { host: "0.0.0.0", port: 0 };

/** What the data plane is to serve; upstreams are known by then, ports of port 0 are not. */
export function dataPlaneConfig(plan: Plan, services: Addresses["services"], tracePrefix: string, options: DataPlaneOptions): DataPlaneConfig {
  return { seed: plan.seed, tracePrefix, proxies: plan.experiment.proxies.filter(isServed).map((proxy) => proxyConfig(proxy, plan, services, options)) };
}

function proxyConfig(proxy: Proxy, plan: Plan, services: Addresses["services"], { baseDir, tls, allowHosts }: DataPlaneOptions): ProxyConfig {
  const { name, lane, host, correlate, listen, precise, workers, forward, through, limits } = proxy;
  const placed = (endpoint: Endpoint): Endpoint => (endpoint.path === undefined ? endpoint : { path: resolve(baseDir, endpoint.path) });
  return {
    name, lane, host, correlate, ...(through === undefined ? {} : { through }), ...(precise === undefined ? {} : { precise }), ...(workers === undefined ? {} : { workers }), ...(limits === undefined ? {} : { limits }), ...tls.get(name),
    ...(forward === undefined ? { upstream: placed(upstreamAddress(proxy, services)) } : { upstream: nowhere, forward: { ...hostsOf(name, forward, plan, services), allowHosts } }),
    listeners: plan.listeners.filter((listener) => listener.proxy === name).map(({ caller }) => ({ caller, ...placed(listen) })),
  };
}

/** Whom a forward proxy may be told to call: those on its list, where it has one, and those that other edges go through it to. */
function hostsOf(name: string, forward: Forward, plan: Plan, services: Addresses["services"]): { readonly hosts?: readonly string[] } {
  const listed = forwardHosts(forward, services);
  if (listed === undefined) return {};
  const edges = plan.experiment.proxies.filter(({ through }) => through === name).map((edge) => upstreamAddress(edge, services));
  return { hosts: [...listed, ...edges.flatMap(({ host, port }) => (host === undefined ? [] : [`${host.includes(":") ? `[${host}]` : host}:${port}`]))] };
}

/** Patterns of the hosts that a forward proxy may be told to call, without schemes: `host` or `host:port`; absent: any. */
export function forwardHosts({ hosts }: Forward, services: Addresses["services"]): readonly string[] | undefined {
  return hosts?.map((host) => resolveText(host, { services }).replace(/^https?:\/\//i, "").replace(/\/$/, ""));
}

/** What a proxy's upstream says: host and port, or the path of a unix socket. Throws ChaosError `bad-upstream`. */
export function upstreamAddress(proxy: Proxy, services: Addresses["services"]): Endpoint {
  const text = resolveText(proxy.upstream, { services });
  const address = upstreamEndpoint(text);
  if (address !== undefined) return address;
  throw new ChaosError("bad-upstream", `proxy ${proxy.name}: expected an upstream with host and port, got "${text}"`, { hint: 'such as "http://127.0.0.1:8080" or "tcp://127.0.0.1:5432"' });
}

function authorityOf({ name }: Proxy, authorities: ReadonlyMap<string, string>): Pick<Reachable, "ca"> {
  const ca = authorities.get(name);
  return ca === undefined ? {} : { ca };
}

function reachable(proxy: Proxy, listening: Endpoint): Reachable {
  if (listening.path !== undefined) return { path: listening.path, url: `unix:${listening.path}` };
  const spoken = /^grpcs?:/i.test(proxy.upstream) ? "grpc" : proxy.lane;
  return endpoint(schemes[spoken][proxy.tls === undefined ? 0 : 1], reachableHost(proxy, listening.host), listening.port);
}

/** What is spoken on a lane, in the open and over TLS. */
const schemes: Readonly<Record<Proxy["lane"] | "grpc", readonly [string, string]>> = { http1: ["http", "https"], http2: ["http", "https"], grpc: ["grpc", "grpcs"], tcp: ["tcp", "tls"] };

function endpoint(scheme: string, host: string, port: number): Reachable {
  return { host, port, url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}` };
}

/** Listening everywhere, it is reached here. */
function reachableHost({ advertise }: Proxy, host: string): string {
  return advertise ?? (host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host);
}
