import type { Api, RemoteApi } from "./api.ts";

/** Where text goes, and how it may look there. */
export interface Output {
  write(text: string): void;
  /** Whether colours may be used. */
  readonly colour: boolean;
  /** Columns; 80 where there is no terminal and `COLUMNS` does not tell. */
  readonly width: number;
  /** A terminal that can redraw a line. */
  readonly live: boolean;
}

export type InterruptSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** All that a command touches, passed in so that tests can hold it. */
export interface Context {
  /** The public API, loaded when it is first needed: `chaos --help` must stay light. */
  readonly api: () => Promise<Api>;
  /** The small part of it by which another server is spoken to. */
  readonly remote: () => Promise<RemoteApi>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `listener` on each interrupt in place of dying of it, until the returned function is called. */
  onInterrupt(listener: (signal: InterruptSignal) => void): () => void;
  /** Calls `listener` on each SIGHUP in place of dying of it, until the returned function is called. */
  onHangUp(listener: () => void): () => void;
  /** Calls `listener` with each error that nobody caught, in place of those that listened before it, until the returned function is called. */
  onDefect(listener: (error: unknown) => void): () => void;
  /** Ends the process at once. */
  exitNow(code: number): void;
}

interface OptionSpec {
  /** As commander reads it: `--seed <s>`, `--bail`. */
  readonly flags: string;
  readonly summary: string;
  /** May be given several times. */
  readonly repeatable?: true;
}

interface ArgumentSpec {
  /** As commander reads it: `<file>`, `<file...>`, `[file]`. */
  readonly usage: string;
  readonly summary: string;
}

/** Options as given, by their name without dashes. */
export interface Given {
  text(name: string): string | undefined;
  /** Of a repeatable option. */
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/** One subcommand: what it is called and takes, and what it does. */
export interface Command {
  readonly name: string;
  /** Other words for it, which help does not show: those that users of a neighbouring tool have in their fingers. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Command lines shown under its help. */
  readonly examples: readonly string[];
  /** Lines shown under its help, before the examples. */
  readonly notes?: readonly string[];
  /** Named by a further word: `chaos toxic add`. */
  readonly commands?: readonly Command[];
  /** Returns the exit code, never ends the process. Absent: it wants one of its commands. */
  act?(context: Context, args: readonly string[], given: Given): Promise<number>;
}
