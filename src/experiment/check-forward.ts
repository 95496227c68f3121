import type { Proxy, Service } from "../model/experiment.ts";
import type { Report } from "./finding.ts";
import { refer } from "./references.ts";
import type { Known } from "./references.ts";
import type { Path } from "./yaml-source.ts";

/** Checks that services and edges that name a forward proxy name one; `proxies` are those that are read without an issue. */
export function checkForward(services: readonly Service[], proxies: readonly Proxy[], known: Known, report: Report): void {
  for (const { name, egress } of services) {
    if (egress === undefined) continue;
    const path = ["services", name, "egress"];
    const proxy = forwardProxy(egress.proxy, proxies, known, path, report);
    if (proxy?.listen.path !== undefined) report({ code: "not-forward", message: `expected a proxy that listens on host and port as egress, and ${proxy.name} listens on a unix socket`, hint: `leave listen out: ${proxy.name} then listens on a free port`, path });
  }
  const places = new Set<string>();
  for (const { name, upstream, through } of proxies) {
    if (through === undefined) continue;
    forwardProxy(through, proxies, known, ["proxies", name, "through"], report);
    const place = `${through} ${upstream}`;
    if (places.has(place)) report({ code: "duplicate-edge", message: `two edges go through ${through} to ${upstream}: a call is on one of them only`, hint: "leave one of them out", path: ["proxies", name, "upstream"] });
    places.add(place);
  }
}

function forwardProxy(name: string, proxies: readonly Proxy[], known: Known, path: Path, report: Report): Proxy | undefined {
  if (!refer("proxy", name, known.proxies, path, report)) return undefined;
  const proxy = proxies.find((one) => one.name === name);
  if (proxy === undefined || proxy.forward !== undefined) return proxy;
  const hint = proxy.through === undefined ? `give ${name} upstream: forward, or hand its address over: env: { URL: "\${proxies.${name}.url}" }` : `${name} is reached through ${proxy.through}: write ${proxy.through}`;
  report({ code: "not-forward", message: `expected a proxy in forward mode, and ${name} passes everything on to ${proxy.upstream}`, hint, path });
  return undefined;
}
