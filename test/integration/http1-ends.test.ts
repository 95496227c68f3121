import { afterEach, describe, expect, it } from "vitest";
import { answering, exchangeFault, ok, setUpEdge, startEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { Caller, refuse } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe("upstream that is not there, or goes away", () => {
  it("resets the client when upstream refuses, and invents no status", async () => {
    const nobody = await refuse();
    undo.push(() => nobody.close());
    const edge = await startEdge(nobody.port);
    undo.push(() => edge.server.close());
    const caller = new Caller(edge.port);
    undo.push(() => caller.close());
    caller.socket.write(get + get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.length).toBe(0);
    expect(edge.exchanges()).toMatchObject([{ end: "upstream-unreachable", passedOn: false }, { end: "upstream-unreachable", passedOn: false }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how: "rst", upstreamReached: false, exchanges: 2 }]);
  });

  it.each([["fin"], ["rst"]])("resets the client when upstream ends by %s before its answer", async (how) => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => (how === "fin" ? socket.end() : socket.resetAndDestroy())));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "upstream-lost", passedOn: true }]);
    expect(edge.exchanges()[0]?.status).toBeUndefined();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how: "rst", upstreamReached: true }]);
  });

  it.each([["fin", "fin"], ["rst", "ECONNRESET"]])("passes the %s of upstream in the midst of an answer on, behind what came before", async (how, seen) => {
    const { edge, upstream, call } = await setUpEdge(undo, answering((_, socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")));
    const caller = call();
    caller.socket.write(get);
    await caller.received(43);
    for (const socket of upstream.sockets) {
      if (how === "fin") socket.end();
      else socket.resetAndDestroy();
    }
    expect(await caller.ended).toBe(seen);
    expect(caller.bytes.toString()).toMatch(/part$/);
    expect(edge.exchanges()).toMatchObject([{ end: "upstream-lost", status: 200 }]);
  });

  it.each([
    ["truncate", { share: "50%" }, "01", "dropped", 0], ["slow-body", { over: "40ms" }, "01234\r\n", "upstream-lost", 35], ["latency", { delay: "60ms", at: "response" }, "01234\r\n", "upstream-lost", 60],
  ] as const)("passes an answer that upstream ends in its midst on, as far as it came, though %s holds it", async (type, params, body, end, leastMs) => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.end(`${head}5\r\n01234\r\n`)));
    edge.setFaults(exchangeFault(type, params));
    const caller = call();
    const startMs = edge.env.nowMs();
    caller.socket.write(get);
    expect(await caller.ended).toBe("fin");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(leastMs);
    expect(caller.bytes.toString()).toBe(`${head}5\r\n${body}`);
    expect(edge.exchanges()).toMatchObject([{ end, status: 200, faults: [{ decision: "applied", actedMs: expect.any(Number) }] }]);
  });

  it("passes such an answer on as it came, when a fault was to change it whole after a delay", async () => {
    const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n";
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.end(answer)));
    edge.setFaults(exchangeFault("latency", { delay: "60ms", at: "response" }), exchangeFault("rewrite", { body: "other" }));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(answer);
    expect(edge.exchanges()).toMatchObject([{ end: "upstream-lost", status: 200 }]);
  });

  it.each([["fin", "fin"], ["rst", "ECONNRESET"]])("passes the %s of an idle upstream on", async (how, seen) => {
    const { edge, upstream, call } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)));
    const caller = call();
    caller.socket.write(get);
    await caller.received(ok.length);
    for (const socket of upstream.sockets) {
      if (how === "fin") socket.end();
      else socket.resetAndDestroy();
    }
    expect(await caller.ended).toBe(seen);
    caller.socket.end();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how, exchanges: 1 }]);
  });

  it("does not answer a request that crosses the close of an idle upstream", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)));
    const caller = call();
    caller.socket.write(get);
    await caller.received(ok.length);
    for (const socket of upstream.sockets) socket.end();
    expect(await caller.ended).toBe("fin");
    caller.socket.write(get);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }, { end: "upstream-lost", passedOn: false }]);
  });

  it("lets an answer that comes before the request's end stand", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => socket.once("data", () => socket.write(ok)));
    const caller = call();
    const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n";
    caller.socket.write(`${head}12345`);
    await caller.received(ok.length);
    caller.socket.write("67890");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", requestBytes: head.length + 10 }]);
    const [record] = edge.exchanges();
    expect(record?.requestEndMs).toBeGreaterThanOrEqual(record?.endMs ?? Number.NaN);
  });
});

