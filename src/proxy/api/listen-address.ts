import { lookup } from "node:dns/promises";
import { createServer, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Endpoint } from "../../model/endpoint.ts";
import type { ChaosError } from "../../model/error.ts";
import { unixPath } from "../../experiment/schema/endpoint.ts";

/** Where a proxy listens, as it was written, taken apart. */
export type ListenAddress = Endpoint;

/** Why an address cannot be listened on, in Go's words. */
export class ListenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ListenError";
  }
}

/** What of the machine's network it takes to know where a text leads. */
export interface ListenNetwork {
  /** An address of a name, one of IPv4 rather; absent where it has none. */
  resolve(host: string): Promise<string | undefined>;
  /** Whether sockets can speak IPv6, and so listen for both at once. */
  readonly hasIpv6: boolean;
  /** The code of the system's refusal to listen there now; absent where it does not refuse. */
  refusal(endpoint: Endpoint): Promise<string | undefined>;
}

/** This machine's. */
export function systemNetwork(): ListenNetwork {
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === "IPv6"));
  return { resolve, hasIpv6, refusal };
}

async function resolve(host: string): Promise<string | undefined> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return (found.find(({ family }) => family === 4) ?? found[0])?.address;
}

async function refusal(endpoint: Endpoint): Promise<string | undefined> {
  const server = createServer();
  const code = await new Promise<string | undefined>((told) => {
    server.once("error", (error: NodeJS.ErrnoException) => told(error.code ?? error.message));
    server.listen({ ...endpoint }, () => told(undefined));
  });
  if (code === undefined) await new Promise<void>((closed) => void server.close(() => closed()));
  return code;
}

/** Takes `host:port`, `:port`, `[::1]:port` or `unix:/path` apart; the empty text is any free port. Throws ListenError with what Go says of others. */
export function parseListen(text: string): ListenAddress {
  const path = /^unix:/i.test(text) ? unixPath(text) : undefined;
  if (path !== undefined) return { path };
  if (text === "") return { host: "", port: 0 };
  const { host, port } = splitHostPort(text);
  if (/^[+-]?\d+$/.test(port) && !(Number(port) >= 0 && Number(port) <= 65_535)) throw new ListenError(`address ${port}: invalid port`);
  if (!/^\+?\d*$/.test(port)) throw new ListenError(`lookup tcp/${port}: unknown port`);
  return { host, port: Number(port) };
}

/** As Go's net.SplitHostPort. */
function splitHostPort(text: string): { readonly host: string; readonly port: string } {
  const wrong = (why: string): ListenError => new ListenError(`address ${text}: ${why}`);
  const colon = text.lastIndexOf(":");
  if (colon < 0) throw wrong("missing port in address");
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0) throw wrong("missing ']' in address");
    if (end + 1 !== colon) throw wrong(text[end + 1] === ":" ? "too many colons in address" : "missing port in address");
    return { host: text.slice(1, end), port: text.slice(colon + 1) };
  }
  const host = text.slice(0, colon);
  if (host.includes(":")) throw wrong("too many colons in address");
  if (/[[\]]/.test(text)) throw wrong(`unexpected '${text.includes("[") ? "[" : "]"}' in address`);
  return { host, port: text.slice(colon + 1) };
}

/** Where it is listened: names are resolved, and what means every address means those of both families where the machine has both. Throws ListenError. */
export async function resolveListen(address: ListenAddress, network: ListenNetwork): Promise<Endpoint> {
  if (address.path !== undefined) return address;
  const { host, port } = address;
  if (isEverywhere(host)) return { host: network.hasIpv6 ? "::" : "0.0.0.0", port };
  if (isIP(host) !== 0) return { host, port };
  // As everywhere else, whatever a name server says of it.
  const found = host === "localhost" ? "127.0.0.1" : await network.resolve(host);
  if (found === undefined) throw new ListenError(`lookup ${host}: no such host`);
  return { host: found, port };
}

function isEverywhere(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::";
}

/** As it is shown: `127.0.0.1:8080`, `[::]:8080`, `unix:/path`. */
export function listenText(endpoint: Endpoint): string {
  if (endpoint.path !== undefined) return `unix:${endpoint.path}`;
  return `${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

const bindErrors: Readonly<Record<string, string>> = { EADDRINUSE: "address already in use", EADDRNOTAVAIL: "cannot assign requested address", EACCES: "permission denied" };

/** What Go says where the system refuses to listen, such as `listen tcp 127.0.0.1:80: bind: permission denied`. `written` is shown as far as it is an address. */
export function bindError(endpoint: Endpoint, written: string, code: string): ListenError {
  if (endpoint.path !== undefined) return new ListenError(`listen unix ${endpoint.path}: bind: ${bindErrors[code] ?? code}`);
  const isAsWritten = isEverywhere(endpoint.host);
  return new ListenError(`listen tcp ${isAsWritten && written !== "" ? written : listenText(endpoint)}: bind: ${bindErrors[code] ?? code}`);
}

/** The same for what the data plane says of a listener that it could not open. */
export function listenFailure(error: ChaosError, endpoint: Endpoint, written: string): ListenError {
  const code = error.code === "port-taken" ? "EADDRINUSE" : reasons.find(([reason]) => error.message.includes(reason))?.[1];
  const hint = error.hint === undefined ? "" : ` (${error.hint})`;
  const place = endpoint.path === undefined ? `tcp ${listenText(endpoint)}` : `unix ${endpoint.path}`;
  return new ListenError(code === undefined ? `listen ${place}: ${error.message}${hint}` : bindError(endpoint, written, code).message, { cause: error });
}

/** Of the data plane's messages, the part that tells one refusal from another. */
const reasons: readonly (readonly [string, string])[] = [["no interface of this machine has that address", "EADDRNOTAVAIL"], ["not permitted", "EACCES"]];
