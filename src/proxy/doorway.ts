import type { Server, Socket } from "node:net";
import type { ProxyConfig, Share } from "../model/data-plane.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Env, Timer } from "../model/env.ts";
import type { WitnessRecord } from "../model/event.ts";
import { hasLastFile, noFileLeft } from "./last-file.ts";
import { boundTo, listen } from "./listener.ts";
import { checkSocketPath } from "./socket-path.ts";
import { openFilesProblem } from "./shortages.ts";

/** An address that is free is bound in far less. */
const settlingMs = 500;

/** Between two attempts to get back a port that another process took meanwhile. */
const retryMs = 25;

export interface DoorwayOptions {
  readonly env: Env;
  readonly config: ProxyConfig;
  readonly record: (record: WitnessRecord) => void;
  readonly accept: (client: Socket, caller: string) => void;
  readonly share?: Share | undefined;
}

interface Door {
  readonly caller: string;
  /** With the port that was bound first. */
  readonly address: Endpoint;
  /** Absent while it is shut. */
  server?: Server;
}

/** The listeners of one proxy, which a fault may shut for a time: then the kernel refuses connections, as for a server that is down. */
export class Doorway {
  readonly #options: DoorwayOptions;
  readonly #doors: Door[] = [];
  #wanted: "open" | "shut" | "closed" = "open";
  #shutSinceMs: number | undefined;
  #reopening: Promise<void> | undefined;

  constructor(options: DoorwayOptions) {
    this.#options = options;
  }

  /** Binds every listener; throws ChaosError when one cannot be, and then holds none. */
  async open(): Promise<readonly (Endpoint & { readonly caller: string })[]> {
    try {
      for (const { caller, ...endpoint } of this.#options.config.listeners) {
        checkSocketPath(this.#options.config.name, endpoint);
        const server = await this.#listen(endpoint, caller);
        this.#doors.push({ caller, address: boundTo(server, endpoint), server });
      }
    } catch (error) {
      await this.leave();
      throw error;
    }
    return this.#doors.map(({ caller, address }) => ({ caller, ...address }));
  }

  /** Closes the listeners; connections that are open stay so. */
  refuse(): void {
    this.#wanted = "shut";
    this.#shutSinceMs ??= this.#options.env.nowMs();
    for (const door of this.#doors) void shut(door);
  }

  /** Listens again, on the same ports. */
  admit(): void {
    if (this.#shutSinceMs === undefined) return;
    this.#wanted = "open";
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined;
    });
  }

  /** Resolves when it listens again, where it is about to; or could not for a while. */
  async settled(): Promise<void> {
    if (this.#reopening === undefined) return;
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => (timer = this.#options.env.after(settlingMs, resolve)));
    await Promise.race([this.#reopening, late]);
    timer?.cancel();
  }

  /** Closes the listeners for good; resolves when they are, and their connections have ended. */
  async close(): Promise<void> {
    const ended = this.#doors.map(shut);
    await this.leave();
    await Promise.all(ended);
  }

  /** Closes the listeners for good; resolves when they are, and their ports free. */
  async leave(): Promise<void> {
    this.#wanted = "closed";
    for (const door of this.#doors) void shut(door);
    await this.#reopening;
    this.#witnessed();
  }

  async #reopen(): Promise<void> {
    let reported = false;
    for (let door = this.#nextToOpen(); door !== undefined; door = this.#nextToOpen()) {
      try {
        const server = await this.#listen(door.address, door.caller);
        if (this.#nextToOpen() === door) door.server = server;
        else server.close();
      } catch (error) {
        if (!reported && error instanceof Error) this.#troubled(error);
        reported = true;
        await new Promise<void>((resolve) => this.#options.env.after(retryMs, resolve));
      }
    }
    if (this.#wanted === "open") this.#witnessed();
  }

  #nextToOpen(): Door | undefined {
    return this.#wanted === "open" ? this.#doors.find(({ server }) => server === undefined) : undefined;
  }

  /** Calls can be witnessed again: writes down since when they could not. */
  #witnessed(): void {
    if (this.#shutSinceMs === undefined) return;
    const { env, config, record } = this.#options;
    const endMs = env.nowMs();
    record({ kind: "unwitnessed", atMs: endMs, proxy: config.name, startMs: this.#shutSinceMs, endMs });
    this.#shutSinceMs = undefined;
  }

  #listen(address: Endpoint, caller: string): Promise<Server> {
    const { config: { name: proxy, workers }, accept, share } = this.#options;
    const shared = workers === undefined ? undefined : (share?.index ?? 0) === 0 ? "first" : "further";
    const take = (client: Socket): void => {
      if (!hasLastFile(client)) return accept(client, caller);
      client.destroy();
      this.#troubled(noFileLeft());
    };
    return listen(address, { proxy, accept: take, troubled: (error) => this.#troubled(error), shared });
  }

  #troubled(error: Error): void {
    const { env, config, record } = this.#options;
    const code = "code" in error && typeof error.code === "string" ? error.code : "listen-failed";
    record({ kind: "witness-issue", atMs: env.nowMs(), proxy: config.name, code, message: error.message, ...openFilesProblem({ code }, "callers' connections are not accepted") });
  }
}

function shut(door: Door): Promise<void> {
  const { server } = door;
  delete door.server;
  return new Promise((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
}
