import type { Json } from "../model/json.ts";
import { suggest } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { segmentsOf } from "./placeholder.ts";
import type { Path } from "./yaml-source.ts";

/** Names that the file declares, those of broken parts included, so that one mistake is told once. */
export interface Known {
  readonly services: ReadonlyMap<string, { readonly hasPort: boolean; readonly replicas: number }>;
  readonly proxies: ReadonlySet<string>;
  /** What can be said of each proxy: `url`, and by where it listens `host` and `port`, or `path`; `ca` where it is the run that knows. */
  readonly proxyFields: ReadonlyMap<string, readonly string[]>;
  readonly probes: ReadonlySet<string>;
  readonly faults: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** Whether a name is declared; reports it when not. */
export function refer(kind: string, name: string, known: Iterable<string>, path: Path, report: Report): boolean {
  const names = [...known];
  if (names.includes(name)) return true;
  report({ code: `unknown-${kind}`, message: `there is no ${kind} "${name}"`, hint: suggest(name, names), path });
  return false;
}

/** Checks that everything named in the placeholders of a value exists. */
export function checkPlaceholders(value: Json, path: Path, known: Known, report: Report): void {
  if (typeof value === "string") return checkText(value, path, known, report);
  if (typeof value !== "object" || value === null) return;
  const entries: readonly (readonly [string | number, Json])[] = Array.isArray(value) ? value.map((item: Json, index) => [index, item] as const) : Object.entries(value);
  for (const [key, item] of entries) checkPlaceholders(item, [...path, key], known, report);
}

function checkText(text: string, path: Path, known: Known, report: Report): void {
  for (const segment of segmentsOf(text)) {
    if (typeof segment === "string") continue;
    const problem = problemOf(segment.scope, segment.name, known);
    if (problem !== undefined) report({ code: "undefined-reference", message: `${segment.raw}: ${problem.message}`, hint: problem.hint, path, piece: segment.raw });
  }
}

interface Problem {
  readonly message: string;
  readonly hint: string;
}

const endpointFields = ["url", "host", "port"];

function problemOf(scope: string, name: string, known: Known): Problem | undefined {
  if (scope === "secrets") return known.secrets.has(name) ? undefined : { message: `there is no secret "${name}"`, hint: known.secrets.size === 0 ? `declare it: secrets: { ${name}: "\${env.NAME}" }` : suggest(name, known.secrets) };
  if (scope === "request") return name === "id" || name === "n" ? undefined : { message: `a request has no "${name}"`, hint: "known: id, n" };
  const dot = name.lastIndexOf(".");
  const [owner, field] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
  if (scope === "proxies") return known.proxies.has(owner) ? fieldProblem(field, known.proxyFields.get(owner)) : { message: `there is no proxy "${owner}"`, hint: suggest(owner, known.proxies) };
  return serviceProblem(owner, field, known.services);
}

/** `payments`, or a replica such as `payments#2`. */
function serviceProblem(owner: string, field: string, services: Known["services"]): Problem | undefined {
  const [name = "", replica = "1"] = owner.split("#");
  const service = services.get(name);
  if (service === undefined) return { message: `there is no service "${name}"`, hint: suggest(name, services.keys()) };
  if (!/^[1-9]\d*$/.test(replica) || Number(replica) > service.replicas) return { message: `${name} has ${service.replicas === 1 ? "one replica" : `${service.replicas} replicas`}, and no #${replica}`, hint: `give ${name} replicas: …` };
  const problem = fieldProblem(field);
  return problem === undefined && !service.hasPort && field !== "host" ? { message: `${name} has no port`, hint: `give ${name} a port: auto` } : problem;
}

function fieldProblem(field: string, fields: readonly string[] = endpointFields): Problem | undefined {
  if (fields.includes(field)) return undefined;
  const message = field === "" ? "it does not say which part" : `there is no "${field}"`;
  if (fields.length === 0) return { message, hint: "it is reached through a forward proxy: callers name its upstream" };
  if (field === "ca") return { message, hint: "a proxy has one where chaos signs its certificate: tls: generated, or tls: { ca, caKey }" };
  if (field === "path") return { message, hint: "a proxy has one where it listens on a unix socket: listen: unix:/path" };
  return { message, hint: suggest(field, fields) };
}
