import type { Experiment } from "../model/experiment.ts";
import { ChaosError } from "../model/error.ts";
import type { Issue } from "../model/issue.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { suggest } from "./did-you-mean.ts";
import type { Finding, Place } from "./finding.ts";
import { issueAt, toIssue } from "./finding.ts";
import { lint } from "./lint.ts";
import { readExperiment } from "./read-experiment.ts";
import { replaceVariables } from "./variables.ts";
import type { YamlDocument } from "./yaml-source.ts";
import { readYaml } from "./yaml-source.ts";

export interface ParseOptions {
  /** As the user named it, for issues. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the command line; they replace those of the file. */
  readonly vars: Readonly<Record<string, Json>>;
}

export interface ParsedDocument {
  /** Its number in the file, from 0. */
  readonly document: number;
  /** Absent when an issue is an error. */
  readonly experiment?: Experiment;
  readonly issues: readonly Issue[];
}

export interface ParsedFile {
  readonly documents: readonly ParsedDocument[];
  /** Of all documents, in the order of the file. */
  readonly issues: readonly Issue[];
}

/** Reads an experiment file: every document as an experiment, or all that is wrong with it at its place. Never throws for what the text says. */
export function parse(text: string, options: ParseOptions): ParsedFile {
  const source = readYaml(text);
  const place: Place = { text, file: options.file, source };
  if (source.documents.length === 0) {
    const issue = issueAt({ start: 0, end: 0 }, { code: "empty", severity: "error", message: "expected an experiment, got an empty file", hint: "`chaos init` writes one to begin with" }, place);
    return { documents: [], issues: [issue] };
  }
  const used = new Set<string>();
  const documents = source.documents.map((document) => parseDocument(document, place, options, used));
  const unused = Object.keys(options.vars).filter((name) => !used.has(name));
  const strangers = unused.map((name): Issue => ({ code: "unused-variable", severity: "warning", message: `the variable "${name}" is given, and neither declared nor used`, hint: suggest(name, used), file: options.file }));
  return { documents, issues: [...documents.flatMap(({ issues }) => issues), ...strangers] };
}

function parseDocument(document: YamlDocument, place: Place, options: ParseOptions, used: Set<string>): ParsedDocument {
  const issues: Issue[] = document.problems.map(({ code, message, start, end }) => issueAt({ start, end }, { code, severity: "error", message }, place));
  const report = (finding: Finding): void => {
    issues.push(toIssue(finding, document, place));
  };
  const done = (experiment?: Experiment): ParsedDocument => {
    const failed = issues.some(({ severity }) => severity === "error");
    return { document: document.document, ...(experiment === undefined || failed ? {} : { experiment }), issues: inOrder(issues) };
  };
  const { value } = document;
  if (document.problems.some(({ code }) => code === "not-yaml")) return done();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report({ code: "wrong-type", message: "expected an experiment: a map with version, title, …", hint: "`chaos init` writes one to begin with", path: [] });
    return done();
  }
  const given = value as JsonObject;
  if (Object.hasOwn(given, "method")) {
    report({ code: "chaos-toolkit", message: `a Chaos Toolkit experiment: \`chaos import ${options.file}\``, hint: "it has method: at the top level. This version has no import yet: run it by Chaos Toolkit, whose command is also called chaos (this one is chaos-judge, too)", path: ["method"], part: "key" });
    return done();
  }
  const unfilled = new Set<string>();
  const replaced = replaceVariables(given, { env: options.env, given: options.vars }, (finding) => {
    if (finding.severity !== "warning") unfilled.add(JSON.stringify(finding.path));
    report(finding);
  });
  for (const name of replaced.known) used.add(name);
  // What is wrong with a value whose placeholder could not be filled is the placeholder.
  const experiment = readExperiment(replaced.value, replaced.secrets, (finding) => {
    if (!unfilled.has(JSON.stringify(finding.path))) report(finding);
  });
  if (experiment !== undefined && issues.every(({ severity }) => severity === "warning")) for (const finding of lint(experiment)) report({ severity: "warning", ...finding });
  return done(experiment);
}

function inOrder(issues: readonly Issue[]): readonly Issue[] {
  return issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Variables from a YAML or JSON file. Throws ChaosError `bad-vars` when it is no map. */
export function parseVars(text: string, file: string): Readonly<Record<string, Json>> {
  const source = readYaml(text);
  const [document] = source.documents;
  const problem = document?.problems[0];
  if (problem !== undefined) {
    const { line, column } = source.position(problem.start);
    throw new ChaosError("bad-vars", `${file}:${line}:${column}: ${problem.message}`);
  }
  const value = document?.value ?? {};
  if (typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  throw new ChaosError("bad-vars", `${file}: expected a map of variables, got ${Array.isArray(value) ? "a list" : JSON.stringify(value)}`, { hint: "such as: retries: off" });
}
