import type { SecretSource } from "../model/experiment.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { suggest } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { joined, lookUp } from "./interpolate.ts";
import { escapePlaceholders, segmentsOf } from "./placeholder.ts";
import type { Placeholder } from "./placeholder.ts";
import { name as nameSchema } from "./schema/names.ts";
import { looksSecret, shortestRedacted } from "./secret-names.ts";
import { readScalar } from "./yaml-source.ts";
import type { Path } from "./yaml-source.ts";

/** Sections whose texts may hold what is only known when the experiment runs, and which scopes. */
const runScopes: Readonly<Record<string, readonly string[]>> = {
  services: ["services", "proxies", "secrets"],
  proxies: ["services"],
  probes: ["services", "proxies", "secrets", "request"],
};
const everyScope = ["vars", "env", "secrets", "services", "proxies", "request"];

export interface VariableSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the command line; they replace those of the file. */
  readonly given: Readonly<Record<string, Json>>;
}

export interface Replaced {
  /** The document without `vars` and `secrets`, with `${vars.…}` and `${env.…}` replaced. */
  readonly value: JsonObject;
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Names of variables that the document declares or uses. */
  readonly known: ReadonlySet<string>;
}

/** Replaces what is known when planning. What is known only when run stays, where it may stand; anything undefined is reported at its place. */
export function replaceVariables(document: JsonObject, sources: VariableSources, report: Report): Replaced {
  const declared = mapOf(document, "vars", report);
  const vars: JsonObject = { ...declared, ...Object.fromEntries(Object.entries(sources.given).map(([name, value]) => [name, alike(declared[name], value)])) };
  const secrets: Record<string, SecretSource> = { ...declaredSecrets(mapOf(document, "secrets", report), sources, report) };
  const known = new Set(Object.keys(declared));

  const replace = (value: Json, path: Path, opening: readonly string[]): Json => {
    if (typeof value === "string") return value.includes("${") ? fill(value, path, opening) : value;
    if (Array.isArray(value)) return value.map((item: Json, index) => replace(item, [...path, index], opening));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, [...path, key], opening)]));
  };

  const fill = (text: string, path: Path, opening: readonly string[]): Json => {
    const late = runScopes[String(path[0])] ?? [];
    const segments = segmentsOf(text, { keepEscapes: late.length > 0 });
    return joined(segments.map((segment) => (typeof segment === "string" ? segment : valueOf(segment, path, late, opening))));
  };

  const valueOf = (placeholder: Placeholder, path: Path, late: readonly string[], opening: readonly string[]): Json => {
    const { raw, scope, name } = placeholder;
    const wrong = (code: string, message: string, hint: string): Json => {
      report({ code, message, hint, path, piece: raw });
      return "";
    };
    if (scope === "") return wrong("bad-placeholder", raw === "${" ? "this ${ is never closed" : `expected a placeholder like \${vars.name}, got ${raw}`, "write $${ for a literal ${");
    if (!everyScope.includes(scope)) return wrong("unknown-scope", `there is no scope "${scope}" in ${raw}`, suggest(scope, everyScope));
    if (placeholder.fallback !== undefined && scope !== "env") return wrong("bad-placeholder", `only \${env.NAME:-default} has a default, got ${raw}`, scope === "vars" ? "give the default under vars:" : "leave the default out");
    if (scope === "env") return envValue(placeholder, path, late);
    if (scope !== "vars") {
      if (late.includes(scope)) return raw;
      return wrong("known-when-run", `${raw} is known only when the experiment runs`, late.length === 0 ? "here only ${vars.…} and ${env.…} can stand" : `here ${["vars", "env", ...late].join(", ")} can stand`);
    }
    const [top = "", ...rest] = name.split(".");
    known.add(top);
    const value = lookUp(vars, [top, ...rest]);
    if (value === undefined) return wrong("undefined-variable", `${raw} is not defined`, hintForVariable(name, vars));
    if (opening.includes(top)) return wrong("circular-variable", `\${vars.${top}} is made of itself`, "give one of them a value of its own");
    return replace(value, path, [...opening, top]);
  };

  const envValue = ({ raw, name, fallback }: Placeholder, path: Path, late: readonly string[]): Json => {
    const value = sources.env[name] || fallback || sources.env[name];
    if (value === undefined && fallback === undefined) {
      report({ code: "undefined-env", message: `the environment variable ${name} is not set`, hint: `set it, or give a default: \${env.${name}:-…}`, path, piece: raw });
      return "";
    }
    if (!looksSecret(name)) return late.length > 0 ? escapePlaceholders(value ?? "") : value ?? "";
    if (!late.includes("secrets")) {
      report({ code: "secret-in-plan", message: `${name} looks like a secret, and would stand in the plan and the journal`, hint: "secrets can be named in services and probes only", path, piece: raw });
      return "";
    }
    const declaredAs = secrets[name]?.template;
    if (declaredAs !== undefined && declaredAs !== raw) {
      report({ code: "two-secrets", message: `${raw} looks like a secret, and secrets.${name} is something else`, hint: "give it a name of its own under secrets:", path, piece: raw });
      return "";
    }
    if (declaredAs === undefined) {
      report({ code: "looks-secret", severity: "warning", message: `${name} looks like a secret and is treated as one`, hint: `say so: secrets: { ${name}: "${raw}" }, and here \${secrets.${name}}`, path, piece: raw });
    }
    secrets[name] = { template: raw };
    warnOfShort({ name, value: value ?? "" }, { path, piece: raw }, report);
    return `\${secrets.${name}}`;
  };

  const kept = Object.entries(document).filter(([key]) => key !== "vars" && key !== "secrets");
  const value = Object.fromEntries(kept.map(([key, item]) => [key, replace(item, [key], [])]));
  return { value, secrets, known };
}

