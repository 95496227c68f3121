import type { Proxy, Service } from "../model/experiment.ts";
import type { Report } from "./finding.ts";
import { refer } from "./references.ts";
import type { Known } from "./references.ts";

/** Checks that the calls of services go out through proxies that can take them; `proxies` are those that are read without an issue. */
export function checkEgress(services: readonly Service[], proxies: readonly Proxy[], known: Known, report: Report): void {
  for (const { name, egress } of services) {
    if (egress === undefined) continue;
    const path = ["services", name, "egress"];
    if (!refer("proxy", egress.proxy, known.proxies, path, report)) continue;
    const proxy = proxies.find((one) => one.name === egress.proxy);
    if (proxy === undefined) continue;
    if (proxy.forward === undefined) report({ code: "not-forward", message: `expected a proxy in forward mode as egress, and ${proxy.name} passes everything on to ${proxy.upstream}`, hint: `give ${proxy.name} upstream: forward, or hand its address over: env: { URL: "\${proxies.${proxy.name}.url}" }`, path });
    else if (proxy.listen.path !== undefined) report({ code: "not-forward", message: `expected a proxy that listens on host and port as egress, and ${proxy.name} listens on a unix socket`, hint: `leave listen out: ${proxy.name} then listens on a free port`, path });
  }
}
