import type { Proxy, Service } from "../model/experiment.ts";
import type { Report } from "./finding.ts";
import { mentions } from "./listeners.ts";
import { servicesFirst } from "./remote.ts";

/** Checks that each remote proxy is one edge, and that the services behind control APIs can run before the proxies listen; of what is read without an issue. */
export function checkRemotes(services: readonly Service[], proxies: readonly Proxy[], report: Report): void {
  const edges = new Map<string, string>();
  for (const { name, remote } of proxies) {
    if (remote === undefined) continue;
    const place = `${remote.api} ${remote.name}`;
    const other = edges.get(place);
    if (other !== undefined) report({ code: "duplicate-edge", message: `${other} and ${name} are both the proxy ${remote.name} of ${remote.api}: a toxic there acts on both`, hint: "leave one of them out", path: ["proxies", name, "remote"] });
    edges.set(place, name);
  }
  for (const service of servicesFirst({ services, proxies })) {
    const told = proxies.find((proxy) => mentions(service, proxy));
    if (told === undefined) continue;
    report({
      code: "starts-too-early", message: `${service.name} is told where ${told.name} listens, and has to run before that is known: a control API that remote proxies name stands behind it, or it is written before one`,
      hint: `write ${service.name} behind the services that remote proxies name`, path: ["services", service.name], part: "key",
    });
  }
}