describe("clients that leave", () => {
  it("are recorded with the time and the way, and passed on as half a close", async () => {
    let ended: (() => void) | undefined;
    const halfClosed = new Promise<void>((resolve) => { ended = resolve; });
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", () => undefined).on("end", () => {
      ended?.();
      socket.end(ok);
    }));
    const caller = call();
    caller.socket.write(get);
    caller.socket.end();
    await halfClosed;
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok);
    expect(edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "fin", status: 200, passedOn: true }]);
    expect(edge.exchanges()[0]?.leftMs).toBeLessThanOrEqual(edge.exchanges()[0]?.endMs ?? Number.NaN);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how: "fin" }]);
  });

  it("by a reset reset upstream too", async () => {
    let came: (() => void) | undefined;
    const request = new Promise<void>((resolve) => { came = resolve; });
    let failed: ((code: string | undefined) => void) | undefined;
    const ending = new Promise((resolve) => { failed = resolve; });
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", () => came?.()).on("error", (error: NodeJS.ErrnoException) => failed?.(error.code)));
    const caller = call();
    caller.socket.write(get);
    await request;
    caller.socket.resetAndDestroy();
    expect(await ending).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst", passedOn: true }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how: "rst" }]);
  });

  it("in the midst of a request leave no call behind that looks whole", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, (socket) => socket.on("data", () => undefined).on("end", () => socket.end()));
    const caller = call();
    caller.socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
    await expect.poll(() => upstream.sockets.size).toBe(1);
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    expect(edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "fin", passedOn: true }]);
    expect(edge.exchanges()[0]?.requestEndMs).toBeUndefined();
  });

  it("in the midst of a head have made no exchange", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    const caller = call();
    caller.socket.write("GET / HT");
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ exchanges: 0, requestBytes: 8, upstreamReached: false, closedBy: "client" }]);
    expect(edge.exchanges()).toEqual([]);
  });
});

describe("the end of a run", () => {
  it("records what is unfinished as open, and leaves nothing open", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, answering(() => undefined));
    const [busy, idle] = [call(), await call().connected()];
    busy.socket.write(get);
    await expect.poll(() => upstream.sockets.size).toBe(1);
    await edge.server.close();
    expect(edge.exchanges()).toMatchObject([{ end: "open", passedOn: true }]);
    expect(edge.connections().map(({ closedBy }) => closedBy)).toEqual(["proxy", "proxy"]);
    await Promise.all([busy.ended, idle.ended]);
    await expect.poll(() => upstream.sockets.size).toBe(0);
  });

  it("resets every connection when a fault cuts them", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, answering(() => undefined));
    const caller = call();
    caller.socket.write(get);
    await expect.poll(() => upstream.sockets.size).toBe(1);
    const selection = { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" } as const;
    edge.setFaults({ name: "down", type: "down", layer: "connection", proxy: "edge", direction: "both", params: { keepOpen: false }, selection });
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "reset" }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst" }]);
  });
});

describe("large messages", () => {
  it("pass a response of 1 GiB through in bounded memory", async () => {
    const size = 1024 ** 3;
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`;
    const piece = Buffer.alloc(1024 * 1024, "z");
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => {
      socket.write(head);
      let left = size;
      const write = (): void => {
        while (left > 0) {
          left -= piece.length;
          if (!socket.write(piece)) return void socket.once("drain", write);
        }
      };
      write();
    }));
    const caller = call();
    let received = 0;
    caller.socket.removeAllListeners("data");
    const before = process.memoryUsage().rss;
    let peak = before;
    const whole = new Promise<void>((resolve) => {
      caller.socket.on("data", (bytes) => {
        received += bytes.length;
        peak = Math.max(peak, process.memoryUsage.rss());
        if (received >= size + head.length) resolve();
      });
    });
    caller.socket.write(get);
    await whole;
    // Two processes' worth of buffers, the upstream's and the caller's, are in this one too.
    expect((peak - before) / 1024 ** 2).toBeLessThan(200);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", responseBytes: size + head.length }]);
  }, 120_000);

  it("make upstream wait for a client that does not read", async () => {
    const size = 64 * 1024 ** 2;
    let written = 0;
    const { call } = await setUpEdge(undo, answering((_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      const write = (): void => {
        while (written < size) {
          written += 65_536;
          if (!socket.write(Buffer.alloc(65_536))) return void socket.once("drain", write);
        }
      };
      write();
    }));
    const caller = await call().connected();
    caller.socket.pause();
    caller.socket.write(get);
    let before = -1;
    await expect.poll(() => {
      const stalled = written > 0 && written === before;
      before = written;
      return stalled;
    }, { interval: 150, timeout: 15_000 }).toBe(true);
    // What the kernel's buffers of four sockets take, not what the proxy could hoard.
    expect(written).toBeLessThan(size);
  });
});
