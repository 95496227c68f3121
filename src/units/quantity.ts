/** Numbers with units as people write them, to and from base units: ms, bytes, share 0..1, factor, per second, bytes per second. */

export type QuantityKind = "duration" | "size" | "share" | "factor" | "rate" | "throughput" | "count";

interface Kind {
  readonly noun: string;
  /** Unit → how many base units it is. */
  readonly units: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
}

const seconds = { s: 1, sec: 1, min: 60, m: 60, h: 3600 };
const decimalBytes = { B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

const kinds: Readonly<Record<QuantityKind, Kind>> = {
  duration: { noun: "a duration", units: { us: 0.001, ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }, examples: ["250ms", "2s", "1m"] },
  size: { noun: "a size", units: decimalBytes, examples: ["64KiB", "1MB"] },
  share: { noun: "a share", units: { "%": 0.01 }, examples: ["5%", "99.9%"] },
  factor: { noun: "a factor", units: { x: 1 }, examples: ["2x", "1.5x"] },
  rate: { noun: "a rate", units: Object.fromEntries(Object.entries(seconds).map(([unit, n]) => [`/${unit}`, 1 / n])), examples: ["25/s", "300/min"] },
  throughput: {
    noun: "a throughput",
    units: Object.fromEntries(Object.entries(decimalBytes).flatMap(([unit, n]) => Object.entries(seconds).map(([per, s]) => [`${unit}/${per}`, n / s]))),
    examples: ["100KB/s", "1MiB/s"],
  },
  count: { noun: "a whole number", units: { "": 1 }, examples: ["3"] },
};

/** What the author should have written, such as `a duration like "250ms" or "2s"`. */
export function expectedForm(kind: QuantityKind): string {
  const { noun, examples } = kinds[kind];
  return kind === "count" ? noun : `${noun} like ${examples.slice(0, 2).map((e) => `"${e}"`).join(" or ")}`;
}

/** Examples of how a quantity is written. */
export function examplesOf(kind: QuantityKind): readonly string[] {
  return kinds[kind].examples;
}

/** Source of a regular expression for a quantity, unanchored, for the published JSON Schema. */
export function patternOf(kind: QuantityKind): string {
  const units = Object.keys(kinds[kind].units);
  return `(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:e[+-]?\\d+)?\\s*(?:${units.join("|")})`;
}

const numberAndUnit = /^\s*(-?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)\s*([a-zA-Z%/]*)\s*$/;

/**
 * Parses one quantity into base units.
 * Returns a string that says what was expected and got when the text is not one.
 */
export function parseQuantity(kind: QuantityKind, text: string | number): number | string {
  const { units } = kinds[kind];
  if (typeof text === "number" && kind !== "count") {
    return `expected ${expectedForm(kind)}, got the bare number ${text}: write its unit (${suggestions(kind, text).join(" or ")})`;
  }
  const parts = numberAndUnit.exec(String(text));
  const unit = parts?.[2] ?? "";
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (parts === null || factor === undefined) {
    const bare = parts !== null && unit === "";
    return `expected ${expectedForm(kind)}, got "${text}"${bare ? `: write its unit (${suggestions(kind, Number(parts[1])).join(" or ")})` : ""}`;
  }
  const value = Number(parts[1]) * factor;
  if (!Number.isFinite(value) || (kind === "count" && !Number.isInteger(value))) return `expected ${expectedForm(kind)}, got "${text}"`;
  if (value < 0) return `expected ${expectedForm(kind)}, got the negative "${text}"`;
  // 0.1 * 0.01 and the like: keep twelve digits, so that "99.9%" is 0.999.
  return Number(value.toPrecision(12));
}

function suggestions(kind: QuantityKind, n: number): readonly string[] {
  if (kind === "share") return n > 0 && n < 1 ? [`"${Number((n * 100).toPrecision(6))}%"`] : [`"${n}%"`];
  if (kind === "duration") return n >= 1000 && n % 1000 === 0 ? [`"${n / 1000}s"`, `"${n}ms"`] : [`"${n}ms"`, `"${n}s"`];
  return Object.keys(kinds[kind].units).slice(0, 2).map((unit) => `"${n}${unit}"`);
}
