import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { ChaosError } from "../model/error.ts";

/** A port that nobody else gets until it is released. */
export interface HeldPort {
  readonly port: number;
  readonly release: () => Promise<void>;
}

const host = "127.0.0.1";
/** Below the ranges from which Linux (32768) and others (49152) give ports to outgoing connections. */
const lowest = 15_000;
const highest = 32_000;
const attempts = 100;

/**
 * Holds a free port outside the range from which outgoing connections get theirs: one of that range could be taken by our own load
 * before the service has bound it. Chosen at random, so that runs side by side do not meet. Throws ChaosError `no-free-port`.
 */
export async function holdFreePort(): Promise<HeldPort> {
  const [from, to] = outgoingRange();
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest);
    if (port >= from && port <= to) continue;
    const held = await hold(port);
    if (typeof held !== "string") return held;
  }
  throw new ChaosError("no-free-port", `expected a free port on ${host} between ${lowest} and ${highest}, found none in ${attempts} attempts`, { hint: "end what holds so many ports, or give the service a port of its own" });
}

/** Holds a port that the author chose; throws ChaosError `port-taken`. */
export async function holdPort(port: number, service: string): Promise<HeldPort> {
  const held = await hold(port);
  if (typeof held !== "string") return held;
  throw new ChaosError("port-taken", `service ${service} cannot have port ${port}: ${held === "EADDRINUSE" ? "another process holds it" : held}`, { hint: "end that process, or write port: auto for a free one" });
}

/** A system error code when it cannot be bound. */
function hold(port: number): Promise<HeldPort | string> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => resolve({ port, release: () => new Promise((released) => void server.close(() => released())) }));
  });
}

function outgoingRange(): readonly [number, number] {
  try {
    const [from = 0, to = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
    // A system that gives out all of them leaves none to choose from.
    return from <= lowest && to >= highest ? [0, 0] : [from, to];
  } catch {
    return [0, 0];
  }
}
