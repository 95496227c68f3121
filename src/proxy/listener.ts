import { lstat, stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { ListenOptions, Server, Socket } from "node:net";
import { dirname } from "node:path";
import type { Endpoint } from "../model/endpoint.ts";
import { ChaosError } from "../model/error.ts";

/** Whose listener it is, and what it does with what it gets. */
export interface Acceptor {
  /** Name of the proxy, for messages. */
  readonly proxy: string;
  readonly accept: (client: Socket) => void;
  /** Others listen there too, or will: the system gives each some of the connections. `first`: none does yet. */
  readonly shared?: "first" | "further" | undefined;
  /** Accepting failed, such as EMFILE; the listener goes on. */
  readonly troubled: (error: Error) => void;
}

/**
 * Binds an address; port 0 is any free one. The file of a unix socket is made now, and removed when the listener is closed.
 * Throws ChaosError `port-taken` or `listen-failed`.
 */
export async function listen(endpoint: Endpoint, acceptor: Acceptor): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => acceptor.accept(client));
  const failure = await bind(server, endpoint, acceptor.shared);
  if (failure !== undefined) {
    const { code, why, ...hint } = await refusalOf(failure, endpoint);
    throw new ChaosError(code, `proxy "${acceptor.proxy}" cannot listen on ${textOf(endpoint)}: ${why}`, { ...hint, cause: failure });
  }
  server.removeAllListeners("error");
  server.on("error", (error) => acceptor.troubled(error));
  return server;
}

async function bind(server: Server, endpoint: Endpoint, shared: Acceptor["shared"]): Promise<Error | undefined> {
  if (shared === undefined) return listenOn(server, endpoint);
  if (!canShare) return Object.assign(new Error("not shared"), { code: "ENOTSUP" });
  if (shared === "further") return listenOn(server, { ...endpoint, ...sharing });
  // The system would let us in where others share a port among themselves.
  const alone = createServer();
  const failure = await listenOn(alone, endpoint);
  if (failure !== undefined) return failure;
  const address = boundTo(alone, endpoint);
  await new Promise((resolve) => alone.close(resolve));
  return listenOn(server, { ...address, ...sharing });
}

function listenOn(server: Server, options: ListenOptions): Promise<Error | undefined> {
  return new Promise((resolve) => {
    server.once("error", resolve);
    server.listen(options, () => resolve(undefined));
  });
}

// What the types of Node 20 do not know of.
const sharing: ListenOptions & { readonly reusePort: boolean } = { reusePort: true };
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const canShare = major > 22 || (major === 22 && minor >= 12);

/** What a listener was bound to: with the port that it got. */
export function boundTo(server: Server, endpoint: Endpoint): Endpoint {
  const address = server.address();
  return endpoint.path !== undefined || address === null || typeof address === "string" ? endpoint : { host: endpoint.host, port: address.port };
}

interface Refusal {
  readonly code: string;
  readonly why: string;
  readonly hint?: string;
}

const unresolved: Refusal = { code: "listen-failed", why: "the name does not resolve", hint: "write an IP address of this machine" };

const unshared: Refusal = { code: "listen-failed", why: `workers takes Node 22.12 or newer on Linux or FreeBSD, and this is Node ${process.versions.node} on ${process.platform}`, hint: "leave workers out, or run chaos with another Node" };

const openFiles: Readonly<Record<string, Refusal>> = {
  EMFILE: { code: "listen-failed", why: "the limit of open files is reached", hint: "raise it (ulimit -n): each listener needs one, each connection two" },
  ENFILE: { code: "listen-failed", why: "the system's limit of open files is reached", hint: "raise it (sysctl fs.file-max)" },
};

const refusals: Readonly<Record<string, Refusal>> = {
  ...openFiles,
  ENOTSUP: unshared,
  EADDRINUSE: { code: "port-taken", why: "another process holds the port", hint: "choose another port, or port 0 for any free one" },
  EADDRNOTAVAIL: { code: "listen-failed", why: "no interface of this machine has that address", hint: "listen on 127.0.0.1, ::1 or 0.0.0.0" },
  EACCES: { code: "listen-failed", why: "not permitted", hint: "ports below 1024 need privileges: choose a higher one" },
  ENOTFOUND: unresolved,
  EAI_AGAIN: unresolved,
};

const pathRefusals: Readonly<Record<string, Refusal>> = {
  ...openFiles,
  EACCES: { code: "listen-failed", why: "not permitted", hint: "choose a folder that may be written to" },
};

async function refusalOf(error: NodeJS.ErrnoException, endpoint: Endpoint): Promise<Refusal> {
  const code = error.code ?? "";
  const refusal = endpoint.path === undefined ? refusals[code] : code === "EADDRINUSE" ? await holderOf(endpoint.path) : await placeOf(endpoint.path) ?? pathRefusals[code];
  return refusal ?? { code: "listen-failed", why: error.message };
}

/** Of a folder that is not there libuv says EACCES. */
async function placeOf(path: string): Promise<Refusal | undefined> {
  const isThere = await stat(dirname(path)).then(() => true, () => false);
  return isThere ? undefined : { code: "listen-failed", why: "there is no such folder", hint: "make the folder, or choose one that is there" };
}

/** Why a path is taken. What stands there is not ours to remove. */
async function holderOf(path: string): Promise<Refusal> {
  const isSocket = await lstat(path).then((found) => found.isSocket(), () => true);
  if (!isSocket) return { code: "port-taken", why: "a file that is no socket stands there", hint: "choose another path" };
  const isHeld = await new Promise<boolean>((resolve) => {
    const socket = connect({ path }, () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
  if (isHeld) return { code: "port-taken", why: "another process listens there", hint: "end that process, or choose another path" };
  return { code: "port-taken", why: "a socket stands there that nobody listens on any more", hint: `whoever made it did not remove it; if nobody needs it: rm ${path}` };
}

function textOf(endpoint: Endpoint): string {
  if (endpoint.path !== undefined) return `unix:${endpoint.path}`;
  return `${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}
