import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { ChaosError } from "../model/error.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a socket that accepts does with what it gets. */
export interface Acceptor {
  accept(client: Socket): void;
  /** Accepting failed, such as EMFILE; the listener goes on. */
  troubled(error: Error): void;
}

/**
 * Binds an address; port 0 is any free one.
 * Throws ChaosError `port-taken` or `listen-failed`.
 */
export async function listen(address: Address, acceptor: Acceptor): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: 64 * 1024 }, (client) => acceptor.accept(client));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(refusal(error, address)));
    server.listen({ host: address.host, port: address.port }, resolve);
  });
  server.removeAllListeners("error");
  server.on("error", (error) => acceptor.troubled(error));
  return server;
}

/** The port that a listener got. */
export function boundPort(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function refusal(error: NodeJS.ErrnoException, { host, port }: Address): ChaosError {
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new ChaosError("port-taken", `cannot listen on ${where}: another process holds the port`, { hint: "choose another port, or port 0 for any free one", cause: error });
    case "EADDRNOTAVAIL":
      return new ChaosError("listen-failed", `cannot listen on ${where}: no interface of this machine has that address`, { hint: "listen on 127.0.0.1, ::1 or 0.0.0.0", cause: error });
    case "EACCES":
      return new ChaosError("listen-failed", `cannot listen on ${where}: not permitted`, { hint: "ports below 1024 need privileges: choose a higher one", cause: error });
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new ChaosError("listen-failed", `cannot listen on ${where}: the name "${host}" does not resolve`, { hint: "write an IP address of this machine", cause: error });
    default:
      return new ChaosError("listen-failed", `cannot listen on ${where}: ${error.message}`, { cause: error });
  }
}
