import { ChaosError } from "../model/error.ts";
import type { Event, JournalHeader } from "../model/event.ts";
import type { JsonLines } from "./json-lines.ts";

const schema = "chaos/journal/1";

/** The first line of a journal, without its line break. */
export function encodeHeader(header: JournalHeader): string {
  return JSON.stringify(header);
}

/** Adds one line of a journal; times keep three decimals (1 µs). */
export function encodeEvent(event: Event, lines: JsonLines): void {
  lines.add(event);
}

/** Throws ChaosError `journal-unreadable` when the line is no header of a version that is understood. */
export function decodeHeader(line: string): JournalHeader {
  const value = parseLine(line, 1);
  const found: unknown = Reflect.get(value, "schema");
  if (found !== schema) {
    const got = typeof found === "string" ? `"${found}"` : "none";
    throw unreadable(1, `expected the schema "${schema}", got ${got}`, "give the journal of a run, and the version of chaos that wrote it or a newer one");
  }
  if (!isHeader(value)) throw unreadable(1, "expected a header with runId, tracePrefix and plan", "the file was changed or cut: take the journal as the run wrote it");
  return value;
}

/** Throws ChaosError `journal-unreadable` when the line is no event. `lineNumber` counts from 1, the header included. */
export function decodeEvent(line: string, lineNumber?: number): Event {
  const value = parseLine(line, lineNumber);
  if (!isEvent(value)) throw unreadable(lineNumber, `expected an event with kind, seq and atMs, got ${excerpt(line)}`, "the file was changed: take the journal as the run wrote it");
  return value;
}

/** What a reader relies on to go on; the rest of a line is as its writer's version had it. */
function isHeader(value: object): value is JournalHeader {
  return has(value, "runId", "string") && has(value, "tracePrefix", "string") && has(value, "plan", "object");
}

function isEvent(value: object): value is Event {
  return has(value, "kind", "string") && has(value, "seq", "number") && has(value, "atMs", "number");
}

function has(value: object, key: string, type: "string" | "number" | "object"): boolean {
  const field: unknown = Reflect.get(value, key);
  return typeof field === type && field !== null;
}

function parseLine(line: string, lineNumber: number | undefined): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw unreadable(lineNumber, `expected a JSON object, got ${excerpt(line)}`, "give the journal of a run (NDJSON), not its report");
}

function unreadable(lineNumber: number | undefined, what: string, hint: string): ChaosError {
  return new ChaosError("journal-unreadable", `journal${lineNumber === undefined ? "" : `, line ${lineNumber}`}: ${what}`, { hint });
}

function excerpt(line: string): string {
  return line === "" ? "an empty line" : `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;
}
