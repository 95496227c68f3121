import type { Issue } from "../model/issue.ts";
import { codeFrame } from "./code-frame.ts";
import type { Path, Span, YamlDocument, YamlSource } from "./yaml-source.ts";

/** Something found at a path of a document, before it is placed in the text. */
export interface Finding {
  readonly code: string;
  readonly severity?: "error" | "warning";
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path: Path;
  /** Whether the key or the value is meant; default the value. */
  readonly part?: "key" | "value";
  /** A piece of the value's text to point at. */
  readonly piece?: string;
}

export type Report = (finding: Finding) => void;

export interface Place {
  readonly text: string;
  readonly file: string;
  readonly source: YamlSource;
}

export function toIssue({ code, severity = "error", message, hint, path, part = "value", piece }: Finding, document: YamlDocument, place: Place): Issue {
  const whole = document.spanOf(path, part);
  const offset = piece === undefined ? -1 : place.text.slice(whole.start, whole.end).indexOf(piece);
  const span = offset < 0 || piece === undefined ? whole : { start: whole.start + offset, end: whole.start + offset + piece.length };
  return issueAt(span, { code, severity, message, ...(hint === undefined ? {} : { hint }) }, place);
}

export function issueAt(span: Span, issue: Pick<Issue, "code" | "severity" | "message" | "hint">, { text, file, source }: Place): Issue {
  const { line, column } = source.position(span.start);
  return { ...issue, file, line, column, frame: codeFrame(text, { line, column, length: span.end - span.start }) };
}
