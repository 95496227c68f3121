import type { Issue } from "./api.ts";
import { paint } from "./paint.ts";

/** An issue as compilers print it: `file:line:col: error: message`, the source around it, what to do. */
export function issueText(issue: Issue, colour: boolean): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(":");
  const severity = paint(colour, issue.severity === "error" ? "red" : "yellow", issue.severity);
  const head = `${place === "" ? "" : `${paint(colour, "bold", place)}: `}${severity}: ${issue.message} ${paint(colour, "dim", `[${issue.code}]`)}`;
  const frame = issue.frame === undefined ? [] : [issue.frame.replace(/\n+$/, "")];
  const hint = issue.hint === undefined ? [] : [`  ${paint(colour, "cyan", "help")}: ${issue.hint}`];
  return `${[head, ...frame, ...hint].join("\n")}\n`;
}

/** `3 errors, 1 warning`; empty when there is none. */
export function issueCount(issues: readonly Issue[]): string {
  const count = (severity: Issue["severity"]): string[] => {
    const n = issues.filter((issue) => issue.severity === severity).length;
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? "" : "s"}`];
  };
  return [...count("error"), ...count("warning")].join(", ");
}
