import type { Observations } from "../../model/observation.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Marks } from "./marks.ts";
import type { BreakerParams } from "./params.ts";

/** What would look the same from outside as the breaker that was seen. `isStuck`: it opened, and neither tried nor closed. */
export function breakerAlikes(observations: Observations, params: Pick<BreakerParams, "probe" | "proxy">, marks: Marks, isStuck: boolean): readonly string[] {
  return [
    ...(hasUniqueKeys(observations, params, marks) ? [] : ["a negative cache: every request has the same key"]),
    ...(isStuck ? ["a cancellation shared by all calls that is never renewed", "a service that cannot connect any more"] : []),
  ];
}

/** So many calls are looked at. */
const fewCalls = 20;

/**
 * Whether no cache of failures could answer one request by another's: each asks for something of its own, where caches look, and so do its calls.
 * Of calls with a body that is not known but where its key is told to come out; calls that only read are the same when their paths are.
 */
function hasUniqueKeys({ header }: Observations, { probe, proxy }: Pick<BreakerParams, "probe" | "proxy">, marks: Marks): boolean {
  const { probes, proxies } = header.plan.experiment;
  const asked = probes.find(({ name }) => name === probe);
  if (asked === undefined || !isOfRequest(keyParts(asked.params))) return false;
  const by = proxies.find(({ name }) => name === proxy)?.correlate.by;
  if (by === "json" || by === "path") return true;
  const paths = new Set<string>();
  let calls = 0;
  for (const mark of marks) {
    const [first] = mark.label === 1 ? marks.callsOf(mark) : [];
    if (first === undefined) continue;
    if (first.method !== "GET" && first.method !== "HEAD") return true;
    paths.add(first.path);
    calls += 1;
    if (calls === fewCalls) break;
  }
  return paths.size > 0.9 * calls;
}

/** What a cache would know a request by: all but its headers and what is expected of the answer. */
function keyParts({ headers: _headers, expect: _expect, degraded: _degraded, ...rest }: JsonObject): Json {
  return rest;
}

function isOfRequest(value: Json): boolean {
  return JSON.stringify(value).includes("${request.");
}
