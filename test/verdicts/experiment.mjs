// A row as an experiment: a dependency behind a proxy, a service that calls it, one probe of 40 requests a second, a fault, a hypothesis.
import { fileURLToPath } from "node:url";

const services = new URL("services/", import.meta.url);

/**
 * The experiment of a row. `variation`: { latencyFactor, replicas } changes the rig, not the truth. `row.others` names further dependencies, each behind a proxy of its
 * name: the service reads all of them, the first one first, from UPSTREAM_URLS. `row.experiment` is laid over what is built here: objects are merged, lists and values replaced, null takes away.
 */
export function experimentOf(row, { latencyFactor = 1, replicas } = {}) {
  const { id, service = {}, upstream = {}, others = {}, why } = row;
  const count = replicas ?? service.replicas ?? 1;
  const entrance = count > 1 && service.entrance !== false;
  const dependency = (name, config) => serviceOf(name, "upstream", { CONFIG: JSON.stringify(config), LATENCY_FACTOR: latencyFactor });
  const edges = ["dependency", ...Object.keys(others)];
  const built = {
    version: 1,
    title: `${id}: ${why}`.slice(0, 200),
    seed: row.seed ?? id,
    services: {
      dependency: dependency("dependency", upstream),
      ...Object.fromEntries(Object.entries(others).map(([name, config]) => [name, dependency(name, config)])),
      app: { ...serviceOf("app", service.module ?? "breaker", { UPSTREAM_URL: "${proxies.dependency.url}", ...(edges.length > 1 && { UPSTREAM_URLS: edges.map((name) => `\${proxies.${name}.url}`).join(",") }), CONFIG: JSON.stringify(service.config ?? {}), ...service.env }), ...(count > 1 && { replicas: count }) },
      ...(entrance && { entrance: serviceOf("entrance", "entrance", { TARGETS: targetsOf(count) }) }),
    },
    proxies: Object.fromEntries(edges.map((name) => [name, { upstream: `\${services.${name}.url}` }])),
    probes: { app: { type: "http", url: `\${services.${entrance ? "entrance" : "app"}.url}/orders/\${request.id}`, load: "40/s", timeout: "5s", expect: { status: 200 } } },
    phases: { warmup: "2s", before: "1.5s", during: "4s", after: "3s" },
    faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503 }],
    hypotheses: [row.hypothesis],
  };
  return merge(built, row.experiment ?? {});
}

/** A service of an experiment that runs services/MODULE.mjs. */
export function serviceOf(name, module, env) {
  return { command: ["node", fileURLToPath(new URL(`${module}.mjs`, services))], port: "auto", env, ready: { http: `\${services.${name}.url}/health`, within: "20s" } };
}

function targetsOf(count) {
  return Array.from({ length: count }, (_, i) => `\${services.app${i === 0 ? "" : `#${i + 1}`}.url}`).join(",");
}

function merge(base, over) {
  if (!isObject(base) || !isObject(over)) return over;
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
