/**
 * The command line: reads arguments, calls the public API, writes what comes back. May import src/index.ts and its own files only,
 * and loads the former when a command needs it. To add a subcommand: see commands/index.ts.
 */
import { readFileSync } from "node:fs";
import type { Context, InterruptSignal } from "./command.ts";
import { commands } from "./commands/index.ts";
import { errorText, isOurs, systemCode } from "./error-text.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";
import { carryOut } from "./program.ts";
import { outputOf } from "./terminal.ts";

/** Carries a command line out. Returns the exit code; the process ends by itself when all is closed. */
export async function main(argv: readonly string[], context: Context = systemContext(argv)): Promise<number> {
  const tell = (error: unknown): void => context.stderr.write(errorText(error, context.stderr, argv.includes("--verbose")));
  // Never taken away: what comes after the end is no better with a stack of Node's.
  context.onDefect((error) => {
    tell(error);
    context.exitNow(exitCodes.failed);
  });
  try {
    return await carryOut(commands, context, argv, version());
  } catch (error) {
    tell(error);
    return isOurs(error) ? exitCodeOf(systemCode(error)) : exitCodes.failed;
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}

function systemContext(argv: readonly string[]): Context {
  return {
    api: () => import("../index.ts"),
    remote: () => import("../remote.ts"),
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
    onHangUp: (listener) => {
      process.on("SIGHUP", listener);
      return () => void process.off("SIGHUP", listener);
    },
    onDefect: defectsOf(process),
    exitNow: (code) => process.exit(code),
  };
}

/** Rejections that nobody handles come this way too (`--unhandled-rejections=throw`, the default). */
function defectsOf(source: NodeJS.Process): Context["onDefect"] {
  const listeners: ((error: unknown) => void)[] = [];
  source.on("uncaughtException", (error) => listeners.at(-1)?.(error));
  return (listener) => {
    listeners.push(listener);
    return () => void listeners.splice(listeners.lastIndexOf(listener), 1);
  };
}