/** Secrets stay as they are written; only that they can be had is checked. */
function declaredSecrets(section: JsonObject, { env }: VariableSources, report: Report): Readonly<Record<string, SecretSource>> {
  return Object.fromEntries(Object.entries(section).map(([name, template]) => {
    const path = ["secrets", name];
    const named = nameSchema.safeParse(name);
    if (!named.success) report({ code: "bad-name", message: `${named.error.issues[0]?.message ?? ""}, got "${name}"`, path, part: "key" });
    const parts = typeof template === "string" ? segmentsOf(template) : [];
    if (!parts.some((part) => typeof part !== "string")) {
      report({ code: "written-secret", message: "a secret that is written in the file is none", hint: `take it from the environment: ${name}: "\${env.NAME}"`, path });
    }
    for (const part of parts) {
      if (typeof part === "string") continue;
      if (part.scope !== "env") report({ code: "bad-placeholder", message: `expected \${env.NAME} in a secret, got ${part.raw}`, hint: "secrets come from the environment", path, piece: part.raw });
      else if (env[part.name] === undefined && part.fallback === undefined) report({ code: "undefined-env", message: `the environment variable ${part.name} is not set`, hint: `set it, or give a default: \${env.${part.name}:-…}`, path, piece: part.raw });
      else warnOfShort({ name: part.name, value: env[part.name] || part.fallback || "" }, { path, piece: part.raw }, report);
    }
    return [name, { template: typeof template === "string" ? template : "" }];
  }));
}

/** Its length is told, and no more of it. */
function warnOfShort({ name, value }: { readonly name: string; readonly value: string }, at: { readonly path: Path; readonly piece: string }, report: Report): void {
  if (value.length >= shortestRedacted) return;
  report({ code: "short-secret", severity: "warning", message: `the value of ${name} is shorter than ${shortestRedacted} characters, and is not redacted: reports and the journal may show it`, hint: "take a longer one", ...at });
}

/** A text from the command line takes the type that the file gives the variable. */
function alike(declared: Json | undefined, given: Json): Json {
  if (typeof given !== "string" || (typeof declared !== "number" && typeof declared !== "boolean")) return given;
  const read = readScalar(given);
  return typeof read === typeof declared ? read : given;
}

function hintForVariable(name: string, vars: JsonObject): string {
  const names = Object.keys(vars);
  return names.length === 0 ? `define it: vars: { ${name}: … }, or --var ${name}=…` : suggest(name, names);
}

function mapOf(document: JsonObject, key: string, report: Report): JsonObject {
  const section = document[key] ?? {};
  if (isObject(section)) return section;
  report({ code: "wrong-type", message: `${key}: expected a map of names`, path: [key] });
  return {};
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
