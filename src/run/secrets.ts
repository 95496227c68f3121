import { ChaosError } from "../model/error.ts";
import type { Fact } from "../model/event.ts";
import type { Plan } from "../model/plan.ts";
import { segmentsOf } from "../experiment/placeholder.ts";
import { shortestRedacted } from "../experiment/secret-names.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const blot = "[redacted]";

/** Values of the plan's secrets from the environment. Throws ChaosError `secret-missing`. */
export function resolveSecrets(plan: Plan, env: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(plan.experiment.secrets).map((name) => [name, piecesOf(plan, name, env).map(({ text }) => text).join("")]));
}

/** Blots out the secrets of a plan, and what they take from the environment: of `Bearer ${env.KEY}` the key alone too. Throws ChaosError `secret-missing`. */
export function redactorOf(plan: Plan, env: Environment): Redactor {
  const pieces = Object.keys(plan.experiment.secrets).flatMap((name) => piecesOf(plan, name, env));
  return new Redactor([...Object.values(resolveSecrets(plan, env)), ...pieces.flatMap(({ text, isSecret }) => (isSecret ? [text] : []))]);
}

function piecesOf(plan: Plan, name: string, env: Environment): readonly { readonly text: string; readonly isSecret: boolean }[] {
  return segmentsOf(plan.experiment.secrets[name]?.template ?? "").map((segment) => {
    if (typeof segment === "string") return { text: segment, isSecret: false };
    const text = env[segment.name] || segment.fallback || env[segment.name];
    if (text === undefined) throw new ChaosError("secret-missing", `secret ${name} comes from the environment variable ${segment.name}, which is not set`, { hint: `set it: ${segment.name}=… chaos run ${plan.file}` });
    return { text, isSecret: true };
  });
}

/** Blots out the values of secrets, as they are and as they stand in URLs and JSON, line by line and on one line, and what is left of one where a text was cut. */
export class Redactor {
  readonly #values: readonly string[];
  /** The beginnings of values at the end of a line or of an excerpt. */
  readonly #cut: RegExp | undefined;

  constructor(secrets: readonly string[]) {
    const values = secrets.flatMap((value) => [value, value.replaceAll(/\s+/g, " "), ...value.split(/\s*\n\s*/)]).filter((value) => value.length >= shortestRedacted);
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

/** Does something whose errors go to the user before there is a journal: they are told without secrets. */
export function withoutSecrets<T>(redactor: Redactor, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error;
    throw new ChaosError(error.code, redactor.text(error.message), error.hint === undefined ? {} : { hint: redactor.text(error.hint) });
  }
}

const freeTexts: ReadonlySet<string> = new Set(["path", "key", "idempotencyKey", "retryAfter", "blame", "failure", "message", "hint", "stack", "output"]);
