import { ApiError } from "./api-error.ts";
import type { Control } from "./control.ts";
import { describePassage } from "./exchange-words.ts";
import { metricsType } from "./prometheus.ts";
import { emptyReply, jsonReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { mostPerProxy } from "./witness-log.ts";
import type { WitnessLog } from "./witness-log.ts";

/** A version of Toxiproxy whose API this is: clients compare it, and know PATCH from 2.6.0 on. */
const toxiproxyVersion = "2.12.0";
const defaultLast = 100;

/** What routes lead to. */
export type ApiControl = Pick<Control, "list" | "proxy" | "create" | "populate" | "update" | "remove" | "toxics" | "toxic" | "addToxic" | "updateToxic" | "removeToxic" | "reset">;

/** What a route is given besides the request. */
export interface RouteContext {
  readonly control: ApiControl;
  readonly log: WitnessLog;
  /** Text of all figures. */
  readonly metrics: () => Promise<string>;
  /** What is witnessed so far is in the log when it resolves. */
  readonly caughtUp: () => Promise<unknown>;
}

/** A request that has found its route. */
export interface RoutedRequest {
  /** What stands in the place of `:proxy` and `:toxic`. */
  readonly proxy: string;
  readonly toxic: string;
  /** With the question mark. */
  readonly query: string;
  readonly body: () => Promise<string>;
}

/** The events of one proxy, or of all, for as long as the caller stays. */
export interface Watch {
  readonly watch: { readonly proxy?: string };
}

type Handler = (context: RouteContext, request: RoutedRequest) => Promise<Reply | Watch>;

export interface Route {
  readonly pattern: string;
  readonly methods: Readonly<Record<string, Handler>>;
}

const updateProxy: Handler = async ({ control }, { proxy, body }) => jsonReply(200, await control.update(proxy, await body()));
const updateToxic: Handler = async ({ control }, { proxy, toxic, body }) => jsonReply(200, await control.updateToxic(proxy, toxic, await body()));

const routes: readonly Route[] = [
  {
    pattern: "/proxies",
    methods: {
      GET: async ({ control }) => jsonReply(200, control.list()),
      POST: async ({ control }, { body }) => jsonReply(201, await control.create(await body())),
    },
  },
  { pattern: "/populate", methods: { POST: async ({ control }, { body }) => populate(control, body) } },
  { pattern: "/reset", methods: { POST: async ({ control }) => done(control.reset()) } },
  {
    pattern: "/proxies/:proxy",
    methods: {
      GET: async ({ control }, { proxy }) => jsonReply(200, control.proxy(proxy)),
      PATCH: updateProxy,
      POST: updateProxy,
      DELETE: async ({ control }, { proxy }) => done(control.remove(proxy)),
    },
  },
  {
    pattern: "/proxies/:proxy/toxics",
    methods: {
      GET: async ({ control }, { proxy }) => jsonReply(200, control.toxics(proxy)),
      POST: async ({ control }, { proxy, body }) => jsonReply(200, await control.addToxic(proxy, await body())),
    },
  },
  {
    pattern: "/proxies/:proxy/toxics/:toxic",
    methods: {
      GET: async ({ control }, { proxy, toxic }) => jsonReply(200, control.toxic(proxy, toxic)),
      PATCH: updateToxic,
      POST: updateToxic,
      DELETE: async ({ control }, { proxy, toxic }) => done(control.removeToxic(proxy, toxic)),
    },
  },
  { pattern: "/version", methods: { GET: async () => ({ status: 200, headers: { "Content-Type": "application/json;charset=utf-8" }, body: `{"version": "${toxiproxyVersion}"}\n` }) } },
  { pattern: "/metrics", methods: { "*": async ({ metrics }) => ({ status: 200, headers: { "Content-Type": metricsType }, body: await metrics() }) } },
  { pattern: "/events", methods: { GET: async () => ({ watch: {} }) } },
  {
    pattern: "/proxies/:proxy/events",
    methods: {
      GET: async ({ control }, { proxy }) => {
        control.proxy(proxy);
        return { watch: { proxy } };
      },
    },
  },
  {
    pattern: "/proxies/:proxy/exchanges",
    methods: {
      GET: async ({ control, log, caughtUp }, { proxy, query }) => {
        control.proxy(proxy);
        const count = lastOf(query);
        await caughtUp();
        return jsonReply(200, log.last(proxy, count).map((passage) => describePassage(passage, log.zeroMs)));
      },
    },
  },
];

/** The route of a path, with the handler of the method if it has one; absent when nothing is there. */
export function findRoute(method: string, path: string): { readonly route: Route; readonly handler: Handler | undefined; readonly proxy: string; readonly toxic: string } | undefined {
  for (const route of routes) {
    const names = namesIn(route.pattern, path);
    if (names !== undefined) return { route, handler: route.methods["*"] ?? (Object.hasOwn(route.methods, method) ? route.methods[method] : undefined), proxy: names[":proxy"] ?? "", toxic: names[":toxic"] ?? "" };
  }
  return undefined;
}

/** What a path holds in the places of the pattern's names; undefined when it does not match. */
function namesIn(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const names: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";
    if (part.startsWith(":") && value !== "") names[part] = value;
    else if (part !== value) return undefined;
  }
  return names;
}

async function done(change: Promise<void>): Promise<Reply> {
  await change;
  return emptyReply(204);
}

/** Its errors are JSON by their Content-Type too, and tell what was made nevertheless. */
async function populate(control: ApiControl, body: () => Promise<string>): Promise<Reply> {
  try {
    return jsonReply(201, await control.populate(await body()));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return jsonReply(error.status, { error: error.message, status: error.status, proxies: error.proxies ?? [] });
  }
}

function lastOf(query: string): number {
  const given = new URLSearchParams(query).get("last");
  if (given === null) return defaultLast;
  const count = Number(given);
  if (!/^\d+$/.test(given) || count < 1 || count > mostPerProxy) throw new ApiError(400, `bad query: expected last to be a whole number from 1 to ${mostPerProxy}, got ${JSON.stringify(given.slice(0, 100))}`);
  return count;
}
