import type { NewToxic, RemoteApi } from "../api.ts";
import type { Command, Context, Given } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { jsonOption, remoteOf, remoteOptions } from "../remote.ts";
import { readAttributes, readStream, readToxicity } from "../toxic-arguments.ts";
import { toxicsText, toxicWords } from "../toxics-text.ts";
import { toxicNotes } from "../toxic-notes.ts";

const proxyArgument = { usage: "<proxy>", summary: "name of the proxy; chaos proxies lists them" } as const;
const attributeOption = { flags: "-a, --attribute <key=value>", summary: "number, text, or JSON", repeatable: true } as const;
const toxicityOption = { flags: "--toxicity <share>", summary: "share of connections that are hit, 0.5 or 50% (default: all)" } as const;
const ttlOption = { flags: "--ttl <duration>", summary: "removed by itself after this time, such as 30s, unless given anew (chaos only)" } as const;
const nameOption = { flags: "-n, --name <toxic>", summary: "name of the toxic" } as const;

const add: Command = {
  name: "add",
  aliases: ["a"],
  summary: "add a toxic to a proxy; connections that are open feel it too",
  arguments: [proxyArgument],
  options: [
    { flags: "-t, --type <type>", summary: "such as latency" },
    { flags: "-n, --name <toxic>", summary: "name of the toxic (default: <type>_<stream>)" },
    attributeOption, toxicityOption,
    { flags: "-u, --upstream", summary: "what goes to upstream is hit" },
    { flags: "-d, --downstream", summary: "what comes back is hit (default)" },
    ttlOption, ...remoteOptions, jsonOption,
  ],
  notes: toxicNotes,
  examples: ["chaos toxic add payments -t latency -a latency=1000 -a jitter=200", "chaos toxic add payments -t reset_peer --toxicity 20% --ttl 30s", "chaos toxic add payments -t http_error -a status=503 -a 'match={\"path\":\"/pay\"}'"],
  act: async (context, [proxy = ""], given) => {
    const api = await context.remote();
    const type = given.text("type");
    if (type === undefined) throw new api.ChaosError("usage", "expected -t with the type of the toxic", { hint: "such as -t latency; chaos toxic add --help lists them" });
    const name = given.text("name");
    const stream = readStream(api, given);
    const toxic: NewToxic = { type, ...(name === undefined ? {} : { name }), ...(stream === undefined ? {} : { stream }), ...shared(api, given) };
    const client = await remoteThatKnows(toxic.ttl, api, context, given);
    const added = await client.addToxic(proxy, toxic).catch(explained(api, proxy, type, client));
    context.stdout.write(given.flag("json") ? json(added) : `added to ${proxy}: ${toxicWords(added)}\n`);
    return exitCodes.ok;
  },
};

const update: Command = {
  name: "update",
  aliases: ["u"],
  summary: "change attributes or toxicity of a toxic; what is not named stays",
  arguments: [proxyArgument],
  options: [nameOption, attributeOption, toxicityOption, ttlOption, ...remoteOptions, jsonOption],
  examples: ["chaos toxic update payments -n latency_downstream -a latency=250", "chaos toxic update payments -n reset_peer_downstream --ttl 30s"],
  act: async (context, [proxy = ""], given) => {
    const api = await context.remote();
    const name = nameOf(api, given);
    const changes = shared(api, given);
    if (Object.keys(changes).length === 0) throw new api.ChaosError("usage", "expected something to change, got nothing", { hint: "such as -a latency=250 or --toxicity 50%" });
    const updated = await (await remoteThatKnows(changes.ttl, api, context, given)).updateToxic(proxy, name, changes);
    context.stdout.write(given.flag("json") ? json(updated) : `updated on ${proxy}: ${toxicWords(updated)}\n`);
    return exitCodes.ok;
  },
};

const remove: Command = {
  name: "remove",
  aliases: ["r", "delete", "d"],
  summary: "remove a toxic; no byte of open connections is lost",
  arguments: [proxyArgument],
  options: [nameOption, ...remoteOptions],
  examples: ["chaos toxic remove payments -n latency_downstream"],
  act: async (context, [proxy = ""], given) => {
    const api = await context.remote();
    const name = nameOf(api, given);
    await remoteOf(api, context, given).removeToxic(proxy, name);
    context.stdout.write(`removed from ${proxy}: ${name}\n`);
    return exitCodes.ok;
  },
};

const list: Command = {
  name: "list",
  aliases: ["ls", "l"],
  summary: "list the toxics of a proxy, in the order in which they act",
  arguments: [proxyArgument],
  options: [...remoteOptions, jsonOption],
  examples: ["chaos toxic list payments", "chaos toxic list payments --json"],
  act: async (context, [proxy = ""], given) => {
    const api = await context.remote();
    const toxics = await remoteOf(api, context, given).toxics(proxy);
    context.stdout.write(given.flag("json") ? json(toxics) : toxics.length === 0 ? `no toxics on ${proxy}\n` : toxicsText(toxics, context.stdout));
    return exitCodes.ok;
  },
};

export const toxic: Command = {
  name: "toxic",
  aliases: ["toxics"],
  summary: "add, change, remove and list toxics of a running proxy",
  arguments: [],
  options: [],
  notes: toxicNotes,
  examples: ["chaos toxic add payments -t latency -a latency=1000", "chaos toxic list payments", "chaos toxic remove payments -n latency_downstream"],
  commands: [add, update, remove, list],
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function nameOf(api: RemoteApi, given: Given): string {
  const name = given.text("name");
  if (name === undefined) throw new api.ChaosError("usage", "expected -n with the name of the toxic", { hint: "chaos toxic list PROXY has them" });
  return name;
}

function shared(api: RemoteApi, given: Given): Pick<NewToxic, "attributes" | "toxicity" | "ttl"> {
  const texts = given.texts("attribute");
  const toxicity = readToxicity(api, given);
  const ttl = given.text("ttl");
  return { ...(texts.length === 0 ? {} : { attributes: readAttributes(api, texts) }), ...(toxicity === undefined ? {} : { toxicity }), ...(ttl === undefined ? {} : { ttl }) };
}

/** Toxiproxy itself would take a lease without a word, and never end it. */
async function remoteThatKnows(ttl: NewToxic["ttl"], api: RemoteApi, context: Context, given: Given): Promise<ReturnType<typeof remoteOf>> {
  const client = remoteOf(api, context, given);
  if (ttl === undefined || (await client.version()).isOurs) return client;
  throw new api.ChaosError("no-leases", `the server at ${client.url} is no chaos proxy: it would not end the toxic after ${ttl}`, { hint: "leave --ttl out and remove the toxic yourself, or start chaos proxy in its place" });
}

/** Says what to do about a refusal: of a type that only our own server has, of a name that is taken. */
function explained(api: RemoteApi, proxy: string, type: string, client: ReturnType<typeof remoteOf>): (error: unknown) => Promise<never> {
  return async (error) => {
    if (!(error instanceof api.ChaosError) || error.hint !== undefined) throw error;
    const hint = error.code === "api-exists" ? `chaos toxic update ${proxy} -n … changes it; -n names another one` : /invalid toxic type/.test(error.message) ? await typeHint(type, client) : undefined;
    throw hint === undefined ? error : new api.ChaosError(error.code, error.message, { hint, cause: error });
  };
}

async function typeHint(type: string, client: ReturnType<typeof remoteOf>): Promise<string> {
  if ((await client.version()).isOurs) return "chaos toxic add --help lists the types";
  return `"${type}" is none that this server has; those of chaos beyond Toxiproxy's need chaos proxy in its place`;
}
