import type { Experiment, Proxy } from "../../model/experiment.ts";
import type { Json } from "../../model/json.ts";
import type { Finding } from "../finding.ts";
import { mentions, namesProxy } from "../listeners.ts";
import { looksSecret } from "../secret-names.ts";

/** Edges that nothing uses, listeners that others can reach, resets that cannot be, secrets in the open. */
export function lintEdges(experiment: Experiment): readonly Finding[] {
  return [...experiment.proxies.flatMap((proxy) => [...unused(proxy, experiment), ...exposed(proxy), ...closedInstead(proxy, experiment)]), ...openSecrets(experiment)];
}

/** Its faults are named where there are some: they are what the author looks for. */
function unused(proxy: Proxy, experiment: Experiment): readonly Finding[] {
  if (isUsed(proxy, experiment)) return [];
  const hint = `give its address to the caller: env: { URL: "\${proxies.${proxy.name}.url}" }; a caller that the run does not start needs a fixed listen port`;
  const faults = experiment.faults.flatMap((fault, index): readonly Finding[] =>
    (fault.proxy === proxy.name ? [{ code: "fault-out-of-reach", message: `nobody can feel ${fault.name}: no service and no probe uses the proxy ${proxy.name}`, hint, path: ["faults", index, "proxy"] }] : []));
  return faults.length > 0 ? faults : [{ code: "unused-proxy", message: `no service and no probe uses the proxy ${proxy.name}`, hint, path: ["proxies", proxy.name], part: "key" }];
}

/** A fixed port or `callers` say that somebody outside the file calls. */
function isUsed(proxy: Proxy, experiment: Experiment): boolean {
  const { services, probes, proxies } = experiment;
  const way = proxies.find(({ name }) => name === proxy.through);
  if (way !== undefined) return isUsed(way, experiment);
  if (proxy.listen.port !== 0 || proxy.callers !== undefined) return true;
  return services.some((service) => mentions(service, proxy)) || probes.some(({ params }) => textsOf(params).some((text) => namesProxy(text, proxy.name)));
}

function textsOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function exposed({ name, listen }: Proxy): readonly Finding[] {
  if (listen.host === undefined || /^(127\.|::1$|localhost$)/.test(listen.host)) return [];
  return [{ code: "listens-beyond-loopback", message: `the proxy ${name} listens on ${listen.host}: other machines can reach what stands behind it`, hint: "listen on 127.0.0.1 unless a caller is elsewhere", path: ["proxies", name, "listen"] }];
}

/** There is no RST on a unix socket. */
function closedInstead({ name, listen }: Proxy, { faults }: Experiment): readonly Finding[] {
  if (listen.path === undefined) return [];
  return faults.flatMap(({ proxy, type }, index): readonly Finding[] =>
    (proxy === name && type === "reset" ? [{ code: "closed-instead", message: `${name} listens on a unix socket, which knows no reset: callers will see connections closed`, hint: "listen on host:port for a true RST, or write type: drop", path: ["faults", index, "type"] }] : []));
}

function openSecrets({ services }: Experiment): readonly Finding[] {
  return services.flatMap(({ name, env }) => Object.entries(env).flatMap(([variable, value]): readonly Finding[] =>
    (looksSecret(variable) && value !== "" && !value.includes("${") ? [{ code: "looks-secret", message: `${variable} looks like a secret, and its value stands in the file, the plan and the journal`, hint: `take it from the environment: secrets: { ${variable}: "\${env.${variable}}" }, and here \${secrets.${variable}}`, path: ["services", name, "env", variable] }] : [])));
}
