import type { Endpoint } from "../model/endpoint.ts";
import { ChaosError } from "../model/error.ts";
import type { Proxy } from "../model/experiment.ts";
import type { Plan } from "../model/plan.ts";
import { replicasOf } from "../experiment/listeners.ts";
import { isServed } from "../experiment/remote.ts";
import { isSchemeOnly } from "../experiment/schema/remote.ts";
import { bareHost, isLocalHost } from "../proxy/index.ts";
import { forwardHosts, proxyEndpoints, serviceEndpoints, upstreamAddress } from "./addresses.ts";
import { questionsOf } from "./ask.ts";
import { resolveText } from "./resolve-text.ts";

/** Stands in for ports that are not known before anything starts; only hosts are looked at. */
const anyPort = 1;

/**
 * Refuses a plan whose probes, ready checks or proxies reach beyond this machine, unless their host is allowed.
 * Throws ChaosError `target-not-allowed`.
 */
export function checkTargets(plan: Plan, secrets: Readonly<Record<string, string>>, allowHosts: readonly string[]): void {
  const allowed = new Set(allowHosts.map(bareHost));
  for (const { host, what } of targetsOf(plan, secrets)) {
    if (isLocalHost(host) || allowed.has(bareHost(host))) continue;
    throw new ChaosError("target-not-allowed", `${what} reaches ${host}, which is not this machine`, { hint: `if that is meant, and you may do so: --allow-host ${host}` });
  }
}

/** Every host that a plan reaches, and what does; of a forward proxy those that it names in full. */
export function targetsOf(plan: Plan, secrets: Readonly<Record<string, string>>): readonly { readonly host: string; readonly what: string }[] {
  const { services, proxies, probes } = plan.experiment;
  const ports = new Map(services.flatMap((service) => replicasOf(service).map((name) => [name, anyPort] as const)));
  const ours = plan.listeners.map(({ proxy, caller }) => ({ proxy, caller, ...listenOf(proxies.find(({ name }) => name === proxy)) }));
  // Where those listen that no proxy of ours stands before is told, and looked at, when the run starts.
  const listening = [...ours, ...proxies.filter((proxy) => !isServed(proxy)).map(({ name }) => ({ proxy: name, caller: "default", host: "127.0.0.1", port: anyPort }))];
  const scope = { services: serviceEndpoints(plan, ports), proxies: proxyEndpoints(plan, listening, "default", authoritiesOf(proxies)), secrets };
  return [
    ...proxies.flatMap((proxy) => {
      if (proxy.forward !== undefined) return forwardHosts(proxy.forward, scope.services)?.flatMap((pattern) => (pattern.includes("*") ? [] : [{ host: hostOf(pattern), what: `the proxy ${proxy.name}` }])) ?? [];
      const api = proxy.remote === undefined ? [] : [{ host: hostOf(resolveText(proxy.remote.api, scope)), what: `the control API of the remote proxy ${proxy.name}` }];
      if (isSchemeOnly(proxy.upstream)) return api;
      const { host } = upstreamAddress(proxy, scope.services);
      return host === undefined ? api : [...api, { host, what: `the upstream of proxy ${proxy.name}` }];
    }),
    ...probes.flatMap((probe) => {
      const { call } = questionsOf(probe, scope)({ id: probe.name, n: 1 });
      return call.kind === "command" ? [] : [{ host: call.kind === "tcp" ? call.host : hostOf(call.url), what: `probe ${probe.name}` }];
    }),
    ...services.flatMap(({ name, ready }) => (ready === undefined || ready.kind === "log" ? [] : [{ host: hostOf(resolveText(ready.target, scope)), what: `the ready check of service ${name}` }])),
  ];
}

/** Paths that are not known before anything starts: nothing is reached by them. */
function authoritiesOf(proxies: readonly Proxy[]): ReadonlyMap<string, string> {
  return new Map(proxies.map(({ name }) => [name, ""]));
}

function listenOf(proxy: Proxy | undefined): Endpoint {
  const { path, host = "127.0.0.1" } = proxy?.listen ?? {};
  return path === undefined ? { host, port: anyPort } : { path };
}

function hostOf(target: string): string {
  const url = target.includes("://") ? target : `tcp://${target}`;
  if (!URL.canParse(url)) throw new ChaosError("bad-target", `expected a URL or host:port, got "${target}"`, { hint: 'such as "http://127.0.0.1:8080/health"' });
  return bareHost(new URL(url).hostname);
}
