import type { Experiment, Hypothesis, Proxy, SteadyState } from "../model/experiment.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { z } from "zod";
import { withCaptures } from "./captures.ts";
import { check } from "./check.ts";
import { checkForward } from "./check-forward.ts";
import { checkRemotes } from "./check-remotes.ts";
import { checkWorkers } from "./check-workers.ts";
import { suggest } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { peerKey } from "./peer-words.ts";
import { readFault } from "./read-fault.ts";
import { readHypothesis } from "./read-hypothesis.ts";
import { readProbe } from "./read-probe.ts";
import { readPrograms } from "./read-program.ts";
import { checkPlaceholders, refer } from "./references.ts";
import type { Known } from "./references.ts";
import { sections } from "./schema/document.ts";
import { name as nameSchema } from "./schema/names.ts";
import { proxySchema } from "./schema/proxy.ts";
import { namedService, serviceSchema } from "./schema/service.ts";
import { largestRecoveryMs } from "./settle.ts";
import type { Path } from "./yaml-source.ts";

const topLevelKeys = [...Object.keys(sections), "vars", "secrets", "services", "proxies", "probes", "faults", "hypotheses"];

/** Makes an experiment of a document whose variables are replaced. Reports everything that is wrong; absent when a part is missing for it. */
export function readExperiment(document: JsonObject, secrets: Experiment["secrets"], report: Report): Experiment | undefined {
  for (const key of Object.keys(document)) {
    if (topLevelKeys.includes(key)) continue;
    const peer = peerKey("", key, document[key] ?? null);
    report({ code: "unknown-key", message: `unknown key "${key}"`, hint: peer === undefined ? suggest(key, topLevelKeys) : `write ${peer}`, path: [key], part: "key" });
  }
  const section = <T>(key: keyof typeof sections, schema: z.ZodType<T>): T | undefined =>
    (document[key] === undefined && !schema.safeParse(undefined).success ? missing(key, schema, report) : check(schema, document[key] ?? undefined, { path: [key] }, report));
  const version = section("version", sections.version);
  const title = section("title", sections.title);
  const description = section("description", sections.description);
  const tags = section("tags", sections.tags);
  const seed = section("seed", sections.seed);
  const confidence = section("confidence", sections.confidence);
  const phases = section("phases", sections.phases);
  const steadyStates = section("steadyState", sections.steadyState);
  const guards = section("guards", sections.guards);
  const maxDurationMs = section("maxDuration", sections.maxDuration);

  const serviceParts = readNamed(document, "services", report, (name, given, path) => {
    const service = check(serviceSchema, given, { path, section: "services" }, report);
    return service === undefined ? undefined : namedService(name, service);
  });
  const proxyParts = readNamed(document, "proxies", report, (name, given, path) => namedProxy(name, check(proxySchema, given, { path, section: "proxies" }, report)));
  const probeParts = readNamed(document, "probes", report, (name, given, path) => readProbe(name, given, path, report));
  const faultEntries = listOf(document, "faults", report);
  const faultNames = namesOf(faultEntries, "faults", report);
  const known: Known = {
    services: new Map(Object.entries(mapOf(document["services"])).map(([name, given]) => [name, { hasPort: mapOf(given)["port"] !== undefined, replicas: Math.max(1, Number(mapOf(given)["replicas"] ?? 1) || 1) }])),
    proxies: new Set(Object.keys(mapOf(document["proxies"]))),
    proxyFields: new Map(proxyParts.flatMap((proxy) => (proxy === undefined ? [] : [[proxy.name, fieldsOf(proxy)]]))),
    probes: new Set(Object.keys(mapOf(document["probes"]))),
    faults: new Set(faultNames),
    secrets: new Set(Object.keys(secrets)),
  };
  for (const key of ["services", "proxies", "probes"]) checkPlaceholders(document[key] ?? null, [key], known, report);
  checkForward(serviceParts.filter((service) => service !== undefined), proxyParts.filter((proxy) => proxy !== undefined), known, report);
  checkRemotes(serviceParts.filter((service) => service !== undefined), proxyParts.filter((proxy) => proxy !== undefined), report);
  const written = all(faultEntries.map((given, index) => readFault(given, ["faults", index], { known, proxies: proxyParts.filter((proxy) => proxy !== undefined), duringMs: phases?.duringMs, defaultName: faultNames[index] ?? "" }, report)));
  const entries = listOf(document, "hypotheses", report);
  const names = namesOf(entries, "hypotheses", report);
  const programmed = written === undefined || phases === undefined ? [] : readPrograms(entries, { names, known, phases, faults: written, confidence: confidence ?? 0.99, proxies: proxyParts.filter((proxy) => proxy !== undefined), probes: probeParts.filter((probe) => probe !== undefined) }, report);
  const faults = written && [...written, ...programmed];
  checkWorkers(proxyParts.filter((proxy) => proxy !== undefined), faults ?? [], report);
  const allKnown: Known = { ...known, faults: new Set([...known.faults, ...programmed.map(({ name }) => name)]) };
  const hypotheses = all(entries.map((given, index) => readHypothesis(given, ["hypotheses", index], { known: allKnown, faults: faults ?? [], proxies: proxyParts.filter((proxy) => proxy !== undefined), programmed, defaultName: names[index] ?? "" }, report)));
  for (const key of ["steadyState", "guards"]) {
    const gates: Json = document[key] ?? [];
    if (Array.isArray(gates)) gates.forEach((gate: Json, index) => { referProbe(gate, [key, index, "probe"], known, report); });
  }
  if (document["steadyState"] === undefined && document["hypotheses"] === undefined || (steadyStates?.length === 0 && entries.length === 0)) {
    report({ code: "nothing-claimed", message: "expected steadyState or hypotheses, got neither: nothing could be said of the run", hint: 'add steadyState: [{ probe: …, success: ">= 99%" }]', path: [], part: "key" });
  }
  const [services, proxies, probes] = [all(serviceParts), all(proxyParts), all(probeParts)];
  if (version === undefined || title === undefined || tags === undefined || confidence === undefined || phases === undefined || steadyStates === undefined || guards === undefined) return undefined;
  if (services === undefined || proxies === undefined || probes === undefined || faults === undefined || hypotheses === undefined) return undefined;
  const capturing = withCaptures(probes, hypotheses, report);
  return {
    version,
    title,
    ...(description === undefined ? {} : { description }),
    tags,
    ...(seed === undefined ? {} : { seed }),
    confidence,
    secrets,
    services,
    proxies,
    probes: capturing,
    steadyState: settled(steadyStates, hypotheses),
    phases: { ...phases, epochs: Math.max(phases.epochs, ...hypotheses.map(({ epochs = 1 }) => epochs)) },
    faults,
    hypotheses,
    guards,
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
  };
}

