import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { setUpWebSockets } from "./websocket-edge.ts";
import type { Caller } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const on = (path: string) => ({ match: { path: { glob: path } } });
const hole = (direction: Fault["direction"], params: JsonObject = {}): Fault => connectionFault("blackhole", params, {}, direction);

async function setUp(answer = ok) {
  const seen: string[] = [];
  const edge = await setUpEdge(undo, answering((text, socket) => {
    seen.push(...text.split("\r\n\r\n").filter((head) => head !== "").map((head) => head.split(" ")[1] ?? ""));
    socket.write(answer);
  }));
  const change = (...faults: readonly Fault[]): void => edge.edge.server.changeFaults(faults, edge.edge.env.nowMs());
  const wait = (ms: number): Promise<void> => new Promise((resolve) => edge.edge.env.after(ms, resolve));
  const isStill = async (caller: Caller, forMs = 80): Promise<boolean> => {
    const before = caller.bytes.length;
    await wait(forMs);
    return caller.bytes.length === before && !caller.socket.readableEnded && !caller.socket.destroyed;
  };
  /** Resolves when upstream has been asked nothing, and the proxy has had a request for a while. */
  const ask = async (caller: Caller, path: string): Promise<void> => {
    await caller.connected();
    caller.socket.write(get(path));
    await wait(150);
  };
  return { ...edge, seen, change, wait, isStill, ask };
}

describe("on http, the going of one fault", () => {
  it("resets what hangs by it, and leaves alone what hangs by another", async () => {
    const { change, call, ask, isStill, edge } = await setUp();
    const [one, two] = [exchangeFault("hang", {}, on("/one"), "one"), exchangeFault("hang", {}, on("/two"), "two")];
    change(one, two);
    const [first, second] = [call(), call()];
    await Promise.all([ask(first, "/one"), ask(second, "/two")]);
    change(two);
    expect(await first.ended).toBe("ECONNRESET");
    expect(await isStill(second)).toBe(true);
    change();
    expect(await second.ended).toBe("ECONNRESET");
    expect(edge.exchanges().map(({ end }) => end)).toEqual(["reset", "reset"]);
  });

  it("does not reset what hangs by another, though it delayed the same call", async () => {
    const { change, call, ask, isStill } = await setUp();
    const hang = exchangeFault("hang", {}, {}, "hang");
    change(exchangeFault("latency", { delay: "1h" }, {}, "slow"), hang);
    const caller = call();
    await ask(caller, "/");
    change(hang);
    expect(await isStill(caller)).toBe(true);
    change();
    expect(await caller.ended).toBe("ECONNRESET");
  });

  it("ends its delay at once; one by another fault begins then, and runs out", async () => {
    const { change, call, ask, edge } = await setUp();
    const other = exchangeFault("latency", { delay: "300ms" }, {}, "other");
    change(exchangeFault("latency", { delay: "1h" }, {}, "slow"), other);
    const caller = call();
    await ask(caller, "/");
    const startMs = edge.env.nowMs();
    change(other);
    await caller.received(ok.length);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(299);
    expect(edge.exchanges()).toMatchObject([{ faults: [{ fault: "slow", decision: "applied" }, { fault: "other", decision: "applied" }] }]);
  });

  it("spares the answer of a call under way a delay that it would have come to", async () => {
    const { change, call, ask } = await setUp();
    const hold = exchangeFault("latency", { delay: "400ms" }, {}, "hold");
    change(hold, exchangeFault("latency", { delay: "1h", at: "response" }, {}, "late"));
    const caller = call();
    await ask(caller, "/");
    change(hold);
    expect((await caller.received(ok.length)).toString()).toBe(ok);
  });

  it("lets the body go that it paced, while another goes on pacing", async () => {
    const body = "b".repeat(3000);
    const { change, call, ask, edge } = await setUp(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const slower = exchangeFault("bandwidth", { throughput: "6KB/s" }, {}, "slower");
    change(exchangeFault("bandwidth", { throughput: "10B/s" }, {}, "slowest"), slower);
    const caller = call();
    await ask(caller, "/");
    const startMs = edge.env.nowMs();
    change(slower);
    await expect.poll(() => caller.bytes.toString().endsWith(body), { timeout: 10_000 }).toBe(true);
    expect(edge.env.nowMs() - startMs).toBeGreaterThan(300);
  });

  it("leaves calls under way the decision they were given", async () => {
    const { change, call, ask } = await setUp();
    const hold = exchangeFault("latency", { delay: "300ms" }, {}, "hold");
    change(hold, exchangeFault("error", { status: 503 }, {}, "refused"));
    const caller = call();
    await ask(caller, "/");
    change(hold);
    await expect.poll(() => caller.bytes.toString()).toMatch(/^HTTP\/1.1 503 /);
  });
});

it("numbers calls on, whatever is changed", async () => {
  const { change, call, edge } = await setUp();
  const third = (status: number): Fault => exchangeFault("error", { status }, { after: 2, first: 1 }, "third");
  change(third(500));
  const caller = call();
  for (const [i, status] of [500, 501, 502, 503].entries()) {
    change(third(status), ...(i % 2 === 0 ? [] : [exchangeFault("drop", {}, { rateShare: 0 }, "other")]));
    const before = edge.exchanges().length;
    caller.socket.write(get());
    await expect.poll(() => edge.exchanges().length).toBe(before + 1);
  }
  expect(edge.exchanges().map(({ status }) => status)).toEqual([200, 200, 502, 200]);
});

describe("on http, blackhole in one direction", () => {
  it("loses answers; upstream gets the requests, and the connection is closed when it is gone", async () => {
    const { change, call, seen, isStill, edge } = await setUp();
    const caller = call();
    caller.socket.write(get("/before"));
    await caller.received(ok.length);
    change(hole("response"));
    caller.socket.write(get("/lost"));
    await expect.poll(() => seen).toEqual(["/before", "/lost"]);
    expect(await isStill(caller)).toBe(true);
    change();
    expect(await caller.ended).toBe("fin");
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "fin", faults: [{ decision: "applied", effect: "silence" }] }]);
    expect(edge.exchanges()).toMatchObject([{ end: "complete" }, { end: "dropped", passedOn: true }]);
  });

  it("loses requests, while an answer goes on to its end", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n";
    const { upstream, change, call, seen, isStill, edge } = await setUp(`${head}abc`);
    const caller = call();
    caller.socket.write(get("/long"));
    await caller.received(head.length + 3);
    change(hole("request"));
    caller.socket.write(get("/lost"));
    for (const socket of upstream.sockets) socket.write("def");
    expect((await caller.received(head.length + 6)).toString()).toBe(`${head}abcdef`);
    expect(await isStill(caller)).toBe(true);
    expect(seen).toEqual(["/long"]);
    change();
    expect(await caller.ended).toBe("fin");
    caller.close();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }, { end: "dropped", passedOn: false }]);
  });

  it.each(["request", "response"] as const)("closes so long after it took hold (%s)", async (direction) => {
    const { change, call, edge } = await setUp();
    const caller = call();
    caller.socket.write(get("/before"));
    await caller.received(ok.length);
    const startMs = edge.env.nowMs();
    change(hole(direction, { closeAfter: "200ms" }));
    caller.socket.write(get("/lost"));
    expect(await caller.ended).toBe("fin");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(199);
    caller.close();
    await expect.poll(() => edge.connections().length).toBe(1);
  });
});

