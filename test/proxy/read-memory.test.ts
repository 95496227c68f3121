import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { copying, lending, readAccepted } from "../../src/proxy/read-memory.ts";

type Reader = ReturnType<typeof lending>;

const nextOf = ({ buffer }: Reader): Uint8Array => (typeof buffer === "function" ? buffer() : buffer);

/** A read that fills so much of the memory that the reader gives. */
function read(reader: Reader, text: string, length?: number): void {
  const memory = nextOf(reader);
  const bytes = length ?? memory.length;
  memory.fill(text.charCodeAt(0), 0, bytes);
  reader.callback(bytes, memory);
}

describe("lending", () => {
  it("copies small reads, so that the shared memory is free for other connections", () => {
    const taken: Buffer[] = [];
    const reader = lending((bytes) => taken.push(bytes) < 0);
    read(reader, "a", 1000);
    read(reader, "b", 1000);
    expect(taken.map(String)).toEqual(["a".repeat(1000), "b".repeat(1000)]);
  });

  it("uses memory again only when it was given back", () => {
    const taken: Buffer[] = [];
    let givesBack = true;
    const reader = lending((bytes) => {
      taken.push(bytes);
      return givesBack;
    });
    read(reader, "a");
    const own = nextOf(reader);
    read(reader, "b");
    expect(nextOf(reader)).toBe(own);
    givesBack = false;
    read(reader, "c");
    expect(nextOf(reader)).not.toBe(own);
    read(reader, "d");
    expect(taken.at(-2)?.every((byte) => byte === 0x63)).toBe(true);
  });

  it("keeps no memory of its own for a stream that has become a trickle", () => {
    const others = lending(() => true);
    const reader = lending(() => false);
    read(reader, "a");
    read(reader, "b", 10);
    expect(nextOf(reader)).toBe(nextOf(others));
  });
});

describe("copying", () => {
  it("leaves what was taken as it was, whatever is read next", () => {
    const taken: Buffer[] = [];
    const reader = copying((bytes) => taken.push(bytes));
    read(reader, "a");
    read(reader, "b", 5);
    expect(taken[0]?.every((byte) => byte === 0x61)).toBe(true);
  });
});

describe("readAccepted", () => {
  /** A connection with both its ends, and what the accepting one was given. */
  async function start(prepare: (accepted: Socket) => void = () => undefined) {
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const taken: string[] = [];
    const accepting = once(server, "connection") as Promise<[Socket]>;
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [accepted] = await accepting;
    prepare(accepted);
    const read = readAccepted(accepted, (bytes) => {
      taken.push(bytes.toString());
      read.emit("took");
    });
    return { server, client, accepted, read, taken };
  }

  it("reads what comes, writes, and knows both ends", async () => {
    const { server, client, accepted, read, taken } = await start();
    expect(read).not.toBe(accepted);
    client.write("one");
    await once(read, "took");
    client.write("two");
    await once(read, "took");
    expect(taken).toEqual(["one", "two"]);
    expect([read.remotePort, read.localPort]).toEqual([client.localPort, client.remotePort]);
    const answered = once(client, "data") as Promise<[Buffer]>;
    read.write("back");
    expect(String((await answered)[0])).toBe("back");
    read.destroy();
    server.close();
    await once(client.resume(), "end");
  });

  it("is not touched any more by the socket that accepted it, whatever becomes of that", async () => {
    const { server, client, accepted, read, taken } = await start();
    accepted.destroy();
    await once(accepted, "close");
    client.write("still here");
    await once(read, "took");
    expect(taken).toEqual(["still here"]);
    const answered = once(client, "data") as Promise<[Buffer]>;
    read.write("back");
    expect(String((await answered)[0])).toBe("back");
    client.destroy();
    read.destroy();
    server.close();
  });

  it("is written to behind the other end's FIN, where it was accepted so", async () => {
    const { server, client, read, taken } = await start();
    client.end("asked");
    await once(read, "end");
    // Who does not allow half a close would end it now.
    await new Promise((resolve) => setImmediate(resolve));
    expect([taken, read.writable]).toEqual([["asked"], true]);
    const answered = once(client, "data") as Promise<[Buffer]>;
    read.end("answer");
    expect(String((await answered)[0])).toBe("answer");
    server.close();
  });

  it("reads no more while it is paused", async () => {
    const { server, client, read, taken } = await start();
    read.pause();
    client.write("held");
    // Its bytes have come when those of a later connection have.
    const later = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(server, "connection");
    later.destroy();
    expect(taken).toEqual([]);
    const took = once(read, "took");
    read.resume();
    await took;
    expect(taken).toEqual(["held"]);
    client.destroy();
    read.destroy();
    server.close();
  });

  it("tells of a FIN, and of a reset", async () => {
    const one = await start();
    one.client.end("last");
    await once(one.read, "end");
    expect(one.taken).toEqual(["last"]);
    one.read.end();
    one.server.close();
    const two = await start();
    const failed = once(two.read, "error").catch((error: unknown) => [error]);
    two.client.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
    two.server.close();
  });

  it("is waited for by the server that accepted it", async () => {
    const { server, client, read } = await start();
    let isClosed = false;
    const closed = new Promise<void>((resolve) => server.close(() => { isClosed = true; resolve(); }));
    client.write("x");
    await once(read, "took");
    expect(isClosed).toBe(false);
    client.destroy();
    read.destroy();
    await closed;
  });

  it("reads it as a stream where a version of Node is otherwise inside", async () => {
    const { server, client, accepted, read, taken } = await start((socket) => Object.assign(socket, { _server: undefined }));
    expect(read).toBe(accepted);
    client.write("one");
    await once(read, "took");
    expect(taken).toEqual(["one"]);
    client.destroy();
    read.destroy();
    server.close();
  });
});
