import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answering, exchangeFault, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { startProxy, until } from "./tls-edge.ts";
import { hashOf, patterned, undoAll } from "./tcp-edge.ts";
import { echo, serve } from "./wire.ts";

const undo: Undo = [];
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chaos-unix-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
});
afterEach(() => undoAll(undo));

const get = "GET /stock HTTP/1.1\r\nHost: caller.test\r\n\r\n";

/** An upstream on a unix socket. */
async function serveOn(path: string, handle: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => handle(socket.on("error", () => undefined)));
  server.listen(path);
  await once(server, "listening");
  undo.push(() => server.close());
  return server;
}

function callOn(path: string): { readonly socket: Socket; readonly ended: Promise<string>; text(): string; bytes(): Buffer } {
  const socket = connect({ path, allowHalfOpen: true });
  undo.push(() => void socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (bytes) => chunks.push(bytes));
  const ended = new Promise<string>((resolve) => socket.on("end", () => resolve("fin")).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")));
  return { socket, ended, text: () => Buffer.concat(chunks).toString(), bytes: () => Buffer.concat(chunks) };
}

describe("a proxy on unix sockets", () => {
  it("serves HTTP on both sides, and names the machine as host", async () => {
    const asked: string[] = [];
    await serveOn(join(folder, "up.sock"), answering((request, socket) => {
      asked.push(request);
      socket.write(ok);
    }));
    const proxy = await startProxy(undo, { host: "upstream", upstream: { path: join(folder, "up.sock") }, listeners: [{ caller: "default", path: join(folder, "edge.sock") }] });
    expect(proxy.listening).toEqual({ proxy: "edge", caller: "default", path: join(folder, "edge.sock") });
    const caller = callOn(join(folder, "edge.sock"));
    caller.socket.write(get);
    await until(() => caller.text() === ok);
    expect(asked).toEqual([get.replace("caller.test", "localhost")]);
    caller.socket.end();
    const { exchanges } = await proxy.told();
    expect(exchanges).toMatchObject([{ status: 200, end: "complete" }]);
  });

  it("passes bytes both ways with half-close", async () => {
    await serveOn(join(folder, "up.sock"), echo);
    const proxy = await startProxy(undo, { lane: "tcp", upstream: { path: join(folder, "up.sock") }, listeners: [{ caller: "default", path: join(folder, "edge.sock") }] });
    const sent = patterned(2 * 1024 * 1024);
    const caller = callOn(join(folder, "edge.sock"));
    caller.socket.end(sent);
    expect(await caller.ended).toBe("fin");
    expect(hashOf(caller.bytes())).toBe(hashOf(sent));
    expect((await proxy.told()).connections).toMatchObject([{ closedBy: "client", how: "fin", requestBytes: sent.length, responseBytes: sent.length, upstreamReached: true }]);
  });

  it.each(["tcp", "http1"] as const)("is left in peace by who just closes, and upstream as well (%s)", async (lane) => {
    const ends: string[] = [];
    const upstream = await serve((socket) => answering((_, client) => client.write(ok))(socket.on("end", () => ends.push("fin")).on("error", (error) => ends.push(error.message))));
    undo.push(() => upstream.close());
    const proxy = await startProxy(undo, { lane, upstream: { host: "127.0.0.1", port: upstream.port }, listeners: [{ caller: "default", path: join(folder, "edge.sock") }] });
    const caller = callOn(join(folder, "edge.sock"));
    caller.socket.write(get);
    await until(() => caller.text() === ok);
    caller.socket.destroy();
    await until(() => ends.length > 0);
    expect(ends).toEqual(["fin"]);
    expect((await proxy.told()).connections).toMatchObject([{ closedBy: "client", how: "fin" }]);
  });

  it("closes where TCP would reset: a unix socket knows no RST", async () => {
    await serveOn(join(folder, "up.sock"), answering((_, socket) => socket.write(ok)));
    const proxy = await startProxy(undo, { upstream: { path: join(folder, "up.sock") }, listeners: [{ caller: "default", path: join(folder, "edge.sock") }] });
    await proxy.setFaults(exchangeFault("reset", { at: "request" }));
    const caller = callOn(join(folder, "edge.sock"));
    caller.socket.write(get);
    expect(["fin", "ECONNRESET", "EPIPE"]).toContain(await caller.ended);
    expect(caller.text()).toBe("");
    expect((await proxy.told()).exchanges).toMatchObject([{ end: "reset" }]);
  });

  it("tells an upstream that is not there as unreachable", async () => {
    const proxy = await startProxy(undo, { upstream: { path: join(folder, "none.sock") }, listeners: [{ caller: "default", path: join(folder, "edge.sock") }] });
    const caller = callOn(join(folder, "edge.sock"));
    caller.socket.write(get);
    await caller.ended;
    expect((await proxy.told()).exchanges).toMatchObject([{ end: "upstream-unreachable" }]);
  });

  it("may stand on one side only", async () => {
    const upstream = await serve(echo);
    undo.push(() => upstream.close());
    await startProxy(undo, { lane: "tcp", upstream: { host: "127.0.0.1", port: upstream.port }, listeners: [{ caller: "default", path: join(folder, "edge.sock") }] });
    const caller = callOn(join(folder, "edge.sock"));
    caller.socket.write("there and back");
    await until(() => caller.text().length === 14);
    expect(caller.text()).toBe("there and back");
  });
});

describe("the file of a listener on a unix socket", () => {
  const listeners = () => [{ caller: "default", path: join(folder, "edge.sock") }];

  it("is removed at the stop, and while the proxy is down", async () => {
    const proxy = await startProxy(undo, { lane: "tcp", listeners: listeners() });
    expect(existsSync(join(folder, "edge.sock"))).toBe(true);
    await proxy.setFaults(connectionFault("down", {}));
    await until(() => !existsSync(join(folder, "edge.sock")));
    await proxy.lift();
    await until(() => existsSync(join(folder, "edge.sock")));
    await proxy.stop();
    expect(existsSync(join(folder, "edge.sock"))).toBe(false);
  });

  it("that another process holds is left to it", async () => {
    await serveOn(join(folder, "edge.sock"), echo);
    await expect(startProxy(undo, { listeners: listeners() })).rejects.toMatchObject({ code: "port-taken", message: `proxy "edge" cannot listen on unix:${folder}/edge.sock: another process listens there`, hint: "end that process, or choose another path" });
    expect(existsSync(join(folder, "edge.sock"))).toBe(true);
  });

  it("that nobody holds any more is not removed either: it is not ours", async () => {
    const path = join(folder, "edge.sock");
    // A thread that ends without closing leaves the file.
    const thread = new Worker(`require("net").createServer().listen(${JSON.stringify(path)}, () => { require("fs").linkSync(${JSON.stringify(path)}, ${JSON.stringify(`${path}.kept`)}); process.exit(); })`, { eval: true });
    await once(thread, "exit");
    if (!existsSync(path)) await import("node:fs/promises").then(({ rename }) => rename(`${path}.kept`, path));
    await expect(startProxy(undo, { listeners: listeners() })).rejects.toMatchObject({ code: "port-taken", message: expect.stringContaining("a socket stands there that nobody listens on any more") as string, hint: expect.stringContaining(`rm ${path}`) as string });
    expect(existsSync(path)).toBe(true);
  });

  it("may be in the place of another file, which stays", async () => {
    await writeFile(join(folder, "edge.sock"), "precious");
    await expect(startProxy(undo, { listeners: listeners() })).rejects.toMatchObject({ code: "port-taken", message: expect.stringContaining("a file that is no socket stands there") as string });
    expect(existsSync(join(folder, "edge.sock"))).toBe(true);
  });

  it.each([
    ["a folder that is not there", "none/edge.sock", "listen-failed", "there is no such folder"],
    ["a path that would be cut off", "x".repeat(120), "path-too-long", "at most 107 bytes"],
  ])("cannot be in %s", async (_claim, name, code, why) => {
    await expect(startProxy(undo, { listeners: [{ caller: "default", path: join(folder, name) }] })).rejects.toMatchObject({ code, message: expect.stringContaining(why) as string });
  });

  it("of an upstream is refused as well where it would be cut off", async () => {
    await expect(startProxy(undo, { upstream: { path: join(folder, "x".repeat(120)) } })).rejects.toMatchObject({ code: "path-too-long" });
  });
});
