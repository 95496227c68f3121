import { constants } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Api, RenderOptions, Report, Reporter } from "./api.ts";
import type { Context, Given } from "./command.ts";
import { errorText, messageOf, systemCode } from "./error-text.ts";

export const reportOption = { flags: "--report <format[=path]>", summary: "text, json or junit, to a file or (one) to stdout", repeatable: true } as const;

/** Where one format goes. */
export interface Destination {
  readonly reporter: Reporter;
  readonly to: "stdout" | "stderr" | { readonly path: string };
}

/**
 * Without `--report`: text on stdout. With: those named; the one without a path takes stdout, and text then goes to stderr
 * (unless `--quiet`). Throws `usage` for an unknown format, a second one without a path, or a path named twice.
 */
export function readDestinations(api: Api, given: Given): readonly Destination[] {
  const named = given.texts("report").map((text): Destination => {
    const at = text.indexOf("=");
    const format = at < 0 ? text : text.slice(0, at);
    const path = at < 0 ? undefined : text.slice(at + 1);
    if (path === "") throw new api.ChaosError("usage", `expected a path after "${text}"`, { hint: `write --report ${format}=${format}.out, or --report ${format} for stdout` });
    return { reporter: reporterOf(api, format), to: path === undefined ? "stdout" : { path } };
  });
  if (named.length === 0) return [{ reporter: reporterOf(api, "text"), to: "stdout" }];
  const onStdout = named.filter(({ to }) => to === "stdout");
  if (onStdout.length > 1) {
    const formats = onStdout.map(({ reporter }) => reporter.format);
    throw new api.ChaosError("usage", `expected one --report without a path, got ${formats.length}: ${formats.join(", ")}`, { hint: `give the others a file: --report ${formats[1]}=PATH` });
  }
  const paths = pathsOf(named);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw new api.ChaosError("usage", `expected one report per file, got two for ${twice}`, { hint: "give each --report its own path" });
  const textNamed = named.some(({ reporter }) => reporter.format === "text");
  return onStdout.length === 0 || textNamed || given.flag("quiet") ? named : [...named, { reporter: reporterOf(api, "text"), to: "stderr" }];
}

/** The files that destinations name. */
export function pathsOf(destinations: readonly Destination[]): readonly string[] {
  return destinations.flatMap(({ to }) => (typeof to === "string" ? [] : [to.path]));
}

function reporterOf(api: Api, format: string): Reporter {
  const found = api.findReporter(format);
  if (found !== undefined) return found;
  throw new api.ChaosError("usage", `expected a report format (${api.reporters.map((reporter) => reporter.format).join(", ")}), got "${format}"`, { hint: "chaos list reporters tells them apart" });
}

/** A file that was proved writable before anything ran. */
export interface OpenFile {
  readonly path: string;
  write(text: string): Promise<void>;
  /** Closes it; takes it away again when it is new and not all was written. */
  close(): Promise<void>;
}

/** Opens every path, or none: what was made on the way is taken away again. Throws `not-writable`. */
export async function openFiles(api: Api, paths: readonly string[]): Promise<readonly OpenFile[]> {
  const opened: OpenFile[] = [];
  for (const path of paths) {
    try {
      opened.push(await openForWriting(path));
    } catch (error) {
      for (const file of opened) await file.close();
      throw new api.ChaosError("not-writable", `expected to write ${path}, but it cannot be opened: ${messageOf(error)}`, { hint: "name a file in a folder that this user may write to", cause: error });
    }
  }
  return opened;
}

async function openForWriting(path: string): Promise<OpenFile> {
  await mkdir(dirname(path), { recursive: true });
  const { handle, isNew } = await openKeeping(path);
  let written = false;
  return {
    path,
    write: async (text) => {
      // What stands in the file stays until there is something to put in its place; pipes and devices have no length.
      if ((await handle.stat()).isFile()) await handle.truncate(0);
      await handle.writeFile(text);
      written = true;
    },
    close: async () => {
      await handle.close();
      if (isNew && !written) await rm(path, { force: true });
    },
  };
}

async function openKeeping(path: string): Promise<{ readonly handle: FileHandle; readonly isNew: boolean }> {
  try {
    return { handle: await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL), isNew: true };
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    return { handle: await open(path, constants.O_WRONLY | constants.O_APPEND), isNew: false };
  }
}

type DeliverOptions = Pick<RenderOptions, "verbose" | "suite">;

/** Renders the reports to where they go. One that cannot be made or written is told on stderr, and keeps none of the others back; returns whether all were. */
export async function deliver(api: Api, destinations: readonly Destination[], files: readonly OpenFile[], reports: readonly Report[], context: Context, options: DeliverOptions): Promise<boolean> {
  let isDelivered = true;
  for (const destination of destinations) {
    try {
      await deliverOne(destination, files, reports, context, options);
    } catch (error) {
      isDelivered = false;
      const { reporter: { format }, to } = destination;
      const failure = new api.ChaosError("report-failed", `the ${format} report could not be given${typeof to === "string" ? "" : ` to ${to.path}`}: ${messageOf(error)}`, { hint: `what happened stands in the journal: chaos report JOURNAL --report ${format} tries again`, cause: error });
      context.stderr.write(errorText(failure, context.stderr, options.verbose));
    }
  }
  return isDelivered;
}

async function deliverOne({ reporter, to }: Destination, files: readonly OpenFile[], reports: readonly Report[], context: Context, options: DeliverOptions): Promise<void> {
  const output = to === "stdout" ? context.stdout : to === "stderr" ? context.stderr : undefined;
  const text = reporter.render(reports, { colour: output?.colour ?? false, width: output?.width ?? 80, ...options });
  const ended = text.endsWith("\n") ? text : `${text}\n`;
  if (output !== undefined) output.write(ended);
  else await files.find(({ path }) => typeof to !== "string" && path === to.path)?.write(ended);
}
