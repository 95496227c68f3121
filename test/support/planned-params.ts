import { findHypothesisType } from "../../src/hypotheses/index.ts";
import type { JsonObject } from "../../src/model/json.ts";

/** Parameters as a plan holds them: units parsed, plain data. What is written wrongly stays as it is. */
export function plannedParams(type: string, written: JsonObject): JsonObject {
  const parsed = findHypothesisType(type)?.params.safeParse(written);
  if (parsed?.success !== true) return written;
  const planned: JsonObject = JSON.parse(JSON.stringify(parsed.data));
  return planned;
}
