import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Event } from "../../src/model/event.ts";
import type { Report } from "../../src/model/report.ts";

const bin = fileURLToPath(new URL("../../bin/chaos.js", import.meta.url));

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../e2e/fixtures/${name}`, import.meta.url));
}

export interface ChaosOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Starts the published entry point, without a terminal and without the colours of the test's own environment. */
export function start(args: readonly string[], { cwd, env = {}, input }: ChaosOptions) {
  const { FORCE_COLOR: _forced, NO_COLOR: _none, COLUMNS: _columns, ...inherited } = process.env;
  return execa(process.execPath, [bin, ...args], { cwd, env: { ...inherited, ...env }, extendEnv: false, reject: false, stripFinalNewline: false, ...(input === undefined ? { stdin: "ignore" } : { input }) });
}

/** Runs it to its end. */
export async function chaos(args: readonly string[], options: ChaosOptions): Promise<{ readonly exitCode: number | undefined; readonly stdout: string; readonly stderr: string }> {
  const { exitCode, stdout, stderr } = await start(args, options);
  return { exitCode, stdout, stderr };
}

/** Runs again, a few times, when this machine was too busy to judge by, as the JSON report on stdout says, or for the services to be sound; every other answer stands. */
export async function chaosUndisturbed(args: readonly string[], options: ChaosOptions): Promise<{ readonly exitCode: number | undefined; readonly stdout: string; readonly stderr: string }> {
  let ran = await chaos(args, options);
  for (let again = 0; again < 8 && (ran.exitCode === 4 || (ran.exitCode === 3 && /"because": "[^"]*disturbed|"code": "disturbed"/.test(ran.stdout))); again += 1) ran = await chaos(args, options);
  return ran;
}

/** A folder to run in, where `.chaos/` and reports go. */
export async function scratchFolder(): Promise<{ readonly path: string; file(name: string): string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "chaos-e2e-"));
  return { path, file: (name) => join(path, name), remove: () => rm(path, { recursive: true, force: true }) };
}

/** What a journal holds so far; the header is left out. */
export async function eventsIn(path: string): Promise<readonly Event[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").slice(1, -1).map((line) => {
    const event: Event = JSON.parse(line);
    return event;
  });
}

/** A report as the JSON reporter wrote it. */
export function readReport(text: string): Report {
  const report: Report = JSON.parse(text);
  return report;
}

/** Asks again every 25 ms until there is an answer. The test's own timeout ends a wait for nothing. */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
}

/** The first event of a kind, as soon as the journal has it. */
export function eventOf<K extends Event["kind"]>(path: string, kind: K): Promise<Extract<Event, { kind: K }>> {
  return eventually(async () => (await eventsIn(path)).find((event): event is Extract<Event, { kind: K }> => event.kind === kind));
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function isListening(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host }, () => {
      // Where nobody listens, a connection may be given the very port that it seeks, and meets itself.
      const isAlone = socket.localPort === port;
      socket.destroy();
      resolve(!isAlone);
    });
    socket.once("error", () => resolve(false));
  });
}
