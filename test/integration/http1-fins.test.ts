import { afterEach, describe, expect, it } from "vitest";
import type { Socket } from "node:net";
import { setUpForward } from "./forward-edge.ts";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { undoAll } from "./tcp-edge.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const upgrade = "GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
const switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

/** An upstream that answers each request, and writes down what comes, and when the caller's half is closed. */
function noting(answer: (head: string) => string | undefined = () => ok) {
  const seen: string[] = [];
  let buffered = "";
  const handle = (socket: Socket): void => {
    socket.on("data", (bytes) => {
      buffered += bytes.toString("latin1");
      for (let end = buffered.indexOf("\r\n\r\n"); end >= 0; end = buffered.indexOf("\r\n\r\n")) {
        seen.push(buffered.split(" ")[1] ?? "");
        const text = answer(buffered.slice(0, end));
        buffered = buffered.slice(end + 4);
        if (text !== undefined) socket.write(text);
      }
    });
    socket.on("end", () => {
      if (buffered !== "") seen.push(buffered);
      seen.push("FIN");
      socket.end();
    });
  };
  return { seen, handle };
}

describe("a caller that closes its half behind requests and reads on", () => {
  it("has what it sent behind an Upgrade passed on when the protocol is switched, and then its FIN", async () => {
    let open: (() => void) | undefined;
    const { seen, handle } = noting(() => undefined);
    const { edge, call } = await setUpEdge(undo, (socket) => {
      handle(socket);
      open = () => socket.write(`${switched}back`);
    });
    const caller = await call().connected();
    caller.socket.end(`${upgrade}hello`);
    await expect.poll(() => seen).toEqual(["/up"]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).toEqual(["/up"]);
    open?.();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(`${switched}back`);
    await expect.poll(() => seen).toEqual(["/up", "hello", "FIN"]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "tunnel", afterFin: "tunnel", status: 101, requestBytes: upgrade.length + 5 }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how: "fin" }]);
  });

  it("has an early frame of WebSocket passed on, behind what a fault holds it for", async () => {
    const accepted = switched.replace("Upgrade: x", "Upgrade: websocket\r\nSec-WebSocket-Accept: x");
    const { seen, handle } = noting(() => accepted);
    const { call, edge } = await setUpEdge(undo, handle);
    edge.setFaults({ ...exchangeFault("websocket-delay", { delay: "60ms" }), direction: "request" });
    const frame = "\u0081\u0085\u0000\u0000\u0000\u0000early";
    const caller = await call().connected();
    const startMs = edge.env.nowMs();
    caller.socket.end(Buffer.from(upgrade.replace("Upgrade: x", "Upgrade: websocket") + frame, "latin1"));
    expect(await caller.ended).toBe("fin");
    await expect.poll(() => seen).toEqual(["/up", frame, "FIN"]);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(59);
  });

  it("has a request behind an Upgrade that is declined answered too", async () => {
    const { seen, handle } = noting();
    const { edge, call } = await setUpEdge(undo, handle);
    const caller = await call().connected();
    caller.socket.end(upgrade + get("/behind") + upgrade + get("/last"));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok.repeat(4));
    await expect.poll(() => seen).toEqual(["/up", "/behind", "/up", "/last", "FIN"]);
    await expect.poll(() => edge.exchanges()).toMatchObject(Array.from({ length: 4 }, () => ({ end: "client-left", leftBy: "fin", afterFin: "complete", status: 200, passedOn: true })));
    for (const { startMs, leftMs, endMs } of edge.exchanges()) expect([leftMs! >= startMs, leftMs! <= endMs]).toEqual([true, true]);
  });

  it("has no head behind a declined Upgrade that is not whole waited for", async () => {
    const { seen, handle } = noting();
    const { edge, call } = await setUpEdge(undo, handle, { limits: { headMs: 20 } });
    const caller = await call().connected();
    caller.socket.end(`${upgrade}GET /cut HTT`);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok);
    await expect.poll(() => edge.connections()).toMatchObject([{ exchanges: 1 }]);
    await expect.poll(() => seen).toEqual(["/up", "FIN"]);
  });

  it("is answered by each of the hosts that it names", async () => {
    const { here, call, toHere } = await setUpForward(undo, answering((_, socket) => socket.write(ok)));
    const caller = await call().connected();
    const other = toHere.replace("127.0.0.1", "localhost");
    caller.socket.end([toHere, other, toHere].map((host) => `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join(""));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok.repeat(3));
    await expect.poll(() => here.sockets.size).toBe(0);
  });

  it.each([1, 3])("is answered when a fault has let go of its requests (%i), which upstream gets before the FIN", async (count) => {
    const { seen, handle } = noting();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "80ms", at: "request" }));
    const caller = await call().connected();
    caller.socket.end(get("/held").repeat(count));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok.repeat(count));
    await expect.poll(() => seen).toEqual([...Array.from({ length: count }, () => "/held"), "FIN"]);
    await expect.poll(() => edge.exchanges()).toMatchObject(Array.from({ length: count }, () => ({ end: "client-left", leftBy: "fin", afterFin: "complete", passedOn: true })));
    for (const { leftMs, faults } of edge.exchanges()) expect(leftMs).toBeLessThan(faults?.[0]?.releasedMs ?? 0);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how: "fin" }]);
  });

  it("is answered what came whole, and a request that its FIN cuts off does not go on", async () => {
    const { seen, handle } = noting();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "80ms", at: "request" }));
    const caller = await call().connected();
    caller.socket.end(`${get("/whole")}POST /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab`);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok);
    await expect.poll(() => seen).toEqual(["/whole", "FIN"]);
    expect(edge.exchanges()).toMatchObject([{ path: "/cut", end: "client-left", passedOn: false }, { path: "/whole", afterFin: "complete" }]);
  });

  it("is told behind its whole requests that what follows them is none", async () => {
    const { handle } = noting();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "60ms", at: "request" }));
    const caller = await call().connected();
    caller.socket.end(`${get("/whole")}nonsense\r\n\r\n`);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP\/1\.1 400 /);
  });

  it("has its requests held by a connection's fault and an exchange's, one after the other", async () => {
    const { seen, handle } = noting();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "30ms", at: "request" }), { ...connectionFault("latency", { delay: "30ms" }, {}, "both"), name: "wire" });
    const caller = await call().connected();
    caller.socket.end(get("/a") + get("/b"));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok.repeat(2));
    await expect.poll(() => seen).toEqual(["/a", "/b", "FIN"]);
  });
});

describe("a caller that does not read", () => {
  it("is reset by a fault all the same", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, (socket) => socket.once("data", () => socket.write(Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n"), Buffer.alloc(50_000_000)]))));
    const caller = await call().connected();
    caller.socket.write(get());
    await caller.received(1);
    caller.socket.pause();
    let before = -1;
    // Until nothing moves any more.
    await expect.poll(() => {
      const [socket] = upstream.sockets;
      const now = socket?.writableLength ?? 0;
      const isStill = now === before;
      before = now;
      return isStill;
    }, { interval: 100 }).toBe(true);
    edge.setFaults(connectionFault("reset", {}));
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst" }]);
    caller.socket.resume();
    expect(await caller.ended).toBe("ECONNRESET");
  });
});
