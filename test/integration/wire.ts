import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { onFin } from "../../src/proxy/reset.ts";

/** An upstream on a free port of 127.0.0.1; sockets that it serves are half-open capable and their errors are kept quiet. */
export async function serve(handle: (socket: Socket) => void): Promise<{ readonly port: number; readonly sockets: Set<Socket>; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    handle(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    sockets,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A while of at least `ms` in which what is under way comes through: in many parts, for behind one in which this process stood still a timer comes before what is to be read. */
export async function aWhile(ms: number): Promise<void> {
  const parts = 20;
  for (let part = 0; part < parts; part += 1) await new Promise((resolve) => { setTimeout(() => setImmediate(resolve), ms / parts); });
}

export function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** A port of 127.0.0.1 that refuses, and that nobody else is given until it is closed: a connection that was dialled has it. */
export async function refuse(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = await serve(() => undefined);
  const holder = await new Caller(server.port).connected();
  return {
    port: holder.socket.localPort ?? 0,
    close: async () => {
      holder.close();
      await server.close();
    },
  };
}

/** How a connection ended for the one who dialled it: `fin`, or the system's error code, such as ECONNRESET. */
export type Ending = string;

/** A raw client. */
export class Caller {
  readonly socket: Socket;
  readonly ended: Promise<Ending>;
  #received: Buffer[] = [];
  #length = 0;
  #wanted: { readonly length: number; readonly resolve: () => void } | undefined;

  constructor(port: number, host = "127.0.0.1") {
    this.socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.ended = new Promise((resolve) => {
      onFin(this.socket, () => resolve("fin"));
      this.socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    this.socket.on("data", (bytes) => {
      this.#received.push(bytes);
      this.#length += bytes.length;
      if (this.#wanted !== undefined && this.#length >= this.#wanted.length) this.#wanted.resolve();
    });
  }

  /** Resolves when connected; throws the system's error otherwise. */
  async connected(): Promise<this> {
    await once(this.socket, "connect");
    return this;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** Resolves when so many bytes have come in all. */
  async received(length: number): Promise<Buffer> {
    if (this.#length < length) await new Promise<void>((resolve) => (this.#wanted = { length, resolve }));
    return this.bytes;
  }

  /** Sends bytes and waits for as many back. */
  async ask(text: string): Promise<string> {
    const before = this.#length;
    this.socket.write(text);
    const all = await this.received(before + Buffer.byteLength(text));
    return all.subarray(before).toString();
  }

  close(): void {
    this.socket.destroy();
  }
}
