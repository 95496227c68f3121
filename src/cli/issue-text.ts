import type { Issue } from "./api.ts";
import type { Output } from "./command.ts";
import { paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { wrap } from "./wrap.ts";

/**
 * An issue as compilers print it: `file:line:col: error: message`, the source around it, what to do.
 * On a terminal it is fitted to the width; elsewhere the first line stays whole, for programs that look for it.
 */
export function issueText(issue: Issue, { colour, live, width }: Pick<Output, "colour" | "live" | "width">): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).map((part) => printable(String(part))).join(":");
  const fitted = (text: string, indent: string): string => (live ? wrap(text, width - indent.length).join(`\n${indent}`) : text);
  const head = fitted(`${place === "" ? "" : `${place}: `}${issue.severity}: ${printable(issue.message)} [${issue.code}]`, "  ")
    .replace(place, paint(colour, "bold", place))
    .replace(`${issue.severity}:`, `${paint(colour, issue.severity === "error" ? "red" : "yellow", issue.severity)}:`);
  const source = issue.frame === undefined ? undefined : printable(issue.frame);
  const frame = source === undefined ? [] : (live ? cropped(source.split("\n"), width) : [source]);
  const hint = issue.hint === undefined ? [] : [`  ${paint(colour, "cyan", "help")}: ${fitted(printable(issue.hint), "        ")}`];
  return `${[head, ...frame, ...hint].join("\n")}\n`;
}

/** The part of a code frame around its caret that fits. */
function cropped(frame: readonly string[], width: number): readonly string[] {
  const caret = frame.find((line) => /\|\s*\^+$/.test(line)) ?? "";
  const gutter = caret.indexOf("|") + 2;
  const room = width - gutter;
  const column = caret.indexOf("^") - gutter;
  const cut = column + 20 > room ? Math.max(0, column - Math.floor(room / 2)) : 0;
  return frame.map((line) => (line.slice(0, gutter) + line.slice(gutter + cut, gutter + cut + room)).trimEnd());
}

/** `3 errors, 1 warning`; empty when there is none. */
export function issueCount(issues: readonly Issue[]): string {
  const count = (severity: Issue["severity"]): string[] => {
    const n = issues.filter((issue) => issue.severity === severity).length;
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? "" : "s"}`];
  };
  return [...count("error"), ...count("warning")].join(", ");
}
