import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { send } from "../proxy/api/raw-http.ts";
import { startControlStack } from "./control-stack.ts";
import { Caller, echo, serve } from "./wire.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function start() {
  const stack = await startControlStack();
  undo.push(() => stack.close());
  const ask = async (method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: string }> => send(stack.port, { method, path, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  /** Makes a proxy and says where it listens. */
  const open = async (proxy: object): Promise<number> => {
    const { status, body } = await ask("POST", "/proxies", { listen: "127.0.0.1:0", ...proxy });
    expect(status, body).toBe(201);
    return Number((JSON.parse(body) as { listen: string }).listen.split(":").at(-1));
  };
  const get = async <T>(path: string): Promise<T> => JSON.parse((await ask("GET", path)).body) as T;
  return { ...stack, ask, open, get };
}

async function echoPort(): Promise<number> {
  const upstream = await serve(echo);
  undo.push(() => upstream.close());
  return upstream.port;
}

/** An HTTP server that answers `hello` to everything. */
async function helloPort(): Promise<number> {
  const server = createServer((_request, response) => response.end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function fetchStatus(port: number, method: string, path: string): Promise<number> {
  const request = httpRequest({ host: "127.0.0.1", port, method, path, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}

interface Entry {
  readonly kind: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly ended: string;
  readonly time: string;
  readonly reachedUpstream: boolean;
  readonly toxics: readonly { readonly toxic: string; readonly applied: boolean; readonly what: string }[];
}

describe("what went through, over the real data plane", () => {
  it("tells of each HTTP exchange how it ended, and which toxic hit it or why not", async () => {
    const { open, ask, get } = await start();
    const port = await open({ name: "payments", upstream: `http://127.0.0.1:${await helloPort()}` });
    expect((await ask("POST", "/proxies/payments/toxics", { type: "http_error", name: "broken", attributes: { status: 503, match: { method: "POST" }, first: 1 } })).status).toBe(200);
    expect([await fetchStatus(port, "GET", "/a"), await fetchStatus(port, "POST", "/b"), await fetchStatus(port, "POST", "/c")]).toEqual([200, 503, 200]);
    const entries = await get<Entry[]>("/proxies/payments/exchanges");
    expect(entries.map(({ kind, method, path, status, ended, reachedUpstream }) => ({ kind, method, path, status, ended, reachedUpstream }))).toEqual([
      { kind: "exchange", method: "GET", path: "/a", status: 200, ended: "answered whole", reachedUpstream: true },
      { kind: "exchange", method: "POST", path: "/b", status: 503, ended: "answered whole", reachedUpstream: false },
      { kind: "exchange", method: "POST", path: "/c", status: 200, ended: "answered whole", reachedUpstream: true },
    ]);
    expect(entries.map(({ toxics }) => toxics.map(({ toxic, applied, what }) => [toxic, applied, what]))).toEqual([
      [["broken", false, "spared: not one that its match names"]], [["broken", true, "answered in upstream's place"]], [["broken", false, "spared: not its turn by after, every, first or attempt"]],
    ]);
    expect(Math.abs(Date.parse(entries[0]?.time ?? "") - Date.now())).toBeLessThan(10_000);
    expect(await get<Entry[]>("/proxies/payments/exchanges?last=1")).toEqual(entries.slice(2));
  });

  it("tells of each connection of a tcp proxy, as it ends", async () => {
    const { open, ask, get } = await start();
    const port = await open({ name: "db", upstream: `127.0.0.1:${await echoPort()}` });
    const caller = await new Caller(port).connected();
    await caller.ask("12345");
    await ask("POST", "/proxies/db/toxics", { type: "reset_peer", name: "cut" });
    expect(await caller.ended).toBe("ECONNRESET");
    await expect.poll(async () => (await get<Entry[]>("/proxies/db/exchanges")).length).toBe(1);
    expect((await get<Entry[]>("/proxies/db/exchanges"))[0]).toMatchObject({
      kind: "connection", requestBytes: 5, responseBytes: 5, closedBy: "fault", how: "rst", ended: "reset by a toxic", reachedUpstream: true, toxics: [{ toxic: "cut", applied: true, effect: "reset", what: "reset" }],
    });
  });

  it("streams it as it happens, with the toxics that come, expire and go", async () => {
    const { open, ask, port: api } = await start();
    const port = await open({ name: "db", upstream: `127.0.0.1:${await echoPort()}` });
    const watcher = connect(api, "127.0.0.1");
    undo.push(() => watcher.destroy());
    let text = "";
    watcher.setEncoding("utf8").on("data", (bytes: string) => (text += bytes));
    watcher.write("GET /proxies/db/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(watcher, "data");
    await ask("POST", "/proxies/db/toxics", { type: "latency", name: "slow", attributes: { latency: 1 }, ttl: 60_000 });
    const caller = await new Caller(port).connected();
    await caller.ask("x");
    caller.close();
    await ask("PATCH", "/proxies/db/toxics/slow", { attributes: { latency: 2 }, ttl: 50 });
    await expect.poll(() => [...text.matchAll(/^event: (.*)\ndata: .*?"change":"(\w+)"/gm)].map(([, event, change]) => `${event} ${change}`)).toEqual(["toxic added", "toxic updated", "toxic expired"]);
    await expect.poll(() => text).toMatch(/^event: connection\ndata: \{"kind":"connection",.*"toxics":\[\{"toxic":"slow","applied":true/m);
    await ask("DELETE", "/proxies/db");
    await expect.poll(() => text).toMatch(/^event: proxy\ndata: .*"change":"removed","proxy":"db","now":null/m);
  });

  it("counts bytes, toxics and open connections", async () => {
    const { open, ask } = await start();
    const upstream = `127.0.0.1:${await echoPort()}`;
    const port = await open({ name: "db", upstream, toxics: [{ type: "latency", name: "slow", attributes: { latency: 1 } }, { type: "reset_peer", name: "never", toxicity: 0 }] });
    const metrics = async (): Promise<string> => (await ask("GET", "/metrics")).body;
    const [one, two] = [await new Caller(port).connected(), await new Caller(port).connected()];
    await one.ask("12345");
    await two.ask("123");
    expect(await metrics()).toContain('chaos_proxy_open_connections{proxy="db"} 2\n');
    one.close();
    two.close();
    const labels = `listener="127.0.0.1:${port}",proxy="db",upstream="${upstream}"`;
    await expect.poll(metrics).toContain(`toxiproxy_proxy_received_bytes_total{direction="upstream",${labels}} 8\n`);
    const text = await metrics();
    for (const line of [
      `toxiproxy_proxy_sent_bytes_total{direction="downstream",${labels}} 8`, 'chaos_proxy_open_connections{proxy="db"} 0',
      'chaos_toxic_eligible_total{proxy="db",toxic="slow",type="latency"} 2', 'chaos_toxic_applied_total{proxy="db",toxic="slow",type="latency"} 2', 'chaos_toxic_felt_total{proxy="db",toxic="slow",type="latency"} 2',
      'chaos_toxic_eligible_total{proxy="db",toxic="never",type="reset_peer"} 2', 'chaos_toxic_applied_total{proxy="db",toxic="never",type="reset_peer"} 0',
    ]) expect(text).toContain(`${line}\n`);
  });
});

describe("bytes that a toxic keeps", () => {
  it.each([
    ["limit_data downstream", { type: "limit_data", attributes: { bytes: 4 } }, { receivedUp: 10, sentUp: 10, receivedDown: 10, sentDown: 4 }],
    ["limit_data upstream", { type: "limit_data", stream: "upstream", attributes: { bytes: 4 } }, { receivedUp: 10, sentUp: 4, sentDown: 0 }],
    ["timeout downstream", { type: "timeout", attributes: { timeout: 1_000 } }, { receivedUp: 10, sentUp: 10, receivedDown: 10, sentDown: 0 }],
    ["timeout upstream", { type: "timeout", stream: "upstream", attributes: { timeout: 1_000 } }, { receivedUp: 10, sentUp: 0, receivedDown: 0, sentDown: 0 }],
  ])("are received and not sent: %s", async (_name, toxic, expected) => {
    const { open, ask } = await start();
    const port = await open({ name: "db", upstream: `127.0.0.1:${await echoPort()}`, toxics: [toxic] });
    const caller = await new Caller(port).connected();
    caller.socket.write("0123456789");
    await caller.ended;
    caller.close();
    const count = async (what: string, direction: string): Promise<number> => {
      const text = (await ask("GET", "/metrics")).body;
      return Number(new RegExp(`^toxiproxy_proxy_${what}_bytes_total\\{direction="${direction}",.*\\} (\\d+)$`, "m").exec(text)?.[1]);
    };
    await expect.poll(() => count("received", "upstream")).toBe(10);
    expect({ receivedUp: 10, sentUp: await count("sent", "upstream"), receivedDown: await count("received", "downstream"), sentDown: await count("sent", "downstream") }).toMatchObject(expected);
  });
});

describe("the control API waits for no connection", () => {
  it("changes and removes toxics and proxies whose connections are stuck", { timeout: 120_000 }, async () => {
    const { open, ask } = await start();
    const flood = await serve((socket) => {
      const pour = (): void => {
        while (socket.write(Buffer.alloc(65_536)));
      };
      socket.on("drain", pour);
      pour();
    });
    undo.push(() => flood.close());
    const port = await open({ name: "stuck", upstream: `127.0.0.1:${flood.port}` });
    const callers = await Promise.all(Array.from({ length: 20 }, async () => {
      const caller = new Caller(port);
      caller.socket.pause();
      undo.push(() => caller.close());
      return caller.connected();
    }));
    expect(callers).toHaveLength(20);
    const steps: readonly (readonly [string, string, unknown?])[] = [
      ["POST", "/proxies/stuck/toxics", { type: "slicer", name: "t", attributes: { average_size: 100, delay: 100_000 } }], ["PATCH", "/proxies/stuck/toxics/t", { attributes: { delay: 200_000 } }], ["DELETE", "/proxies/stuck/toxics/t"],
      ["POST", "/proxies/stuck/toxics", { type: "bandwidth", name: "b" }], ["DELETE", "/proxies/stuck/toxics/b"], ["POST", "/proxies/stuck/toxics", { type: "latency", name: "l", attributes: { latency: 60_000 } }],
      ["POST", "/reset"], ["PATCH", "/proxies/stuck", { enabled: false }], ["PATCH", "/proxies/stuck", { enabled: true }], ["DELETE", "/proxies/stuck"],
    ];
    for (const [method, path, body] of steps) {
      const startMs = performance.now();
      const { status } = await ask(method, path, body);
      expect([method, path, status >= 200 && status < 300]).toEqual([method, path, true]);
      expect(performance.now() - startMs, `${method} ${path}`).toBeLessThan(30_000);
    }
  });

  it("goes on where a listener cannot come back, because another process has its port", async () => {
    const { open, ask } = await start();
    const upstream = `127.0.0.1:${await echoPort()}`;
    const port = await open({ name: "a", upstream });
    await ask("POST", "/proxies/a/toxics", { type: "down", name: "off" });
    const thief = createTcpServer().listen(port, "127.0.0.1");
    await once(thief, "listening");
    const removal = ask("DELETE", "/proxies/a/toxics/off");
    await open({ name: "b", upstream });
    expect((await ask("POST", "/proxies/b/toxics", { type: "latency" })).status).toBe(200);
    expect((await ask("GET", "/proxies")).status).toBe(200);
    thief.close();
    await once(thief, "close");
    expect((await removal).status).toBe(204);
    await expect.poll(async () => new Caller(port).connected().then((caller) => caller.ask("back"), () => "refused"), { interval: 20 }).toBe("back");
  });
});

describe("bad weather", () => {
  it("is not on the ports of proxies: what is asked there goes to upstream", async () => {
    const { open } = await start();
    const port = await open({ name: "web", upstream: `http://127.0.0.1:${await helloPort()}` });
    for (const path of ["/proxies", "/version", "/reset", "/metrics"]) expect((await send(port, { method: "GET", path })).body).toContain("hello");
  });

  it("goes on when an upstream is down", async () => {
    const { open, get } = await start();
    const port = await open({ name: "down", upstream: "127.0.0.1:1" });
    const caller = new Caller(port);
    await caller.ended;
    caller.close();
    await expect.poll(async () => (await get<Entry[]>("/proxies/down/exchanges"))[0]?.ended).toBe("upstream could not be reached");
  });

  it("survives rubbish on its port, and answers after it", async () => {
    const { port, ask } = await start();
    let state = 1;
    const next = (): number => (state = (state * 48_271) % 2_147_483_647);
    const heads = ["", "GET / HTTP/1.1\r\n", "POST /proxies HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n", "POST /populate HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "PATCH /proxies/a/toxics/b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"a\":"];
    for (let i = 0; i < 200; i += 1) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined).resume();
      const bytes = Buffer.from(Array.from({ length: next() % 300 }, () => next() % 256));
      // It may be reset on the way there: `once` would throw that.
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(Buffer.concat([Buffer.from(heads[i % heads.length] ?? ""), bytes]));
      if (i % 3 === 0) socket.resetAndDestroy();
      else socket.end();
      await closed;
    }
    expect((await ask("GET", "/proxies")).body).toBe("{}");
  });
});
