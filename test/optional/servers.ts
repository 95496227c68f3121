import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { userInfo } from "node:os";

/** Where Debian keeps programs that are not on the PATH of everybody. */
const further = ["/usr/sbin", ...versionsOf("/usr/lib/postgresql").map((version) => `/usr/lib/postgresql/${version}/bin`)];

function versionsOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort().reverse();
  } catch {
    return [];
  }
}

/** Where a program is; absent when this machine has none. */
export function findProgram(name: string): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...further].map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Those of the programs that are missing, as a reason to skip: "needs redis-server (Debian: redis-server)". */
export function missing(programs: readonly string[], packages: string): string | undefined {
  const lacking = programs.filter((name) => findProgram(name) === undefined);
  return lacking.length === 0 ? undefined : `skipped: needs ${lacking.join(", ")} (Debian: ${packages})`;
}

/** A folder that every user may write to, and how to be rid of it. */
export function makeFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync("/tmp/chaos-optional-");
  chmodSync(path, 0o777);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A command line for a program that refuses to be run by root. */
export function asUser(user: string, command: string, args: readonly string[]): readonly [string, readonly string[]] {
  return userInfo().uid === 0 ? ["runuser", ["-u", user, "--", command, ...args]] : [command, args];
}

/** Runs a program to its end; throws with its output when it fails. */
export async function runProgram(command: string, args: readonly string[], options: { readonly input?: Buffer } = {}): Promise<Buffer> {
  const child = spawn(command, args, { stdio: "pipe" });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input);
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`${command} ended with ${child.exitCode ?? child.signalCode}: ${Buffer.concat([...out, ...err]).toString().slice(-500)}`);
  return Buffer.concat(out);
}

/** A server that is running; resolves when its port answers. */
export async function startServer(command: string, args: readonly string[], port: number): Promise<{ readonly stop: () => Promise<void> }> {
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  const ended = once(child, "exit");
  for (let isUp = false; !isUp; ) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode} before its port answered`);
    isUp = await answers(port);
  }
  return {
    stop: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
      await ended;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => setTimeout(() => resolve(false), 50));
  });
}
