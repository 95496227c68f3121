import { setImmediate as nextTurn } from "node:timers/promises";
import type { Env } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import { deferred } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import { OutputTail } from "./output-tail.ts";
import { killGroup, spawnSupervisor } from "./spawn.ts";
import type { Exit, Supervisor, SupervisorMessage } from "./spawn.ts";

/** A service (replica) as it is to be started; nothing in it is a template. */
export interface ServiceCommand {
  /** Service name, `service#2` for a replica. */
  readonly name: string;
  readonly command: readonly string[];
  readonly shell: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stopWithinMs: number;
}

/** Beyond the grace that a service has, its supervisor may take so long to answer that all are gone. */
const supervisorSlackMs = 5_000;
const shownLines = 10;

/** One process of a service, under its supervisor. */
export class ServiceProcess {
  readonly name: string;
  readonly output = new OutputTail();
  readonly #command: ServiceCommand;
  readonly #supervisor: Supervisor;
  readonly #started = deferred<number>();
  readonly #exited = deferred<Exit>();
  /** Process groups that could not be ended. */
  readonly #groupEnded = deferred<readonly number[]>();
  #signalled: Deferred<boolean> | undefined;
  #pid: number | undefined;
  #isStopping = false;

  constructor(command: ServiceCommand) {
    this.name = command.name;
    this.#command = command;
    this.#supervisor = spawnSupervisor();
    this.#supervisor.onMessage((message) => this.#hear(message));
    this.#supervisor.onExit(() => this.#orphaned());
    for (const stream of this.#supervisor.output) stream.setEncoding("utf8").on("data", (chunk: string) => this.output.add(chunk));
  }

  /** Resolves when the process has ended, asked to or not. */
  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Whether it was asked to end. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Its last lines, oldest first, with all that it wrote before it ended; to be asked once it has. */
  async lastLines(): Promise<readonly string[]> {
    // Its exit comes by another way than its output, which lies ready by now: the next turn of the event loop reads it.
    await nextTurn();
    await nextTurn();
    return this.output.last(shownLines);
  }

  /** Its last lines, to be put after what is told of it. */
  lastWords(): string {
    const lines = this.output.last(shownLines);
    return lines.length === 0 ? "; it wrote nothing" : `; its last lines:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  }

  /** Resolves to its process id; throws ChaosError `service-not-started`. */
  async start(): Promise<number> {
    const { command, shell, cwd, env, stopWithinMs } = this.#command;
    const [file = "", ...args] = command;
    this.#supervisor.send({ kind: "start", file, args, shell, cwd, env, stopWithinMs });
    return this.#started.promise;
  }

  /** Sends a signal to the whole process group; resolves to whether there is one. One at a time. */
  async signal(signal: NodeJS.Signals): Promise<boolean> {
    if (this.#pid === undefined) return false;
    this.#signalled = deferred();
    this.#supervisor.send({ kind: "signal", signal });
    return this.#signalled.promise;
  }

  /** Ends the whole process group: SIGTERM, then SIGKILL. Throws ChaosError `service-left` when a process could not be ended. */
  async stop(env: Env): Promise<void> {
    this.#isStopping = true;
    this.#supervisor.send({ kind: "stop" });
    const timer = env.after(this.#command.stopWithinMs + supervisorSlackMs, () => this.#groupEnded.resolve(this.#pid === undefined ? [] : [this.#pid]));
    const left = await this.#groupEnded.promise;
    timer.cancel();
    if (left.length > 0) throw new ChaosError("service-left", `service ${this.name} could not be ended: process group ${left.join(", ")} is still there`, { hint: `end it by hand: kill -9 ${left.map((pid) => `-${pid}`).join(" ")}` });
  }

  #hear(message: SupervisorMessage): void {
    switch (message.kind) {
      case "started":
        this.#pid = message.pid;
        return this.#started.resolve(message.pid);
      case "not-started": {
        const { command, cwd } = this.#command;
        return this.#started.reject(new ChaosError("service-not-started", `service ${this.name} could not be started: ${message.message}`, { hint: `check its command and cwd: ${command.join(" ")} in ${cwd}` }));
      }
      case "signalled":
        return this.#signalled?.resolve(message.isThere);
      case "exited": {
        const { kind: _, ...exit } = message;
        return this.#exited.resolve(exit);
      }
      case "ended":
        this.#pid = undefined;
        return this.#groupEnded.resolve(message.left);
    }
  }

  /** A supervisor that was killed leaves its service to us; one that has done its work leaves nothing. */
  #orphaned(): void {
    if (this.#pid !== undefined) killGroup(this.#pid);
    this.#started.reject(new ChaosError("service-not-started", `service ${this.name} could not be started: its supervisor ended`));
    this.#signalled?.resolve(false);
    this.#exited.resolve({});
    this.#groupEnded.resolve([]);
  }
}
