import { ChaosError } from "../model/error.ts";
import type { Fact } from "../model/event.ts";
import type { Plan } from "../model/plan.ts";
import { segmentsOf } from "../experiment/placeholder.ts";

/** Shorter values would blot out parts of ordinary words. */
const shortestRedacted = 6;
const blot = "[redacted]";

/** Values of the plan's secrets from the environment. Throws ChaosError `secret-missing`. */
export function resolveSecrets(plan: Plan, env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(plan.experiment.secrets).map(([name, { template }]) => [
    name,
    segmentsOf(template).map((segment) => {
      if (typeof segment === "string") return segment;
      const value = env[segment.name] || segment.fallback || env[segment.name];
      if (value === undefined) throw new ChaosError("secret-missing", `secret ${name} comes from the environment variable ${segment.name}, which is not set`, { hint: `set it: ${segment.name}=… chaos run ${plan.file}` });
      return value;
    }).join(""),
  ]));
}

/** Blots out the values of secrets, as they are and as they stand in URLs and JSON, and what is left of one where a text was cut. */
export class Redactor {
  readonly #values: readonly string[];
  /** The beginnings of values at the end of a line or of an excerpt. */
  readonly #cut: RegExp | undefined;

  constructor(secrets: Readonly<Record<string, string>>) {
    const values = Object.values(secrets).filter((value) => value.length >= shortestRedacted);
    // Longest first: one may be part of another.
    this.#values = [...new Set(values.flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]))].sort((a, b) => b.length - a.length);
    const beginnings = this.#values.flatMap((value) => Array.from({ length: value.length - shortestRedacted }, (_, i) => value.slice(0, -1 - i).replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")));
    this.#cut = beginnings.length === 0 ? undefined : new RegExp(`(?:${beginnings.join("|")})(?=…|\n|$)`, "g");
  }

  text(text: string): string {
    const blotted = this.#values.reduce((blotted, value) => blotted.replaceAll(value, blot), text);
    return this.#cut === undefined ? blotted : blotted.replaceAll(this.#cut, blot);
  }

  /** The fact without secrets in its free texts; names and words of ours cannot hold one. */
  fact<F extends Fact>(fact: F): F {
    if (this.#values.length === 0) return fact;
    return Object.fromEntries(Object.entries(fact).map(([key, value]) => [key, typeof value === "string" && freeTexts.has(key) ? this.text(value) : value])) as F;
  }
}

const freeTexts: ReadonlySet<string> = new Set(["path", "key", "idempotencyKey", "retryAfter", "blame", "failure", "message", "hint", "stack"]);