it("on http, reset after a time cuts a connection that rests", async () => {
  const { change, call, edge } = await setUp();
  const caller = call();
  caller.socket.write(get());
  await caller.received(ok.length);
  change(connectionFault("reset", { delay: "150ms" }));
  expect(await caller.ended).toBe("ECONNRESET");
  await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst", faults: [{ effect: "reset" }] }]);
});

describe("inside WebSockets, the going of one fault", () => {
  const inside = (type: string, params: JsonObject, name: string): Fault => exchangeFault(type, params, {}, name);

  it("leaves messages that are held the decision they were given while another is in force, and frees them when none is", async () => {
    const { edge, dial } = await setUpWebSockets(undo);
    const change = (...faults: readonly Fault[]): void => edge.server.changeFaults(faults, edge.env.nowMs());
    const end = await dial();
    const [hour, other] = [inside("websocket-delay", { delay: "1h" }, "hour"), inside("websocket-delay", { delay: "1h" }, "other")];
    change(hour, other);
    end.socket.send("held");
    await new Promise<void>((resolve) => edge.env.after(150, resolve));
    change(other);
    await new Promise<void>((resolve) => edge.env.after(50, resolve));
    expect(end.got).toEqual([]);
    change();
    expect(await end.received(1)).toEqual(["held"]);
  });

  it("tells each fault once, however often the others change", async () => {
    const { edge, dial } = await setUpWebSockets(undo);
    const change = (...faults: readonly Fault[]): void => edge.server.changeFaults(faults, edge.env.nowMs());
    const end = await dial();
    const steady = inside("websocket-delay", { delay: "1ms" }, "steady");
    for (let i = 1; i <= 5; i++) {
      change(steady, inside("websocket-drop", {}, "other"));
      change(steady);
      end.socket.send(`${i}`);
      await end.received(i);
    }
    end.socket.close();
    await end.closed;
    await expect.poll(() => edge.exchanges().length).toBe(1);
    expect(edge.exchanges()[0]?.faults?.filter(({ fault }) => fault === "steady")).toMatchObject([{ decision: "applied", inside: { applied: 5 } }]);
  });
});
