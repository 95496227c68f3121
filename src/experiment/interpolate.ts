import { ChaosError } from "../model/error.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { segmentsOf } from "./placeholder.ts";
import type { Placeholder } from "./placeholder.ts";

/** Where a service replica or a proxy is reached: by host and port, or by the path of a unix socket. */
export interface Reachable {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly url?: string;
  /** Path of the PEM file of the authority that signed its certificate. */
  readonly ca?: string;
}

/** What is known when an experiment runs. `services` names replicas `checkout` (the first), `checkout#2`, …. */
export interface RunScope {
  readonly services?: Readonly<Record<string, Reachable>>;
  readonly proxies?: Readonly<Record<string, Reachable>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly request?: { readonly id: string; readonly n: number };
}

/**
 * Fills the placeholders in every text of a value; keys are left alone. A text that is one placeholder alone takes the value's type.
 * Throws ChaosError `undefined-reference` for what the scope does not have.
 */
export function resolve(value: Json, scope: RunScope): Json {
  if (typeof value === "string") return fill(value, scope);
  if (Array.isArray(value)) return value.map((item: Json) => resolve(item, scope));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, scope)]));
}

function fill(text: string, scope: RunScope): Json {
  if (!text.includes("${")) return text;
  return joined(segmentsOf(text).map((segment) => (typeof segment === "string" ? segment : valueOf(segment, scope))));
}

function valueOf(placeholder: Placeholder, scope: RunScope): Json {
  const value = lookUp(scope as JsonObject, [placeholder.scope, ...placeholder.name.split(".")]);
  if (value !== undefined) return value;
  throw new ChaosError("undefined-reference", `${placeholder.raw} is not known here`, { hint: "services, proxies, secrets and, in probes, request can be named" });
}

/** The own value at a path of names; absent when there is none. */
export function lookUp(from: Json, names: readonly string[]): Json | undefined {
  let value: Json | undefined = from;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, Json>>)[name];
  }
  return value;
}

/** One value alone keeps its type, several become a text. */
export function joined(values: readonly Json[]): Json {
  const [only = ""] = values;
  return values.length === 1 ? only : values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join("");
}
