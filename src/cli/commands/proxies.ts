import type { ProxyChanges, RemoteProxy } from "../api.ts";
import type { Command, Context, Given } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { jsonOption, remoteOf, remoteOptions } from "../remote.ts";
import { printable } from "../printable.ts";
import { proxiesText } from "../toxics-text.ts";

type Client = ReturnType<typeof remoteOf>;

const proxyArgument = { usage: "<proxy>", summary: "name of the proxy" } as const;

const list: Command = {
  name: "list",
  aliases: ["l", "li", "ls", "inspect", "i", "ins"],
  summary: "list proxies with their toxics, or show one",
  arguments: [{ usage: "[proxy]", summary: "one proxy (default: all)" }],
  options: [...remoteOptions, jsonOption],
  examples: [],
  act: show,
};

const create: Command = {
  name: "create",
  aliases: ["c", "new"],
  summary: "create a proxy",
  arguments: [{ usage: "<proxy>", summary: "its name" }],
  options: [
    { flags: "-u, --upstream <address>", summary: "host:port; for HTTP faults http://host:port (chaos only)" },
    { flags: "-l, --listen <address>", summary: "host:port; port 0 or nothing: a free one" },
    { flags: "--disabled", summary: "it does not listen until it is enabled" },
    ...remoteOptions, jsonOption,
  ],
  examples: ["chaos proxies create payments -l 127.0.0.1:18001 -u 10.0.0.5:8080"],
  act: async (context, [name = ""], given) => {
    const api = await context.remote();
    const upstream = given.text("upstream");
    const listen = given.text("listen");
    if (upstream === undefined) throw new api.ChaosError("usage", `expected -u with the address that ${name} passes connections on to`, { hint: "such as -u 10.0.0.5:8080" });
    const made = await remoteOf(api, context, given).createProxy({ name, upstream, ...(listen === undefined ? {} : { listen }), ...(given.flag("disabled") ? { enabled: false } : {}) });
    return tell("created", made, context, given);
  },
};

const remove: Command = {
  name: "delete",
  aliases: ["d", "remove", "rm"],
  summary: "delete a proxy; its connections end",
  arguments: [proxyArgument],
  options: remoteOptions,
  examples: ["chaos proxies delete payments"],
  act: async (context, [name = ""], given) => {
    await remoteOf(await context.remote(), context, given).removeProxy(name);
    context.stdout.write(`deleted ${name}\n`);
    return exitCodes.ok;
  },
};

const enable = switching("enable", [], "listen again", async () => ({ enabled: true }));
const disable = switching("disable", [], "end its connections and refuse new ones; its toxics stay", async () => ({ enabled: false }));
const toggle = switching("toggle", ["tog"], "enable a disabled proxy, disable an enabled one", async (client, name) => ({ enabled: !(await client.proxy(name)).enabled }));

const reset: Command = {
  name: "reset",
  summary: "enable every proxy and remove every toxic",
  arguments: [],
  options: remoteOptions,
  examples: [],
  act: async (context, _args, given) => {
    const client = remoteOf(await context.remote(), context, given);
    await client.reset();
    context.stdout.write("all proxies enabled, all toxics removed\n");
    return exitCodes.ok;
  },
};

const commands = [list, create, remove, enable, disable, toggle, reset];

export const proxies: Command = {
  ...list,
  name: "proxies",
  aliases: [],
  summary: "list, create, delete, enable and disable proxies of a running server",
  act: async (context, words, given) => {
    const { ChaosError } = await context.remote();
    return show(context, words, given).catch((error: unknown) => {
      if (!(error instanceof ChaosError) || error.code !== "api-not-found") throw error;
      // What is no command was taken for a proxy's name.
      throw new ChaosError(error.code, error.message, { hint: `${error.hint === undefined ? "" : `${error.hint}; `}the commands are ${commands.map(({ name }) => name).join(", ")}`, cause: error });
    });
  },
  examples: ["chaos proxies", "chaos proxies payments --json", "chaos proxies create payments -l 127.0.0.1:18001 -u 10.0.0.5:8080", "chaos proxies disable payments"],
  commands,
};

async function show(context: Context, [name]: readonly string[], given: Given): Promise<number> {
  const client = remoteOf(await context.remote(), context, given);
  const found = name === undefined ? await client.proxies() : { [name]: await client.proxy(name) };
  context.stdout.write(given.flag("json") ? json(name === undefined ? found : found[name]) : proxiesText(Object.values(found), context.stdout));
  return exitCodes.ok;
}

function switching(name: string, aliases: readonly string[], summary: string, changes: (client: Client, proxy: string) => Promise<ProxyChanges>): Command {
  return {
    name, aliases, summary,
    arguments: [proxyArgument],
    options: [...remoteOptions, jsonOption],
    examples: [],
    act: async (context, [proxy = ""], given) => {
      const client = remoteOf(await context.remote(), context, given);
      const changed = await client.updateProxy(proxy, await changes(client, proxy));
      return tell(changed.enabled ? "enabled" : "disabled", changed, context, given);
    },
  };
}

function tell(what: string, proxy: RemoteProxy, { stdout }: Context, given: Given): number {
  stdout.write(given.flag("json") ? json(proxy) : printable(`${what} ${proxy.name}: ${proxy.listen} → ${proxy.upstream}\n`));
  return exitCodes.ok;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
