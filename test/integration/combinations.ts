import { readFileSync } from "node:fs";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { exchangeFault } from "./http-edge.ts";

/** Faults that end an exchange or answer it, by the names they have in the table of docs/faults.md. */
export const endings: Readonly<Record<string, readonly [type: string, params: JsonObject]>> = {
  error: ["error", { status: 503, body: "in place" }],
  "error reachUpstream": ["error", { status: 502, body: "too late", reachUpstream: true }],
  drop: ["drop", {}],
  reset: ["reset", {}],
  "reset at response": ["reset", { at: "response" }],
  hang: ["hang", {}],
  "hang headers": ["hang", { headers: true }],
  truncate: ["truncate", { afterBytes: "3B" }],
  malformed: ["malformed", {}],
};

export const faultOf = (name: string, as: string): Fault => exchangeFault(endings[name]?.[0] ?? "", endings[name]?.[1] ?? {}, {}, as);

/** Of two of them on one exchange, which acts: the first written or the second, or both. */
export interface Cell {
  readonly first: string;
  readonly second: string;
  readonly word: string;
}

const docs = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8");
const lines = /<!-- table:combinations -->\n([^]*?)\n<!-- \/table -->/.exec(docs)?.[1]?.split("\n").map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim())) ?? [];
const [[, ...names] = [], , ...body] = lines;

/** The table of the docs. */
export const columns: readonly string[] = names;
export const rows: readonly string[] = body.map(([first = ""]) => first);
export const cells: readonly Cell[] = body.flatMap(([first = "", ...words]) => words.map((word, i) => ({ first, second: columns[i] ?? "", word })));

/** The answer that stands, and what ends it on its way. */
export function bothOf({ first, second }: Cell): { readonly answer: string; readonly ending: string } {
  return first.startsWith("error") ? { answer: first, ending: second } : { answer: second, ending: first };
}

/** The faults that are to be recorded as having acted. An error's answer that is reset before its first byte is not seen. */
export function actedIn({ first, second, word }: Cell): readonly string[] {
  if (word !== "both") return [word];
  if (first === "reset at response") return ["first"];
  return second === "reset at response" ? ["second"] : ["first", "second"];
}

/** Which faults a delay beside them is waited out with: written before or behind, on the request's way or on the answer's. */
export const delays = Object.keys(endings).flatMap((name) => {
  const isOnAnswer = name === "error reachUpstream" || name === "reset at response" || name === "hang headers" || name === "truncate" || name === "malformed";
  return ["request", "response"].flatMap((at) => ["before", "behind"].map((place) => {
    const isReached = isOnAnswer ? at === "request" || place === "before" || name === "error reachUpstream" : name === "error" ? at === "response" || place === "before" : at === "request" && place === "before";
    return { name, at, place, isReached, does: isReached ? "is waited out" : "does not act" };
  }));
});
