/**
 * The journal: a run as lines of JSON (NDJSON), the plan first, then one event per line.
 * May import: model, units, math. Pure: files are opened by the run and the command line.
 * To add an event: a member of a union in model/event.ts; a field is added, never renamed, within `chaos/journal/1`.
 */
export { encodeEvent, encodeHeader } from "./codec.ts";
export { JsonLines } from "./json-lines.ts";
export { readJournal } from "./read.ts";
