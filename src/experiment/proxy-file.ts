import type { Issue } from "../model/issue.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Toxic } from "../model/toxic.ts";
import { faultTypes } from "../faults/index.ts";
import { suggest } from "./did-you-mean.ts";
import type { Finding, Place, Report } from "./finding.ts";
import { issueAt, toIssue } from "./finding.ts";
import { readFileProxy, readListedProxy } from "./read-file-proxy.ts";
import type { FileProxy } from "./read-file-proxy.ts";
import { readFault } from "./read-fault.ts";
import { isWithoutRun, toxicOfFault } from "./read-toxic.ts";
import { sections } from "./schema/document.ts";
import { name as nameSchema } from "./schema/names.ts";
import { replaceVariables } from "./variables.ts";
import type { Path } from "./yaml-source.ts";
import { readYaml } from "./yaml-source.ts";

export type { FileProxy } from "./read-file-proxy.ts";

/** What a file says is to be served, in its order. */
export type FileProxies = readonly FileProxy[];

export interface ProxyFileOptions {
  /** As the user named it, for issues. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ParsedProxyFile {
  /** Absent when an issue is an error. */
  readonly proxies?: FileProxies;
  /** In the order of the file. */
  readonly issues: readonly Issue[];
}

interface Entry {
  readonly path: Path;
  readonly proxy: FileProxy;
}

const read: readonly string[] = ["proxies", "faults"];
/** What of an experiment is no matter here, and what makes no difference though it may seem to. */
const silent: readonly string[] = ["version", "title", "description", "tags"];
const idle: readonly string[] = [...Object.keys(sections).filter((key) => !silent.includes(key)), "services", "probes", "hypotheses"];
const howToBegin = "write proxies: { name: { upstream: … } }, or a list as Toxiproxy has it: [{ name, upstream }]";

/**
 * Reads what `chaos proxy` is to serve, YAML or JSON: `proxies:` and `faults:` as an experiment has them, where an edge may also lead to `host:port`,
 * be `enabled: false` and have `toxics:`; or Toxiproxy's list of proxies. All that is wrong is told at its place. Never throws for what the text says.
 */
export function parseProxyFile(text: string, { file, env }: ProxyFileOptions): ParsedProxyFile {
  const source = readYaml(text);
  const place: Place = { text, file, source };
  const [document, second] = source.documents;
  if (document === undefined) return { issues: [issueAt({ start: 0, end: 0 }, { code: "empty", severity: "error", message: "expected proxies, got an empty file", hint: howToBegin }, place)] };
  const issues: Issue[] = document.problems.map(({ code, message, start, end }) => issueAt({ start, end }, { code, severity: "error", message }, place));
  if (second !== undefined) issues.push(toIssue({ code: "two-documents", message: "expected one document, got several", hint: "write them as one", path: [], part: "key" }, second, place));
  const unfilled = new Set<string>();
  const report = (finding: Finding): void => {
    // What is wrong with a value whose placeholder could not be filled is the placeholder.
    if (!unfilled.has(JSON.stringify(finding.path))) issues.push(toIssue(finding, document, place));
  };
  const { value } = document;
  let proxies: FileProxies = [];
  if (document.problems.every(({ code }) => code !== "not-yaml")) {
    if (Array.isArray(value)) proxies = readList(value as readonly Json[], [], report).map(({ proxy }) => proxy);
    else if (typeof value === "object" && value !== null) {
      const replaced = replaceVariables(value as JsonObject, { env, given: {} }, (finding) => {
        report(finding);
        if (finding.severity !== "warning") unfilled.add(JSON.stringify(finding.path));
      });
      proxies = readDocument(replaced.value, report);
    } else report({ code: "wrong-type", message: "expected proxies, got a single value", hint: howToBegin, path: [] });
  }
  const isGood = issues.every(({ severity }) => severity === "warning");
  return { ...(isGood && { proxies }), issues: issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)) };
}

function readDocument(document: JsonObject, report: Report): FileProxies {
  for (const key of Object.keys(document)) {
    if (read.includes(key) || silent.includes(key)) continue;
    if (idle.includes(key)) report({ code: "does-not-apply", severity: "warning", message: `${key} is of experiments, and not looked at here`, hint: "chaos run carries out whole experiments", path: [key], part: "key" });
    else report({ code: "unknown-key", message: `unknown key "${key}"`, hint: suggest(key, read), path: [key], part: "key" });
  }
  const given: Json = document["proxies"] ?? {};
  const entries = Array.isArray(given) ? readList(given as readonly Json[], ["proxies"], report) : readMap(given, report);
  const faults = readFaults(document["faults"] ?? [], entries, new Set(Array.isArray(given) ? entries.map(nameOf) : Object.keys(given)), report);
  return entries.map(({ proxy }) => withFaults(proxy, faults.get(proxy.edge.proxy.name) ?? [], report));
}

