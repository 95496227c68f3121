import type { Experiment } from "../../model/experiment.ts";
import type { Json } from "../../model/json.ts";
import type { Finding } from "../finding.ts";
import { replicasOf } from "../listeners.ts";
import { segmentsOf } from "../placeholder.ts";

/** Replicas that get no request, and calls that cannot be joined to requests as they are to be. */
export function lintCallers(experiment: Experiment): readonly Finding[] {
  return [...idleReplicas(experiment), ...serialCalls(experiment)];
}

/** Where the first of several replicas is called and another is not. */
function idleReplicas({ services, proxies, probes }: Experiment): readonly Finding[] {
  return services.flatMap((service): readonly Finding[] => {
    if (service.port !== "auto" || service.replicas === 1) return [];
    const others = services.filter(({ name }) => name !== service.name).map(({ command, env, ready }) => [...command, ...Object.values(env), ready?.target ?? ""]);
    const called = new Set([...probes.map(({ params }) => textsOf(params)), proxies.map(({ upstream }) => upstream), ...others].flat().flatMap(servicesNamed));
    const idle = replicasOf(service).filter((replica) => !called.has(replica));
    if (!called.has(service.name) || idle.length === 0) return [];
    return [{ code: "idle-replica", message: `\${services.${service.name}.url} is the first of ${service.replicas} replicas, and nothing calls ${idle.join(", ")}`, hint: `call each: \${services.${idle[0] ?? ""}.url}, by a probe of its own or through a balancer that is told all`, path: ["services", service.name, "replicas"] }];
  });
}

function servicesNamed(text: string): readonly string[] {
  return segmentsOf(text).flatMap((segment) => (typeof segment !== "string" && segment.scope === "services" ? [segment.name.slice(0, segment.name.lastIndexOf("."))] : []));
}

function textsOf(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** By time alone a call can be joined only where one request is sent at a time. */
function serialCalls({ proxies, probes }: Experiment): readonly Finding[] {
  const serial = probes.filter(({ load }) => load.kind === "serial").length;
  if (serial === 1) return [];
  return proxies.filter(({ correlate }) => correlate.by === "serial").map(({ name }) => ({
    code: "serial-not-alone", message: `calls on ${name} are to be joined by time, which takes exactly one probe that sends one request at a time, and there ${serial === 0 ? "is none" : `are ${serial}`}`,
    hint: "give one probe load: { serial: true }, or correlate by what the calls carry", path: ["proxies", name, "correlate"],
  }));
}
