import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { ChaosError } from "../model/error.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Whose listener it is, and what it does with what it gets. */
export interface Acceptor {
  /** Name of the proxy, for messages. */
  readonly proxy: string;
  readonly accept: (client: Socket) => void;
  /** Accepting failed, such as EMFILE; the listener goes on. */
  readonly troubled: (error: Error) => void;
}

/**
 * Binds an address; port 0 is any free one.
 * Throws ChaosError `port-taken` or `listen-failed`.
 */
export async function listen(address: Address, acceptor: Acceptor): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => acceptor.accept(client));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(refusalOf(error, acceptor.proxy, address)));
    server.listen({ host: address.host, port: address.port }, resolve);
  });
  server.removeAllListeners("error");
  server.on("error", (error) => acceptor.troubled(error));
  return server;
}

/** The port that a listener got. */
export function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new ChaosError("listen-failed", "expected a listener on an IP address");
  return address.port;
}

interface Refusal {
  readonly code: string;
  readonly why: string;
  readonly hint: string;
}

const unresolved = { code: "listen-failed", why: "the name does not resolve", hint: "write an IP address of this machine" };

const refusals: Readonly<Record<string, Refusal>> = {
  EADDRINUSE: { code: "port-taken", why: "another process holds the port", hint: "choose another port, or port 0 for any free one" },
  EADDRNOTAVAIL: { code: "listen-failed", why: "no interface of this machine has that address", hint: "listen on 127.0.0.1, ::1 or 0.0.0.0" },
  EACCES: { code: "listen-failed", why: "not permitted", hint: "ports below 1024 need privileges: choose a higher one" },
  ENOTFOUND: unresolved,
  EAI_AGAIN: unresolved,
};

function refusalOf(error: NodeJS.ErrnoException, proxy: string, { host, port }: Address): ChaosError {
  const complaint = `proxy "${proxy}" cannot listen on ${host.includes(":") ? `[${host}]` : host}:${port}`;
  const refusal = refusals[error.code ?? ""];
  if (refusal === undefined) return new ChaosError("listen-failed", `${complaint}: ${error.message}`, { cause: error });
  return new ChaosError(refusal.code, `${complaint}: ${refusal.why}`, { hint: refusal.hint, cause: error });
}
