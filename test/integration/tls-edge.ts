import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer } from "node:tls";
import type { ConnectionOptions, TLSSocket, TlsOptions } from "node:tls";
import { LocalEngine } from "../../src/engines/index.ts";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import type { WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { CertificateMaker, createDataPlane } from "../../src/proxy/index.ts";
import { onFin } from "../../src/proxy/reset.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import type { Undo } from "./http-edge.ts";

/** An authority and what it signs for this machine, good and not. */
export async function makeCertificates() {
  const maker = new CertificateMaker();
  const tls = await maker.make({ choice: { kind: "generated", names: ["payments.test"] }, names: [], flawed: true });
  return { tls, ca: (await maker.authority()) ?? "" };
}

/** A data plane with one proxy, `edge`, on real sockets. */
export async function startProxy(undo: Undo, config: Partial<ProxyConfig>) {
  const env = createSystemEnv();
  const records: WitnessRecord[] = [];
  const engine = new LocalEngine(createDataPlane(env), (batch) => records.push(...batch));
  const [listening] = await engine.start({
    seed: "test", tracePrefix: "0123456789abcdef",
    proxies: [{ name: "edge", lane: "http1", upstream: { host: "127.0.0.1", port: 1 }, host: "keep", correlate: { by: "none" }, listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }], ...config }],
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped) await engine.stop();
    stopped = true;
  };
  undo.push(stop);
  return {
    env, records, stop, listening,
    port: listening?.port ?? 0,
    setFaults: (...faults: readonly Fault[]) => engine.setFaults(faults, 1),
    lift: (how = { release: false }) => engine.lift(how),
    /** What the witness wrote down, complete once all has been stopped. */
    told: async () => {
      await stop();
      return {
        exchanges: records.filter((record) => record.kind === "exchange"),
        connections: records.filter((record) => record.kind === "connection"),
        issues: records.filter((record) => record.kind === "witness-issue"),
      };
    },
  };
}

/** An upstream that speaks TLS on a free port. */
export async function serveTls(undo: Undo, options: TlsOptions, handle: (socket: TLSSocket) => void, host = "127.0.0.1"): Promise<{ readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, ...options }, (socket) => handle(socket.on("error", () => undefined)));
  server.on("tlsClientError", () => undefined);
  server.on("connection", (socket: Socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  server.listen(0, host);
  await once(server, "listening");
  undo.push(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0 };
}

/** A client of TLS: what came, and how it ended: `fin`, or an error's code. */
export class SecuredCaller {
  readonly socket: TLSSocket;
  readonly ended: Promise<string>;
  /** `secure`, or how it ended before. */
  readonly shaken: Promise<string>;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(undo: Undo, options: ConnectionOptions) {
    const half: ConnectionOptions & { readonly allowHalfOpen: true } = { host: "127.0.0.1", allowHalfOpen: true, ...options };
    this.socket = connect(half);
    undo.push(() => void this.socket.destroy());
    this.ended = new Promise((resolve) => {
      onFin(this.socket, () => resolve("fin"));
      this.socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    this.shaken = Promise.race([once(this.socket, "secureConnect").then(() => "secure", () => "error"), this.ended]).then(async (how) => (how === "error" ? this.ended : how));
    this.socket.on("data", (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Resolves when so many bytes have come in all; throws when it ends before. */
  async received(length: number): Promise<string> {
    while (this.#length < length) {
      const more = await Promise.race([once(this.socket, "data").then(() => "more"), this.ended]);
      if (more !== "more" && this.#length < length) throw new Error(`ended by ${more} after ${this.#length} bytes: ${this.bytes.toString("latin1")}`);
    }
    return this.bytes.toString("latin1");
  }
}

/** Waits for what has no event of its own. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
