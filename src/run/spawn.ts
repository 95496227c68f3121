import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** How a process ended; neither is set when that is not known. */
export interface Exit {
  readonly code?: number;
  readonly signal?: string;
}

/** To the supervisor; see supervisor.js. */
export type SupervisorRequest =
  | { readonly kind: "start"; readonly file: string; readonly args: readonly string[]; readonly shell: boolean; readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly stopWithinMs: number }
  | { readonly kind: "watch"; readonly pid: number }
  | { readonly kind: "forget"; readonly pid: number }
  /** To every process of its service. */
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "stop" };

export type SupervisorMessage =
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "not-started"; readonly message: string }
  | { readonly kind: "signalled"; readonly isThere: boolean }
  | ({ readonly kind: "exited" } & Exit)
  | { readonly kind: "ended"; readonly left: readonly number[] };

/** A supervisor process: when we end, however we do, it ends the process groups in its care. */
export interface Supervisor {
  readonly output: readonly Readable[];
  send(request: SupervisorRequest): void;
  onMessage(listener: (message: SupervisorMessage) => void): void;
  /** It is gone. */
  onExit(listener: () => void): void;
}

export function spawnSupervisor(): Supervisor {
  const script = fileURLToPath(new URL("./supervisor.js", import.meta.url));
  // Its own environment is empty: what NODE_OPTIONS asks is meant for us or for the service.
  const subprocess = execa(process.execPath, [script], {
    ipc: true, serialization: "json", detached: true, stdin: "ignore", stdout: "pipe", stderr: "pipe", buffer: false, reject: false, extendEnv: false, env: {},
  });
  return {
    output: [subprocess.stdout, subprocess.stderr],
    // A channel that has closed is told by its exit.
    send: (request) => void subprocess.send(request, () => undefined),
    onMessage: (listener) => void subprocess.on("message", listener),
    onExit: (listener) => void subprocess.on("exit", listener).on("error", listener),
  };
}

/** A command in a process group of its own. */
export interface Command {
  /** Undefined: it could not be started. */
  readonly pid: number | undefined;
  readonly stdout: Readable;
  /** It has ended and all its output has come, or it could not be started (`failure`, a system error code). */
  readonly ended: Promise<Exit & { readonly failure?: string }>;
}

export function spawnCommand(command: readonly string[], options: { readonly shell: boolean; readonly cwd: string; readonly env: Readonly<Record<string, string>> }): Command {
  const [file = "", ...args] = command;
  const subprocess = execa(file, args, { ...options, detached: true, stdin: "ignore", stdout: "pipe", stderr: "ignore", buffer: false, reject: false, extendEnv: false });
  return {
    pid: subprocess.pid,
    stdout: subprocess.stdout,
    ended: subprocess.then(({ exitCode, signal, code }) => ({
      ...(exitCode === undefined ? {} : { code: exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(exitCode === undefined && signal === undefined ? { failure: code ?? "not started" } : {}),
    })),
  };
}

/** Ends a process group at once. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
