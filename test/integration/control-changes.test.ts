import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startControlStack } from "./control-stack.ts";
import { undoAll } from "./tcp-edge.ts";
import type { Undo } from "./tcp-edge.ts";
import { Caller, echo, serve } from "./wire.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

let stack: Awaited<ReturnType<typeof startControlStack>>;
let upstream: Awaited<ReturnType<typeof serve>>;
beforeEach(async () => {
  upstream = await serve(echo);
  undo.push(() => upstream.close());
  stack = await startControlStack();
  undo.push(() => stack.close());
});

function portOf(proxy: { readonly [key: string]: unknown }): number {
  return Number(/:(\d+)$/.exec(String(proxy["listen"]))?.[1]);
}

async function create(over: object = {}): Promise<number> {
  return portOf(await stack.control.create(JSON.stringify({ name: "db", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}`, ...over })));
}

function call(port: number): Caller {
  const caller = new Caller(port);
  undo.push(() => caller.close());
  return caller;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  undo.push(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describe("a proxy on the real data plane", () => {
  test("that cannot move where it is told keeps its connections", async () => {
    const caller = call(await create());
    expect(await caller.ask("one")).toBe("one");
    const port = await takenPort();
    await expect(stack.control.update("db", JSON.stringify({ listen: `127.0.0.1:${port}` }))).rejects.toMatchObject({ status: 500, message: `listen tcp 127.0.0.1:${port}: bind: address already in use` });
    expect(await caller.ask("two")).toBe("two");
  });

  test("that moves ends its connections and keeps its port and its toxics", async () => {
    const other = await serve(echo);
    undo.push(() => other.close());
    const port = await create({ toxics: [{ type: "latency", attributes: { latency: 80 } }] });
    const caller = call(port);
    expect(await caller.ask("one")).toBe("one");
    const moved = await stack.control.update("db", JSON.stringify({ upstream: `127.0.0.1:${other.port}` }));
    expect(portOf(moved)).toBe(port);
    await caller.ended;
    const startMs = performance.now();
    expect(await call(port).ask("two")).toBe("two");
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(79);
  });

  test("is created with a toxic that its first connection meets", async () => {
    expect(await call(await create({ toxics: [{ type: "reset_peer" }] })).ended).toBe("ECONNRESET");
  });

  test("that a controller disabled and left is healed by its lease", async () => {
    const port = await create();
    await stack.control.update("db", '{"enabled":false,"ttl":60000}');
    expect(await call(port).ended).toBe("ECONNREFUSED");
    expect(await stack.control.update("db", '{"ttl":50}')).toMatchObject({ enabled: false });
    await expect.poll(() => stack.control.proxy("db"), { timeout: 5000 }).toMatchObject({ enabled: true });
    expect(await call(port).ask("back")).toBe("back");
  });

  test("that stands still with a rate of 0 loses nothing when that is taken away", async () => {
    const port = await create();
    const caller = call(port);
    expect(await caller.ask("one")).toBe("one");
    await stack.control.addToxic("db", '{"type":"bandwidth","attributes":{"rate":0},"ttl":200}');
    expect(await caller.ask("two")).toBe("two");
  });

  test("is told in Go's words that its address is not of this machine", async () => {
    await expect(create({ listen: "203.0.113.7:0" })).rejects.toMatchObject({ status: 500, message: "listen tcp 203.0.113.7:0: bind: cannot assign requested address" });
  });
});
