import type { Output } from "./command.ts";
import { issueText } from "./issue-text.ts";

/** The system's code of an error, such as `ENOENT`; empty when it has none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether it is a ChaosError: told by its name, because the class is loaded with the API only. */
export function isOurs(error: unknown): error is Error {
  return error instanceof Error && error.name === "ChaosError";
}

/** System errors that say that something has run out: no defect, whatever was to be opened or written. */
const shortages: Readonly<Record<string, { readonly code: string; readonly message: string; readonly hint: string }>> = {
  ENOSPC: { code: "no-space", message: "what is written to is full", hint: "make room there, or write elsewhere" },
  EMFILE: { code: "open-files", message: "the limit of open files is reached", hint: "raise it (ulimit -n 4096): the program itself needs up to 200 at its start, each connection through a proxy two" },
  ENFILE: { code: "open-files", message: "the system's limit of open files is reached", hint: "raise it (sysctl fs.file-max), or end what holds so many" },
};

/** An error as an issue: one of ours says what to do, any other is a defect of this program. With `verbose` causes and stacks are shown. */
export function errorText(error: unknown, output: Output, verbose: boolean): string {
  if (!isOurs(error)) {
    const message = verbose ? traceOf(error) : messageOf(error);
    const shortage = shortages[systemCode(error)];
    if (shortage !== undefined) return issueText({ code: shortage.code, severity: "error", message: `${shortage.message}: ${message}`, hint: shortage.hint }, output);
    return issueText({ code: "defect", severity: "error", message: `this should not happen: ${message}`, hint: "please report it, with the output of --verbose" }, output);
  }
  const hint = "hint" in error && typeof error.hint === "string" ? { hint: error.hint } : {};
  const cause = verbose && error.cause !== undefined ? `${traceOf(error.cause)}\n` : "";
  return issueText({ code: systemCode(error), severity: "error", message: error.message, ...hint }, output) + cause;
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
