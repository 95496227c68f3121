import type { Output } from "./command.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether colours are wanted: `--no-color`, then NO_COLOR (no-color.org: set and not empty), then FORCE_COLOR
 * (anything but 0 and false), then whether it is a terminal that can.
 */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: Environment, argv: readonly string[]): boolean {
  if (argv.includes("--no-color") || (env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** Columns to write for: the terminal's, else COLUMNS, else 80; never below 40, where tables end. */
export function columnsOf(stream: { readonly columns?: number }, env: Environment): number {
  const told = Number(env["COLUMNS"]);
  const columns = (stream.columns ?? 0) > 0 ? stream.columns : Number.isInteger(told) && told > 0 ? told : 80;
  return Math.max(40, columns ?? 80);
}

/** A stream of the process as the commands see it. Colours and width are asked anew each time: windows are resized. */
export function outputOf(stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }, env: Environment, argv: readonly string[]): Output {
  // A reader that went away (`| head`) or a terminal that was closed (EIO) is no failure of ours: what is left to say is dropped.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
  return {
    write: (text) => void stream.write(text),
    get colour() { return wantsColour(stream, env, argv); },
    get width() { return columnsOf(stream, env); },
    // Where nobody has told how wide it is (0 columns), a line that is drawn anew would be taken for one of endless height.
    live: stream.isTTY === true && stream.columns !== 0 && env["TERM"] !== "dumb",
  };
}
