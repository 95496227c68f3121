import type { Probe } from "../model/experiment.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { findProbeType, probeTypes } from "../probes/index.ts";
import { check } from "./check.ts";
import { suggestAmong } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { paramsOf } from "./params.ts";
import { peerType } from "./peer-words.ts";
import { probeCommons } from "./schema/load.ts";
import type { Path } from "./yaml-source.ts";

const commonKeys = Object.keys(probeCommons.shape);

/** One entry of `probes:`; absent when something is wrong with it, which is then reported. */
export function readProbe(name: string, given: Json, path: Path, report: Report): Probe | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    check(probeCommons, given, { path }, report);
    return undefined;
  }
  const { type: word, ...entry } = given as JsonObject;
  const common = check(probeCommons, Object.fromEntries(Object.entries(entry).filter(([key]) => commonKeys.includes(key))), { path, section: "probes" }, report);
  const known = probeTypes.map(({ type }) => type);
  if (typeof word !== "string") {
    report({ code: "missing-key", message: `type is missing: ${known.join(", ")}`, path, part: "key" });
    return undefined;
  }
  const type = findProbeType(word);
  if (type === undefined) {
    report({ code: "unknown-probe-type", message: `there is no probe type "${word}"`, hint: suggestAmong(word, known, peerType("probe", word)), path: [...path, "type"] });
    return undefined;
  }
  const params = check(type.params, Object.fromEntries(Object.entries(entry).filter(([key]) => !commonKeys.includes(key))), { path, section: "probes", alsoKnown: ["type", ...commonKeys] }, report);
  return common === undefined || params === undefined ? undefined : { name, type: type.type, params: paramsOf(params), timeoutMs: common.timeout, load: common.load };
}
