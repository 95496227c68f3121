import type { Fault, Proxy } from "../model/experiment.ts";
import type { JsonObject } from "../model/json.ts";
import type { Report } from "./finding.ts";
import { segmentsOf } from "./placeholder.ts";
import { refer } from "./references.ts";
import type { Known } from "./references.ts";
import type { Path } from "./yaml-source.ts";

/** Which process a fault of the layer process hits, and the edges that lead to it; absent when that is wrong, which is then reported. */
export function readTarget({ service, replica }: JsonObject, type: string, path: Path, { known, proxies }: { readonly known: Known; readonly proxies: readonly Proxy[] }, report: Report): Pick<Fault, "service" | "replica" | "edges"> | undefined {
  if (typeof service !== "string") {
    if (service === undefined) report({ code: "missing-key", message: `service is missing: the process to which ${type} happens`, hint: known.services.size === 0 ? "name a service under services: a process that the run does not start is not its to end" : `write service: ${[...known.services.keys()].join(" or service: ")}`, path, part: "key" });
    return undefined;
  }
  if (!refer("service", service, known.services.keys(), [...path, "service"], report)) return undefined;
  const replicas = known.services.get(service)?.replicas ?? 1;
  if (typeof replica === "number" && replica > replicas) {
    report({ code: "unknown-replica", message: `${service} has ${replicas === 1 ? "one replica" : `${replicas} replicas`}, and no ${replica}`, hint: `give ${service} replicas: ${replica}, or leave replica out for all`, path: [...path, "replica"] });
    return undefined;
  }
  const edges = proxies.flatMap(({ name, upstream }) => upstreamReplicas(upstream, service).map((replica) => ({ proxy: name, replica })));
  return { service, ...(typeof replica === "number" ? { replica } : {}), edges: edges.filter((edge) => replica === undefined || edge.replica === replica) };
}

/** Replicas of a service that an upstream such as `${services.payments#2.url}` names. */
function upstreamReplicas(upstream: string, service: string): readonly number[] {
  return segmentsOf(upstream).flatMap((segment) => {
    if (typeof segment === "string" || segment.scope !== "services") return [];
    const [name, replica = "1"] = segment.name.slice(0, segment.name.lastIndexOf(".")).split("#");
    return name === service ? [Number(replica)] : [];
  });
}