function readMap(given: Json, report: Report): readonly Entry[] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    report({ code: "wrong-type", message: "proxies: expected a map of names, or a list as Toxiproxy has it", path: ["proxies"] });
    return [];
  }
  const entries = Object.entries(given as JsonObject).flatMap(([name, entry]): readonly Entry[] => {
    const path = ["proxies", name];
    const result = nameSchema.safeParse(name);
    if (!result.success) report({ code: "bad-name", message: `${result.error.issues[0]?.message ?? ""}, got "${name}"`, path, part: "key" });
    const proxy = readFileProxy(name, entry, path, report);
    return proxy === undefined ? [] : [{ path, proxy }];
  });
  reportShared(entries, report);
  return entries;
}

function readList(given: readonly Json[], path: Path, report: Report): readonly Entry[] {
  const entries = given.flatMap((item, index): readonly Entry[] => {
    const proxy = readListedProxy(item, [...path, index], report);
    return proxy === undefined ? [] : [{ path: [...path, index], proxy }];
  });
  const seen = new Set<string>();
  for (const entry of entries) {
    const name = nameOf(entry);
    if (seen.has(name)) report({ code: "duplicate-name", message: `two proxies are called "${name}"`, hint: "give one of them another name", path: [...entry.path, "name"] });
    seen.add(name);
  }
  reportShared(entries, report);
  return entries;
}

/** Two that would listen at one address. */
function reportShared(entries: readonly Entry[], report: Report): void {
  const places = new Map<string, string>();
  for (const entry of entries) {
    const { listen, enabled } = entry.proxy;
    if (!enabled || listen === "" || /:0*$/.test(listen)) continue;
    const other = places.get(listen);
    if (other !== undefined) report({ code: "port-taken", message: `${other} listens on ${listen} too`, hint: "choose another port, or port 0 for any free one", path: [...entry.path, "listen"] });
    places.set(listen, nameOf(entry));
  }
}

function nameOf({ proxy }: Entry): string {
  return proxy.edge.proxy.name;
}

/** The list `faults:` as toxics, by proxy. */
function readFaults(given: Json, entries: readonly Entry[], names: ReadonlySet<string>, report: Report): ReadonlyMap<string, readonly (readonly [Toxic, Path])[]> {
  const toxics = new Map<string, (readonly [Toxic, Path])[]>();
  if (!Array.isArray(given)) {
    report({ code: "wrong-type", message: "faults: expected a list", hint: "begin each entry with a dash: - type: …", path: ["faults"] });
    return toxics;
  }
  const known = { services: new Map(), proxies: names, proxyFields: new Map(), probes: new Set<string>(), faults: new Set<string>(), secrets: new Set<string>() };
  const perType = new Map<string, number>();
  for (const [index, item] of (given as readonly Json[]).entries()) {
    const path = ["faults", index];
    const entry: JsonObject = typeof item === "object" && item !== null && !Array.isArray(item) ? (item as JsonObject) : {};
    const word = typeof entry["type"] === "string" ? entry["type"] : "unnamed";
    const count = (perType.get(word) ?? 0) + 1;
    perType.set(word, count);
    if (faultTypes.some(({ type, layer }) => type === word && layer === "process")) {
      report({ code: "does-not-apply", message: `${word} acts on a process of an experiment, and there is none here`, hint: "chaos run carries it out", path: [...path, "type"] });
      continue;
    }
    const fault = readFault(item, path, { known, proxies: entries.map(({ proxy }) => proxy.edge.proxy), duringMs: undefined, defaultName: `${word}-${count}` }, report);
    const proxy = fault?.proxy;
    if (fault !== undefined && proxy !== undefined && isWithoutRun(fault, path, report)) toxics.set(proxy, [...toxics.get(proxy) ?? [], [toxicOfFault(fault, entry), path]]);
  }
  return toxics;
}

/** Its toxics, and behind them its faults. */
function withFaults(proxy: FileProxy, faults: readonly (readonly [Toxic, Path])[], report: Report): FileProxy {
  const names = new Set(proxy.toxics.map(({ name }) => name));
  for (const [{ name }, at] of faults) {
    if (names.has(name)) report({ code: "duplicate-name", message: `two faults of ${proxy.edge.proxy.name} are called "${name}"`, hint: "give one of them another name", path: at });
    names.add(name);
  }
  return faults.length === 0 ? proxy : { ...proxy, toxics: [...proxy.toxics, ...faults.map(([toxic]) => toxic)] };
}
