import type { Socket } from "node:net";
import type { Env } from "../../model/env.ts";
import { bringToLight, lookMs, reset } from "../reset.ts";
import { Line } from "./line.ts";
import type { Chunk } from "./stage.ts";

/**
 * What one direction holds at most before its source is no longer read: Linux's default limit of a socket's send buffer (tcp_wmem).
 * As on a long network path, a delayed stream gets at most this much through per delay.
 */
export const defaultHeldBytes = 4 * 1024 * 1024;

export interface DuctOptions {
  readonly env: Env;
  readonly mostHeldBytes: number;
  readonly source: Socket;
  readonly target: Socket;
  /** Bytes were read from the source. */
  readonly read: (bytes: Uint8Array) => void;
  /** Whether a reset of the source is to be seen while it is made to wait. */
  readonly isWatched: boolean;
  /** Bytes are about to be written to the target; false: they are not to be. */
  readonly write: (bytes: Uint8Array) => boolean;
}

/** One direction between two sockets: takes what is read, sends it through its line, writes it, with backpressure and half-close. */
export class Duct {
  readonly line = new Line((chunk) => this.#deliver(chunk), () => this.#resumeIfRoomy());
  readonly #options: DuctOptions;
  #targetFull = false;
  #shut = false;
  #isLooking = false;

  constructor(options: DuctOptions) {
    this.#options = options;
    options.target.on("drain", () => {
      this.#targetFull = false;
      this.#resumeIfRoomy();
    });
  }

  /** What was read from the source; true when nothing refers to the bytes any more. */
  take(bytes: Buffer): boolean {
    const { env, target, read } = this.#options;
    read(bytes);
    if (this.#shut) return true;
    if (this.line.open) this.#write(bytes);
    else this.line.take({ bytes, atMs: env.nowMs() });
    if (this.#targetFull || this.line.heldWeight > this.#options.mostHeldBytes) this.#pause();
    return this.line.heldWeight === 0 && target.writableLength === 0;
  }

  /** The source has ended; its end keeps its place behind the bytes that came before. */
  end(how: "fin" | "rst"): void {
    this.line.take({ end: how, atMs: this.#options.env.nowMs() });
  }

  /** Nothing is delivered any more, what is on its way is lost; what still comes is read and lost too, or not even read. */
  shut(read: boolean): void {
    this.#shut = true;
    this.line.drop();
    if (read) this.#options.source.resume();
    else this.#options.source.pause();
  }

  #pause(): void {
    const { source, isWatched } = this.#options;
    source.pause();
    if (isWatched && !this.#isLooking) this.#lookLater();
  }

  #lookLater(): void {
    const { env, source } = this.#options;
    this.#isLooking = true;
    env.after(lookMs, () => {
      this.#isLooking = false;
      if (this.#shut || source.destroyed || !source.isPaused()) return;
      bringToLight(source);
      this.#lookLater();
    });
  }

  #deliver(chunk: Chunk): void {
    if ("bytes" in chunk) this.#write(chunk.bytes);
    else if (chunk.end === "fin") this.#options.target.end();
    else reset(this.#options.target);
    this.#resumeIfRoomy();
  }

  #write(bytes: Uint8Array): void {
    const { target, write } = this.#options;
    if (target.writable && write(bytes) && !target.write(bytes)) this.#targetFull = true;
  }

  #resumeIfRoomy(): void {
    const { source, mostHeldBytes } = this.#options;
    if (!this.#shut && !this.#targetFull && this.line.heldWeight <= mostHeldBytes / 2 && source.isPaused()) source.resume();
  }
}
