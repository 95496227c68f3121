import { LineCounter, isAlias, isMap, isScalar, isSeq, parse as parseYaml, parseAllDocuments } from "yaml";
import type { Document, Node, Pair } from "yaml";
import type { Json } from "../model/json.ts";

export type Path = readonly (string | number)[];

/** Offsets into the text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface YamlProblem extends Span {
  readonly code: "not-yaml" | "duplicate-key" | "yaml-feature";
  readonly message: string;
}

/** One document of a file as plain data, which remembers where everything stands. */
export interface YamlDocument {
  /** From 0. */
  readonly document: number;
  readonly value: Json;
  readonly problems: readonly YamlProblem[];
  /** Of the value at a path or of its key; the nearest parent's when the path does not exist. */
  spanOf(path: Path, part: "key" | "value"): Span;
}

export interface YamlSource {
  readonly documents: readonly YamlDocument[];
  /** Line and column, from 1. */
  position(offset: number): { readonly line: number; readonly column: number };
}

/** Aliases may repeat nodes; a file that grows beyond this is a mistake or an attack. */
const maxNodes = 50_000;
const maxDepth = 64;

/** Reads YAML 1.2 (JSON is a subset), several documents, with `<<` merges. Never throws: what is wrong stands in `problems`. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  const documents = "empty" in parsed ? [] : parsed;
  return {
    documents: documents.flatMap((document, number) => (number > 0 && isBlank(document) ? [] : [readDocument(document, number)])),
    position(offset) {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
}

function isBlank({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? "") === ""));
}

/** One scalar as YAML reads it: `3` is a number, `on` a text. */
export function readScalar(text: string): Json {
  const value: unknown = parseYaml(text, { logLevel: "silent" });
  return typeof value === "number" || typeof value === "boolean" ? value : text;
}

function readDocument(document: Document.Parsed, number: number): YamlDocument {
  const spans = new Map<string, { readonly key?: Span; readonly value: Span }>();
  const problems: YamlProblem[] = sound([...document.errors, ...document.warnings]).map(({ code, message, pos }) => ({
    code: code === "DUPLICATE_KEY" ? "duplicate-key" : "not-yaml",
    message: code === "DUPLICATE_KEY" ? "this key stands twice in the same map" : `not YAML: ${lowerFirst(message)}`,
    start: pos[0],
    end: pos[1],
  }));
  const whole = rangeOf(document.contents) ?? { start: document.range[0], end: document.range[0] };
  let nodes = 0;

  const refuse = (node: unknown, message: string): null => {
    problems.push({ code: "yaml-feature", message, ...(rangeOf(node) ?? whole) });
    return null;
  };

  const convert = (node: unknown, path: Path, key?: Span, at?: Span): Json => {
    const span = at ?? rangeOf(node) ?? key ?? whole;
    spans.set(JSON.stringify(path), { ...(key === undefined ? {} : { key }), value: span });
    if (++nodes > maxNodes || path.length > maxDepth) return nodes === maxNodes + 1 || path.length === maxDepth + 1 ? refuse(node, `more than ${maxNodes} values, or nested deeper than ${maxDepth}`) : null;
    if (isAlias(node)) {
      const target = node.resolve(document);
      return target === undefined ? refuse(node, `no anchor &${node.source} before this alias`) : convert(target, path, key, span);
    }
    if (isMap(node)) return Object.fromEntries(node.items.flatMap((pair) => entriesOf(pair, path)));
    if (isSeq(node)) return node.items.map((item, index) => convert(item, [...path, index]));
    return isScalar(node) ? scalarOf(node.value, node) : null;
  };

  const entriesOf = (pair: Pair, path: Path): readonly (readonly [string, Json])[] => {
    const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
    if (name === undefined || name === "__proto__") return refuse(pair.key, name === undefined ? "a key has to be a text" : "this key is not allowed") ?? [];
    if (name === "<<") return mergedOf(pair.value, path);
    return [[name, convert(pair.value, [...path, name], rangeOf(pair.key))]];
  };

  /** `<<: *base` or `<<: [*a, *b]`: their entries, which later keys of the map replace. */
  const mergedOf = (node: unknown, path: Path): readonly (readonly [string, Json])[] => {
    const target = isAlias(node) ? node.resolve(document) : node;
    if (isMap(target)) return target.items.flatMap((pair) => entriesOf(pair, path));
    if (isSeq(target)) return target.items.toReversed().flatMap((item) => mergedOf(item, path));
    return refuse(node, "expected an alias of a map after <<") ?? [];
  };

  const scalarOf = (value: unknown, node: Node): Json => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    return refuse(node, `${typeof value === "bigint" || typeof value === "number" ? String(value) : "this"} is no value that an experiment can hold`);
  };

  const value = convert(document.contents, []);
  return {
    document: number,
    value,
    problems,
    spanOf(path, part) {
      for (let length = path.length; length >= 0; length--) {
        const span = spans.get(JSON.stringify(path.slice(0, length)));
        // Of a parent only its key is shown, not all that it holds.
        if (span !== undefined) return length < path.length || part === "key" ? span.key ?? span.value : span.value;
      }
      return whole;
    },
  };
}

/** Where the text stops being YAML all that follows is guessed: of those errors only the first says something. */
function sound<E extends { readonly code: string }>(errors: readonly E[]): readonly E[] {
  const first = errors.find(({ code }) => code !== "DUPLICATE_KEY");
  return errors.filter((error) => error.code === "DUPLICATE_KEY" || error === first);
}

function rangeOf(node: unknown): Span | undefined {
  const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
  if (!Array.isArray(range)) return undefined;
  const [start, end]: unknown[] = range;
  return typeof start === "number" && typeof end === "number" ? { start, end } : undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
