import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { Toxiproxy } from "toxiproxy-node-client";
import type { Proxy } from "toxiproxy-node-client";
import { startControlStack } from "./control-stack.ts";
import { Caller, echo, serve } from "./wire.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** The client, and a proxy of it in front of an echo. */
async function start() {
  const upstream = await serve(echo);
  undo.push(() => upstream.close());
  const stack = await startControlStack();
  undo.push(() => stack.close());
  const client = new Toxiproxy(stack.url);
  const proxy = await client.createProxy({ name: "echo", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}` });
  return { stack, client, proxy, upstream: `127.0.0.1:${upstream.port}` };
}

async function call(proxy: Proxy): Promise<Caller> {
  const caller = new Caller(Number(proxy.listen.split(":")[1]));
  undo.push(() => caller.close());
  return caller.connected();
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

describe("toxiproxy-node-client, proxies", () => {
  it("creates, gets, lists, updates and removes them", async () => {
    const { client, proxy, upstream } = await start();
    expect(proxy.toJson()).toEqual({ name: "echo", listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/), upstream, enabled: true });
    expect((await client.get("echo")).toJson()).toEqual(proxy.toJson());
    expect(Object.keys(await client.getAll())).toEqual(["echo"]);
    expect(await (await call(proxy)).ask("hello")).toBe("hello");

    const disabled = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
    expect(disabled.enabled).toBe(false);
    await expect(call(proxy)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect((await disabled.update({ enabled: true, listen: proxy.listen, upstream })).enabled).toBe(true);
    expect(await (await call(proxy)).ask("again")).toBe("again");

    await proxy.remove();
    await expect(client.get("echo")).rejects.toThrow("Request failed with status code 404");
    await expect(call(proxy)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await client.getAll()).toEqual({});
  });

  it("ends the connections of one that is disabled", async () => {
    const { proxy, upstream } = await start();
    const caller = await call(proxy);
    await caller.ask("x");
    await proxy.update({ enabled: false, listen: proxy.listen, upstream });
    expect(await caller.ended).toBe("fin");
  });

  it("moves one to another upstream, and its toxics go with it", async () => {
    const { proxy, client } = await start();
    const other = await serve((socket) => socket.end("other"));
    undo.push(() => other.close());
    await proxy.addToxic({ name: "slow", type: "latency", stream: "downstream", toxicity: 1, attributes: { latency: 60, jitter: 0 } });
    const moved = await proxy.update({ enabled: true, listen: proxy.listen, upstream: `127.0.0.1:${other.port}` });
    expect(moved.upstream).toBe(`127.0.0.1:${other.port}`);
    expect(await took(async () => expect((await (await call(moved)).received(5)).toString()).toBe("other"))).toBeGreaterThanOrEqual(60);
    expect((await (await client.get("echo")).getToxic("slow")).name).toBe("slow");
  });

  it("populates, resets, and reads the version", async () => {
    const { client, proxy, upstream } = await start();
    const populated = await client.populate([{ name: "echo", listen: proxy.listen, upstream }, { name: "two", listen: "127.0.0.1:0", upstream, enabled: false }]);
    expect(Object.values(populated).map(({ name, enabled }) => [name, enabled])).toEqual([["echo", true], ["two", false]]);
    expect(await client.populate([])).toEqual({});
    await proxy.addToxic({ name: "cut", type: "timeout", stream: "downstream", toxicity: 1, attributes: { timeout: 0 } });
    await client.reset();
    await expect(proxy.getToxic("cut")).rejects.toThrow("404");
    expect((await client.get("two")).enabled).toBe(true);
    expect(await client.getVersion()).toBe('{"version": "2.12.0"}\n');
  });

  it("is told what it may not: a name twice, a port that is taken, what is not there", async () => {
    const { client, proxy, upstream } = await start();
    await expect(client.createProxy({ name: "echo", listen: "127.0.0.1:0", upstream })).rejects.toThrow("status code 409");
    await expect(client.createProxy({ name: "b", listen: proxy.listen, upstream })).rejects.toThrow("status code 500");
    await expect(client.createProxy({ name: "", listen: "127.0.0.1:0", upstream })).rejects.toThrow("status code 400");
    await expect(proxy.addToxic({ name: "x", type: "down", stream: "sideways" as "upstream", toxicity: 1, attributes: {} })).rejects.toThrow("status code 400");
    await expect(proxy.getToxic("x")).rejects.toThrow("status code 404");
  });
});

describe("toxiproxy-node-client, toxics on a live connection", () => {
  it("adds, gets, updates and removes latency", async () => {
    const { proxy } = await start();
    const caller = await call(proxy);
    await caller.ask("warm");
    const toxic = await proxy.addToxic({ name: "slow", type: "latency", stream: "downstream", toxicity: 1, attributes: { latency: 150, jitter: 0 } });
    expect(toxic.toJson()).toEqual({ name: "slow", type: "latency", stream: "downstream", toxicity: 1, attributes: { latency: 150, jitter: 0 } });
    expect(await took(() => caller.ask("one"))).toBeGreaterThanOrEqual(150);
    // An hour, which no answer here waits for unless the next change does nothing.
    const update = (latency: number) => toxic.update({ name: "slow", type: "latency", stream: "downstream", toxicity: 1, attributes: { latency, jitter: 10 } });
    await update(3_600_000);
    const updated = await update(50);
    expect(updated.attributes).toEqual({ latency: 50, jitter: 10 });
    expect((await proxy.getToxic("slow")).toJson()).toEqual(updated.toJson());
    expect(await took(() => caller.ask("two"))).toBeGreaterThanOrEqual(40);
    await update(3_600_000);
    await toxic.remove();
    await expect(proxy.getToxic("slow")).rejects.toThrow("404");
    await caller.ask("three");
    expect(caller.bytes.toString()).toBe("warmonetwothree");
  });

  it("slows upstream by bandwidth, both ways add up", async () => {
    const { proxy } = await start();
    const caller = await call(proxy);
    await proxy.addToxic({ name: "thin", type: "bandwidth", stream: "upstream", toxicity: 1, attributes: { rate: 100 } });
    expect(await took(() => caller.ask("x".repeat(20_000)))).toBeGreaterThanOrEqual(190);
    await proxy.addToxic({ name: "thin_too", type: "bandwidth", stream: "downstream", toxicity: 1, attributes: { rate: 50 } });
    expect(await took(() => caller.ask("x".repeat(20_000)))).toBeGreaterThanOrEqual(390);
  });

  it("stalls by bandwidth 0 and heals without loss when it is removed", async () => {
    const { proxy } = await start();
    const caller = await call(proxy);
    await caller.ask("a");
    const stall = await proxy.addToxic({ name: "stall", type: "bandwidth", stream: "downstream", toxicity: 1, attributes: { rate: 0 } });
    caller.socket.write("held");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(caller.bytes.toString()).toBe("a");
    await stall.remove();
    expect((await caller.received(5)).toString()).toBe("aheld");
  });

  it("delays the close by slow_close", async () => {
    const { proxy } = await start();
    await proxy.addToxic({ name: "late", type: "slow_close", stream: "downstream", toxicity: 1, attributes: { delay: 150 } });
    const caller = await call(proxy);
    await caller.ask("x");
    expect(await took(() => {
      caller.socket.end();
      return caller.ended;
    })).toBeGreaterThanOrEqual(150);
    expect(await caller.ended).toBe("fin");
  });

  it("silences and closes by timeout, and closes when a timeout of 0 is removed", async () => {
    const { proxy } = await start();
    const caller = await call(proxy);
    await caller.ask("x");
    const atMs = performance.now();
    const timeout = await proxy.addToxic({ name: "gone", type: "timeout", stream: "downstream", toxicity: 1, attributes: { timeout: 200 } });
    caller.socket.write("lost");
    expect(await caller.ended).toBe("fin");
    expect(performance.now() - atMs).toBeGreaterThanOrEqual(195);
    expect(caller.bytes.toString()).toBe("x");
    await timeout.remove();
    const never = await proxy.addToxic({ name: "never", type: "timeout", stream: "upstream", toxicity: 1, attributes: { timeout: 0 } });
    const other = await call(proxy);
    other.socket.write("lost");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await never.remove();
    expect(["fin", "ECONNRESET"]).toContain(await other.ended);
    expect(other.bytes.toString()).toBe("");
  });

  it("resets by reset_peer, connections that were open and idle too", async () => {
    const { proxy } = await start();
    const idle = await call(proxy);
    await idle.ask("x");
    await proxy.addToxic({ name: "rst", type: "reset_peer", stream: "downstream", toxicity: 1, attributes: { timeout: 50 } });
    expect(await idle.ended).toBe("ECONNRESET");
    const fresh = await call(proxy);
    expect(await fresh.ended).toBe("ECONNRESET");
  });

  it("resets a new connection by reset_peer once it has been seen open and used, and upstream knows of it", async () => {
    const { proxy } = await start();
    await proxy.addToxic({ name: "rst", type: "reset_peer", stream: "downstream", toxicity: 1, attributes: { timeout: 0 } });
    const caller = await call(proxy);
    caller.socket.write("asked");
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.toString()).toBe("");
  });

  it("lets nothing through that reset_peer will reset", async () => {
    const { proxy } = await start();
    await proxy.addToxic({ name: "rst", type: "reset_peer", stream: "downstream", toxicity: 1, attributes: { timeout: 60 } });
    const startMs = performance.now();
    const caller = await call(proxy);
    caller.socket.write("asked");
    expect(await caller.ended).toBe("ECONNRESET");
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
    expect(caller.bytes.toString()).toBe("");
  });

  it("lets go what it held when it is removed before its time", async () => {
    const { proxy } = await start();
    const toxic = await proxy.addToxic({ name: "rst", type: "reset_peer", stream: "downstream", toxicity: 1, attributes: { timeout: 60_000 } });
    const caller = await call(proxy);
    const asked = caller.ask("asked");
    await toxic.remove();
    expect(await asked).toBe("asked");
  });

  it("ends a connection whose upstream is down as Toxiproxy does, by FIN", async () => {
    const { proxy } = await start();
    await proxy.update({ enabled: true, listen: proxy.listen, upstream: "127.0.0.1:1" });
    const caller = await call(proxy);
    caller.socket.write("anybody there?");
    expect(await caller.ended).toBe("fin");
  });

  it("slices without losing a byte", async () => {
    const { proxy } = await start();
    await proxy.addToxic({ name: "cut", type: "slicer", stream: "downstream", toxicity: 1, attributes: { average_size: 100, size_variation: 20, delay: 1_000 } });
    const caller = await call(proxy);
    const text = Array.from({ length: 1_000 }, (_, i) => String(i)).join(",");
    let pieces = 0;
    caller.socket.on("data", () => (pieces += 1));
    expect(await took(async () => expect(await caller.ask(text)).toBe(text))).toBeGreaterThanOrEqual(25);
    expect(pieces).toBeGreaterThan(5);
  });

  it("ends after so many bytes by limit_data", async () => {
    const { proxy } = await start();
    await proxy.addToxic({ name: "few", type: "limit_data", stream: "downstream", toxicity: 1, attributes: { bytes: 7 } });
    const caller = await call(proxy);
    caller.socket.write("0123456789");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("0123456");
  });

  it("spares all connections with toxicity 0", async () => {
    const { proxy } = await start();
    await proxy.addToxic({ name: "rare", type: "reset_peer", stream: "downstream", toxicity: 0, attributes: { timeout: 0 } });
    const caller = await call(proxy);
    expect(await caller.ask("fine")).toBe("fine");
    caller.socket.end();
    await once(caller.socket, "close");
    expect(await caller.ended).toBe("fin");
  });
});
