import { ChaosError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import { readYaml } from "./yaml-source.ts";

/** The variables of a file: one map of names to values, in YAML or JSON. Throws `bad-vars` with the place. */
export function parseVars(text: string, file: string): JsonObject {
  const source = readYaml(text);
  const [first, second] = source.documents;
  const problem = first?.problems[0];
  if (problem !== undefined) {
    const { line, column } = source.position(problem.start);
    throw new ChaosError("bad-vars", `${file}:${line}:${column}: ${problem.message}`, { hint: "write one name: value per line" });
  }
  const value = first?.value;
  if (second !== undefined || typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ChaosError("bad-vars", `${file}: expected one map of variables, got ${second === undefined ? describe(value) : "several documents"}`, { hint: "write one name: value per line" });
  }
  return value as JsonObject;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? "a list" : value === undefined || value === null ? "nothing" : JSON.stringify(value);
}