function fieldsOf({ through, listen, tls }: Proxy): readonly string[] {
  if (through !== undefined) return [];
  return ["url", ...(listen.path === undefined ? ["host", "port"] : ["path"]), ...(tls === undefined || tls.kind === "own" ? [] : ["ca"])];
}

function referProbe(gate: Json, path: Path, known: Known, report: Report): void {
  const { probe } = mapOf(gate);
  if (typeof probe === "string") refer("probe", probe, known.probes, path, report);
}

function settled(steadyStates: readonly (Omit<SteadyState, "settleMs"> & { readonly settleMs?: number })[], hypotheses: readonly Hypothesis[]): readonly SteadyState[] {
  const defaultMs = largestRecoveryMs(hypotheses);
  return steadyStates.map((steady) => ({ ...steady, settleMs: steady.settleMs ?? defaultMs }));
}

function missing(key: string, schema: z.ZodType, report: Report): undefined {
  report({ code: "missing-key", message: `${key} is missing: ${schema.meta()?.description ?? ""}`, ...(key === "version" ? { hint: "write version: 1" } : {}), path: [], part: "key" });
}

/** The entries of a map of names, each read by itself; undefined stands for one that could not be. */
function readNamed<T>(document: JsonObject, key: string, report: Report, read: (name: string, given: Json, path: Path) => T | undefined): readonly (T | undefined)[] {
  const given = document[key] ?? {};
  if (typeof given !== "object" || Array.isArray(given)) {
    report({ code: "wrong-type", message: `${key}: expected a map of names`, path: [key] });
    return [];
  }
  return Object.entries(given as JsonObject).map(([name, entry]) => {
    const result = nameSchema.safeParse(name);
    if (!result.success) report({ code: "bad-name", message: `${result.error.issues[0]?.message ?? ""}, got "${name}"`, path: [key, name], part: "key" });
    return read(name, entry, [key, name]);
  });
}

function listOf(document: JsonObject, key: string, report: Report): readonly Json[] {
  const given: Json = document[key] ?? [];
  if (Array.isArray(given)) return given as readonly Json[];
  report({ code: "wrong-type", message: `${key}: expected a list`, hint: "begin each entry with a dash: - type: …", path: [key] });
  return [];
}

/** Their names, or type-1, type-2, … in order per type; reports a name that stands twice. */
function namesOf(entries: readonly Json[], key: string, report: Report): readonly string[] {
  const perType = new Map<string, number>();
  const seen = new Set<string>();
  return entries.map((entry, index) => {
    const { name, type } = mapOf(entry);
    const word = typeof type === "string" ? type : "unnamed";
    const count = (perType.get(word) ?? 0) + 1;
    perType.set(word, count);
    const own = typeof name === "string" ? name : `${word}-${count}`;
    if (seen.has(own)) report({ code: "duplicate-name", message: `two ${key} are called "${own}"`, hint: "give one of them another name", path: [key, index, ...(name === undefined ? [] : ["name"])] });
    seen.add(own);
    return own;
  });
}

/** A remote one is called the same there, unless it says otherwise. */
function namedProxy(name: string, part: Omit<Proxy, "name"> | undefined): Proxy | undefined {
  if (part?.remote === undefined) return part === undefined ? undefined : { name, ...part };
  return { name, ...part, remote: { ...part.remote, name: part.remote.name === "" ? name : part.remote.name } };
}

function all<T>(parts: readonly (T | undefined)[]): readonly T[] | undefined {
  const present = parts.filter((part) => part !== undefined);
  return present.length === parts.length ? present : undefined;
}

function mapOf(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
