import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** A TCP server on a free port of the loopback; connections that are open when it closes are ended. */
export async function tcpServer(serve: (socket: Socket) => void): Promise<{ readonly port: number; readonly sockets: ReadonlySet<Socket>; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port, sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Gives back what it gets. */
export function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** A connected socket; its errors are for whoever waits for `close`. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: false });
  await once(socket, "connect");
  socket.on("error", () => undefined);
  return socket;
}

/** Sends a text and waits until as many bytes have come back. Throws when the connection ends before. */
export async function exchangeText(socket: Socket, text: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const wanted = Buffer.byteLength(text);
  socket.write(text);
  return new Promise((resolve, reject) => {
    const take = (part: Buffer): void => {
      parts.push(part);
      bytes += part.length;
      if (bytes < wanted) return;
      socket.off("data", take);
      socket.off("close", lost);
      resolve(Buffer.concat(parts).toString());
    };
    const lost = (): void => reject(new Error(`the connection ended after ${bytes} of ${wanted} bytes`));
    socket.on("data", take);
    socket.on("close", lost);
  });
}

/** How a connection ends: by FIN, or by an error such as ECONNRESET. */
export async function endOf(socket: Socket): Promise<string> {
  socket.resume();
  return new Promise((resolve) => {
    socket.once("end", () => resolve("fin"));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
