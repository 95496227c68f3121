import { open, rm, stat } from "node:fs/promises";
import type { Env, Timer } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import type { Event, JournalHeader } from "../model/event.ts";
import { JsonLines, encodeEvent, encodeHeader } from "../journal/index.ts";

/** Lines are handed to the system when so many bytes have come, or so much time has passed. */
const batchBytes = 64 * 1024;
const batchMs = 100;
/** What may wait behind a write to a slow disk before the run is given up. */
const mostWaitingBytes = 64 * 1024 * 1024;

/** Where lines go: a file, or what stands for one in a test. */
export interface Sink {
  /** The bytes may be read until it has resolved. */
  appendFile(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** The journal of one run, being written. Lines keep their order; memory is bounded; a failure is told once. */
export class JournalFile {
  readonly #sink: Sink;
  readonly #env: Env;
  readonly #onFailure: (error: ChaosError) => void;
  readonly #lines = new JsonLines(2 * batchBytes);
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #failure: ChaosError | undefined;

  constructor(sink: Sink, options: { readonly env: Env; readonly onFailure: (error: ChaosError) => void }) {
    this.#sink = sink;
    this.#env = options.env;
    this.#onFailure = options.onFailure;
  }

  write(event: Event): void {
    if (this.#failure !== undefined) return;
    encodeEvent(event, this.#lines);
    if (this.#lines.length > mostWaitingBytes) this.#fail("the disk takes too long");
    else if (this.#lines.length >= batchBytes) this.#flush();
    else this.#timer ??= this.#env.after(batchMs, () => this.#flush());
  }

  /** Writes what is left and closes; throws ChaosError `journal-unwritable` when not every line has been written. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
    await this.#sink.close().catch((error: unknown) => this.#fail(messageOf(error)));
    if (this.#failure !== undefined) throw this.#failure;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#isWriting) this.#writing = this.#drain();
  }

  /** One write at a time: what comes meanwhile goes with the next. */
  async #drain(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#lines.length > 0 && this.#failure === undefined) await this.#sink.appendFile(this.#lines.take());
    } catch (error) {
      this.#fail(messageOf(error));
    }
    // Before anybody else can look: what is written from now on is for the next.
    this.#isWriting = false;
  }

  #fail(why: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = unwritable(why);
    this.#lines.take();
    this.#onFailure(this.#failure);
  }
}

/** Makes the file with its first line. Throws ChaosError `journal-unwritable`, and then leaves no file that it made. */
export async function openJournal(path: string, header: JournalHeader): Promise<Sink> {
  try {
    const before = await stat(path).catch(() => undefined);
    if (before !== undefined && !before.isFile()) throw new Error(`${path} is no regular file, and a run is judged from its journal`);
    const handle = await open(path, "w");
    try {
      await handle.appendFile(`${encodeHeader(header)}\n`);
      return handle;
    } catch (error) {
      await handle.close();
      if (before === undefined) await rm(path, { force: true });
      throw error;
    }
  } catch (error) {
    throw unwritable(messageOf(error), error);
  }
}

function unwritable(why: string, cause?: unknown): ChaosError {
  return new ChaosError("journal-unwritable", `the journal cannot be written: ${why}`, { hint: "give a path that can be written with --journal PATH, and room for it", cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
