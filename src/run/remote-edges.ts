import { readApiUrl, ToxiproxyClient, ToxiproxyEngine } from "../engines/index.ts";
import type { RemoteProxy } from "../engines/index.ts";
import type { Env } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import type { RunEvent, WitnessRecord } from "../model/event.ts";
import type { Proxy } from "../model/experiment.ts";
import type { Plan } from "../model/plan.ts";
import { isRemote, isServed, toxicPrefix } from "../experiment/remote.ts";
import { isSchemeOnly } from "../experiment/schema/remote.ts";
import { bareHost, isLocalHost } from "../proxy/index.ts";
import { upstreamAddress } from "./addresses.ts";
import type { Addresses, Listening } from "./addresses.ts";
import { resolveText } from "./resolve-text.ts";
import type { Undo } from "./undo.ts";

export interface RemoteSetting {
  readonly env: Env;
  readonly services: Addresses["services"];
  readonly secrets: Readonly<Record<string, string>>;
  /** Hosts beside this machine that may be reached. */
  readonly allowHosts: readonly string[];
  readonly undo: Undo;
  readonly record: (fact: RunEvent | WitnessRecord) => void;
}

export interface RemoteEdges {
  /** The plan with the addresses of remote proxies as upstreams. */
  readonly plan: Plan;
  /** By the name of the edge. */
  readonly engines: ReadonlyMap<string, ToxiproxyEngine>;
  /** Where callers reach those that no proxy of ours stands before. */
  readonly listening: readonly Listening[];
}

/** A server that knows leases removes toxics so long after a run that was killed; longer than any stall of a run that lives. */
const leaseMs = 10_000;
/** Toxiproxy itself waits 5 s for a stuck connection when a toxic goes. */
const patienceMs = 10_000;
const anyAddress: ReadonlySet<string> = new Set(["", "0.0.0.0", "::"]);

/**
 * Finds the remote proxies of a plan: asks where they listen, and removes what a run of the same experiment that was killed left there.
 * Throws ChaosError `remote-disabled`, `remote-out-of-reach`, `target-not-allowed` and the codes of the client.
 */
export async function openRemotes(plan: Plan, setting: RemoteSetting): Promise<RemoteEdges> {
  const engines = new Map<string, ToxiproxyEngine>();
  const listening: Listening[] = [];
  const proxies: Proxy[] = [];
  for (const proxy of plan.experiment.proxies) {
    if (!isRemote(proxy)) {
      proxies.push(proxy);
      continue;
    }
    const { api, name, token } = proxy.remote;
    const url = readApiUrl(resolveText(api, { services: setting.services }));
    const client = new ToxiproxyClient({ url, timeoutMs: patienceMs, ...(token === undefined ? {} : { token: resolveText(token, { secrets: setting.secrets }) }) });
    const engine = new ToxiproxyEngine({ client, proxy: name, prefix: toxicPrefix(plan.experiment), leaseMs });
    setting.undo.add(`toxics of ${name} at ${url.origin}`, () => engine.removeAll());
    const { proxy: there, left } = await engine.open();
    if (!there.enabled) throw new ChaosError("remote-disabled", `the proxy ${name} at ${url.origin} is disabled: nobody gets through it`, { hint: "enable it there before the run" });
    tellFound(proxy.name, there, left, setting);
    const located = isSchemeOnly(proxy.upstream) ? { ...proxy, upstream: `${proxy.upstream}${textOf(listenerOf(there, url, setting.allowHosts))}` } : proxy;
    engines.set(proxy.name, engine);
    proxies.push(located);
    if (!isServed(proxy)) listening.push({ ...upstreamAddress(located, setting.services), proxy: proxy.name, caller: "default" });
  }
  return { plan: { ...plan, experiment: { ...plan.experiment, proxies } }, engines, listening };
}

function tellFound(proxy: string, { name, toxics }: RemoteProxy, left: readonly string[], { env, record }: RemoteSetting): void {
  const tell = (code: string, message: string): void => record({ kind: "witness-issue", atMs: env.nowMs(), proxy, code, message });
  if (left.length > 0) tell("remote-cleaned", `a run of this experiment that was killed had left ${left.join(", ")} on the remote proxy ${name}: removed before this one`);
  if (toxics.length > 0) tell("remote-toxics", `the remote proxy ${name} has toxics of somebody else's (${toxics.map((toxic) => toxic.name).join(", ")}): they act before, during and after the faults of this run`);
}

/** Where a remote proxy is reached from here. */
export function listenerOf({ name, listen }: Pick<RemoteProxy, "name" | "listen">, api: URL, allowHosts: readonly string[]): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(":");
  const [said, port] = [bareHost(listen.slice(0, Math.max(0, at))), Number(listen.slice(at + 1))];
  const apiHost = bareHost(api.hostname);
  const outOfReach = (why: string): ChaosError => new ChaosError("remote-out-of-reach", `the proxy ${name} at ${api.origin} ${why}`, { hint: 'write how it is reached from here as upstream, such as upstream: "http://127.0.0.1:20001"' });
  if (at < 0 || !Number.isInteger(port) || port < 1 || port > 65_535) throw outOfReach(`says no port on which it listens ("${listen}")`);
  if (anyAddress.has(said)) return { host: apiHost, port };
  if (isLocalHost(said) && !isLocalHost(apiHost)) throw outOfReach(`listens on the loopback of its own machine (${listen})`);
  const isAllowed = isLocalHost(said) || said === apiHost || allowHosts.some((host) => bareHost(host) === said);
  if (!isAllowed) throw new ChaosError("target-not-allowed", `the proxy ${name} at ${api.origin} listens on ${said}, which is not this machine`, { hint: `if that is meant, and you may do so: --allow-host ${said}` });
  return { host: said, port };
}

function textOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
