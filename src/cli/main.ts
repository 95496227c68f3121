/**
 * The command line: reads arguments, calls the public API, writes what comes back. May import src/index.ts and its own files only,
 * and loads the former when a command needs it. To add a subcommand: see commands/index.ts.
 */
import { readFileSync } from "node:fs";
import type { Context, InterruptSignal } from "./command.ts";
import { commands } from "./commands/index.ts";
import { exitCodes } from "./exit-code.ts";
import { issueText } from "./issue-text.ts";
import { carryOut } from "./program.ts";
import { outputOf } from "./terminal.ts";

/** Carries a command line out. Returns the exit code; the process ends by itself when all is closed. */
export async function main(argv: readonly string[], context: Context = systemContext(argv)): Promise<number> {
  try {
    return await carryOut(commands, context, argv, version());
  } catch (error) {
    return fail(error, context, argv.includes("--verbose"));
  }
}

/** Errors of ours say what to do and are the user's to mend (2), or the run's (6); any other is a defect of this program (6). */
function fail(error: unknown, { stderr }: Context, verbose: boolean): number {
  if (error instanceof Error && error.name === "ChaosError" && "code" in error) {
    const hint = "hint" in error && typeof error.hint === "string" ? { hint: error.hint } : {};
    stderr.write(issueText({ code: String(error.code), severity: "error", message: error.message, ...hint }, stderr.colour));
    if (verbose && error.cause !== undefined) stderr.write(`${describe(error.cause)}\n`);
    return exitCodes.refused;
  }
  const message = error instanceof Error && !verbose ? error.message : describe(error);
  stderr.write(issueText({ code: "defect", severity: "error", message: `this should not happen: ${message}`, hint: "please report it, with the output of --verbose" }, stderr.colour));
  return exitCodes.failed;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}

function systemContext(argv: readonly string[]): Context {
  return {
    api: () => import("../index.ts"),
    stdout: outputOf(process.stdout, process.env, argv),
    stderr: outputOf(process.stderr, process.env, argv),
    stdin: process.stdin,
    env: process.env,
    onInterrupt: (listener) => {
      const signals: readonly InterruptSignal[] = ["SIGINT", "SIGTERM"];
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}
