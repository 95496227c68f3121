import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import type { Api } from "../api.ts";
import type { Command, Context, Given } from "../command.ts";
import { errorText } from "../error-text.ts";
import { exitCodes, interruptCodes } from "../exit-code.ts";
import { listenForInterrupts } from "../interrupts.ts";
import type { Interrupts } from "../interrupts.ts";
import { issueText } from "../issue-text.ts";
import { printableAll } from "../printable.ts";
import { readProxyFile } from "../read-proxy-file.ts";
import { authorityText, changeText, startText } from "../served-text.ts";
import { toxicNotes } from "../toxic-notes.ts";

type Served = Awaited<ReturnType<Api["serveProxy"]>>;

export const proxy: Command = {
  name: "proxy",
  summary: "serve proxies with toxics, under Toxiproxy's control API",
  arguments: [],
  options: [
    { flags: "--config <file>", summary: "proxies and faults to begin with: YAML or JSON as in an experiment, or Toxiproxy's JSON; read again on SIGHUP" },
    { flags: "--api <host:port>", summary: "where the control API listens (default: 127.0.0.1:8474)" },
    { flags: "--seed <seed>", summary: "the same seed gives the same fates (default: a new one)" },
    { flags: "--api-token <token>", summary: "what the control API asks for (default: $CHAOS_API_TOKEN)" },
    { flags: "--api-open", summary: "beyond this machine too, without a token" },
    { flags: "--api-host <name>", summary: "a further name by which the control API may be called", repeatable: true },
    { flags: "--allow-host <host>", summary: "a host beside this machine that forward proxies may be told to call", repeatable: true },
    { flags: "--quiet", summary: "warnings and errors only" },
  ],
  notes: toxicNotes,
  examples: ["chaos proxy", "chaos proxy --config proxies.yaml --seed 7", "chaos proxy --api 0.0.0.0:8474 --api-token $TOKEN"],
  act: async (context, _args, given) => {
    const api = await context.api();
    const file = given.text("config");
    const initial = file === undefined ? undefined : await readProxyFile(api, context, file);
    if (initial === "refused") return exitCodes.refused;
    const interrupts = listenForInterrupts(context, { hangsUp: file === undefined, saying: "stopping: ending connections, closing ports. Once more to leave at once." });
    const died = deferred<unknown>();
    try {
      const served = await api.serveProxy({ ...optionsOf(api, context, given), ...(initial === undefined || file === undefined ? {} : { proxies: initial, ...(file === "-" ? {} : { baseDir: dirname(file) }) }), onDeath: died.resolve, onChange: (change) => {
        if (!given.flag("quiet")) context.stderr.write(changeText(change, context.stderr));
      }, onIssue: ({ proxy: name, code, message }) => context.stderr.write(issueText({ code, severity: "warning", message: `${printableAll(name)}: ${message}` }, context.stderr)) });
      try {
        return await serve(api, context, served, { file, interrupts, died: died.promise, quiet: given.flag("quiet"), verbose: given.flag("verbose") });
      } finally {
        await served.close();
      }
    } finally {
      interrupts.stopListening();
    }
  },
};

interface Serving {
  readonly file: string | undefined;
  readonly interrupts: Interrupts;
  readonly died: Promise<unknown>;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Tells what listens, and waits for the end. */
async function serve(api: Api, context: Context, served: Served, { file, interrupts, died, quiet, verbose }: Serving): Promise<number> {
  const { stderr } = context;
  if (!quiet) stderr.write(startText(served, await served.authority(), stderr));
  if (served.notice !== undefined) stderr.write(`warning: ${served.notice}\n`);
  const forget = file === undefined ? () => undefined : context.onHangUp(reloader(api, context, served, file, { quiet, verbose }));
  const failure = await Promise.race([died, interrupted(interrupts.signal)]);
  forget();
  const errors = failure === undefined ? interrupts.defects : [failure];
  for (const error of errors) stderr.write(errorText(error, stderr, verbose));
  if (errors.length > 0) return exitCodes.failed;
  // A server that is told to end has done what it was for; Ctrl-C says so to the shell.
  return interrupts.received() === "SIGINT" ? interruptCodes.SIGINT : exitCodes.ok;
}

function interrupted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** Takes the file over as it is now, or nothing of it; one after the other. */
function reloader(api: Api, context: Context, served: Served, file: string, { quiet, verbose }: { readonly quiet: boolean; readonly verbose: boolean }): () => void {
  const { stderr } = context;
  const takeOver = async (): Promise<boolean> => {
    const again = await readProxyFile(api, context, file);
    if (again === "refused") return false;
    await served.replace(again);
    return true;
  };
  const reload = async (): Promise<void> => {
    const isTaken = await takeOver().catch((error: unknown) => {
      stderr.write(errorText(error, stderr, verbose));
      return false;
    });
    if (!isTaken) stderr.write(`warning: ${file} is not taken over: nothing has changed\n`);
    else if (!quiet) stderr.write(`${file} is taken over\n${authorityText(await served.authority())}`);
  };
  let last = Promise.resolve();
  return () => {
    last = last.then(reload);
  };
}

function optionsOf(api: Api, { env }: Context, given: Given) {
  const { hostname, port } = api.readApiUrl(given.text("api") ?? api.defaultApiUrl);
  const token = given.text("api-token") ?? env["CHAOS_API_TOKEN"];
  return {
    host: hostname.replaceAll(/[[\]]/g, ""), port: port === "" ? 80 : Number(port), open: given.flag("api-open"), hosts: given.texts("api-host"), allowHosts: given.texts("allow-host"),
    seed: given.text("seed") ?? randomBytes(4).toString("hex"), ...(token === undefined || token === "" ? {} : { token }),
  };
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
