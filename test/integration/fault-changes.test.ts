import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Selection } from "../../src/model/selection.ts";
import { connectionFault } from "./plane.ts";
import { hashOf, patterned, setUpPlane, undoAll } from "./tcp-edge.ts";
import type { Undo } from "./tcp-edge.ts";
import type { Caller } from "./wire.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const named = (name: string, type: string, params: JsonObject, selection: Partial<Selection> = {}, direction?: Fault["direction"]): Fault => ({ ...connectionFault(type, params, selection, direction), name });
const latency = (delay: string, name = "slow", direction?: Fault["direction"]): Fault => named(name, "latency", { delay }, {}, direction);
/** Lets nothing pass, however long one looks: an experiment's author cannot write it, and Toxiproxy's clients can. */
const stalled = (name: string, rateShare = 1, direction?: Fault["direction"]): Fault => ({ ...named(name, "bandwidth", { throughput: "1B/s" }, { rateShare }, direction), params: { throughput: 0, scope: "connection" } });

/** An echo behind a proxy, and what changes the faults of that. */
async function setUp(...options: readonly Parameters<typeof setUpPlane>[1][]) {
  const edge = await setUpPlane(undo, ...options);
  const { plane } = edge;
  const change = (...faults: readonly Fault[]) => plane.engine.changeFaults("edge", faults);
  const open = async (count: number): Promise<readonly Caller[]> => {
    const callers: Caller[] = [];
    // One after the other: their numbers are in this order.
    for (let i = 0; i < count; i++) {
      const caller = edge.call();
      await caller.ask("x");
      callers.push(caller);
    }
    return callers;
  };
  /** Whether nothing comes of what is asked, for a while: so many turns of the loop as that takes when nothing stops this process, and in each what has come is read. */
  const isStill = async (caller: Caller, forMs = 100): Promise<boolean> => {
    const before = caller.bytes.length;
    for (let turn = 0; turn < forMs / 10; turn++) await plane.wait(10);
    return caller.bytes.length === before;
  };
  return { ...edge, change, open, isStill };
}

describe("a fault that is as before", () => {
  it("keeps what it holds, and its clock, when others come and go", async () => {
    const { change, open, plane, time } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    const slow = named("slow", "latency", { delay: "400ms" }, { forMs: 5000 });
    await change(slow);
    const tookMs = await time(async () => {
      const answer = caller.ask("held");
      for (let i = 0; i < 10; i++) {
        await change(slow, named(`other-${i}`, "slicer", { size: "2B" }));
        await plane.wait(10);
      }
      await change(slow);
      expect(await answer).toBe("held");
    });
    expect(tookMs).toBeGreaterThanOrEqual(399);
  });

  it("closes its window when it was to, whatever was changed meanwhile", async () => {
    const { change, open, plane, time } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    const passing = named("passing", "latency", { delay: "10s" }, { forMs: 500 });
    const { atMs } = await change(passing);
    await plane.wait(300);
    await change(passing, latency("1ms", "other"));
    await expect.poll(() => plane.env.nowMs() - atMs > 510, { interval: 5 }).toBe(true);
    expect(await time(() => caller.ask("x"))).toBeLessThan(5000);
  });

  it("keeps its count of connections", async () => {
    const { change, open, call } = await setUp();
    const second = named("second", "reset", {}, { after: 2, first: 1 });
    await change(second);
    await open(1);
    await change(second, latency("1ms"));
    await open(1);
    expect(await call().ended).toBe("ECONNRESET");
    await open(1);
  });
});

describe("a fault that is changed", () => {
  it("hits the connections that it hit before, and no others, whatever its parameters", async () => {
    const { change, open, plane } = await setUp();
    const slow = (delay: string, rateShare: number): Fault => named("slow", "latency", { delay }, { rateShare });
    await change(slow("1ms", 0.5));
    await open(24);
    await change(slow("2ms", 0.5));
    await change(slow("2ms", 0.75), latency("1ms", "other"));
    await change(slow("3ms", 0.25), latency("1ms", "other"));
    await change(slow("1ms", 0.5));
    await open(1);
    await plane.engine.closeProxy("edge");
    await expect.poll(() => plane.connections().length, { timeout: 10_000 }).toBe(25);
    // What was applied once stays applied in the record: more are hit at 75 %, among them those of 50 %.
    const hit = plane.connections().filter(({ faults }) => faults?.[0]?.decision === "applied").map(({ conn }) => conn);
    expect(hit.length).toBeGreaterThan(12);
    expect(hit.length).toBeLessThan(25);
  });

  it("draws once per connection: a higher rate adds some, the lower one again spares the same", async () => {
    const { change, open, isStill } = await setUp();
    const callers = await open(16);
    let sent = 1;
    const hitAt = async (rateShare: number): Promise<readonly number[]> => {
      await change(stalled("stalled", rateShare));
      for (const caller of callers) caller.socket.write("four");
      const still = await Promise.all(callers.map((caller) => isStill(caller, 200)));
      await change();
      sent += 4;
      await Promise.all(callers.map((caller) => caller.received(sent)));
      return still.flatMap((isHit, i) => (isHit ? [i] : []));
    };
    const few = await hitAt(0.3);
    const many = await hitAt(0.7);
    expect(few.length).toBeGreaterThan(0);
    expect(many.length).toBeGreaterThan(few.length);
    expect(many.filter((i) => few.includes(i))).toEqual(few);
    expect(await hitAt(0.3)).toEqual(few);
  });

  it("lets what it holds wait as long as it says now, counted from when it came", async () => {
    const { change, open, time, plane } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(latency("1h"));
    const tookMs = await time(async () => {
      const answer = caller.ask("held");
      await plane.wait(100);
      await change(latency("300ms"));
      await answer;
    });
    expect(tookMs).toBeGreaterThanOrEqual(299);
    expect(tookMs).toBeLessThan(10_000);
  });

  it("keeps its place among the stages", async () => {
    const { change, open, isStill } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    // What is cut into pieces before the wire comes in pieces; behind the stall nothing does.
    await change(named("first", "slicer", { size: "1B", spacing: "20ms" }), stalled("stall"));
    caller.socket.write("abc");
    await change(named("first", "slicer", { size: "2B", spacing: "20ms" }), stalled("stall"));
    expect(await isStill(caller, 150)).toBe(true);
    await change(named("first", "slicer", { size: "2B", spacing: "20ms" }));
    expect((await caller.received(4)).toString()).toBe("xabc");
  });

  it("goes on counting the bytes of limit-data", async () => {
    const { change, open } = await setUp();
    const limit = (bytes: string): Fault => named("limit", "limit-data", { bytes });
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(limit("10B"));
    expect(await caller.ask("12345678")).toBe("12345678");
    await change(limit("12B"), latency("1ms"));
    caller.socket.write("abcdefgh");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("x12345678abcd");
  });

  it("ends at the next byte when more has passed than it lets through now", async () => {
    const { change, open } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(named("limit", "limit-data", { bytes: "100B" }));
    await caller.ask("12345678");
    await change(named("limit", "limit-data", { bytes: "4B", end: "reset" }));
    caller.socket.write("y");
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.toString()).toBe("x12345678");
  });

  it("shares its new rate among all connections, where it is shared", async () => {
    const { change, open, time } = await setUp();
    const shared = (throughput: string): Fault => named("narrow", "bandwidth", { throughput, scope: "proxy" });
    const callers = await open(4);
    await change(shared("1KB/s"));
    const tookMs = await time(async () => {
      const answers = callers.map((caller) => caller.ask("z".repeat(25_000)));
      await change(shared("100KB/s"));
      await Promise.all(answers);
    });
    // 4 × 25 kB at 100 kB/s.
    expect(tookMs).toBeGreaterThanOrEqual(950);
    expect(tookMs).toBeLessThan(20_000);
  });
});

it("a rate that is shared stays one for all when more connections are hit", async () => {
  const { change, open, time } = await setUp();
  const shared = (rateShare: number): Fault => named("narrow", "bandwidth", { throughput: "100KB/s", scope: "proxy" }, { rateShare });
  const callers = await open(8);
  await change(shared(0.5));
  await change(shared(1));
  const tookMs = await time(() => Promise.all(callers.map((caller) => caller.ask("z".repeat(10_000)))));
  expect(tookMs).toBeGreaterThanOrEqual(780);
});

describe("a fault that is gone", () => {
  it("lets out what it holds, at once and in order, and nobody else does", async () => {
    const { change, open, time } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(latency("1h"), latency("200ms", "other"));
    const tookMs = await time(async () => {
      const answer = caller.ask("held");
      await change(latency("200ms", "other"));
      expect(await answer).toBe("held");
    });
    expect(tookMs).toBeGreaterThanOrEqual(199);
    expect(tookMs).toBeLessThan(10_000);
  });

  it("may come back under its name as another type", async () => {
    const { change, open } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(named("toxic", "latency", { delay: "1h" }));
    const answer = caller.ask("held");
    await change(named("toxic", "slicer", { size: "2B" }));
    expect(await answer).toBe("held");
  });
});

describe("bandwidth 0", () => {
  const none = stalled("none", 1, "both");
  const bytes = patterned(6 * 2 ** 20);

  it.each([["is gone", undefined], ["has a rate again", named("none", "bandwidth", { throughput: "50MiB/s" }, {}, "both")]] as const)("lets nothing pass, and all of it when it %s", async (_what, then) => {
    const { change, open, isStill } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(none);
    caller.socket.end(bytes);
    expect(await isStill(caller, 300)).toBe(true);
    await change(...(then === undefined ? [] : [then]));
    expect(await caller.ended).toBe("fin");
    expect(hashOf(caller.bytes.subarray(1))).toBe(hashOf(bytes));
  });
});

describe("reset after a time", () => {
  const after = (delay: string, name = "cut"): Fault => named(name, "reset", { delay });

  it("cuts connections that are open and idle, on both sides", async () => {
    const { change, open, upstream, time } = await setUp();
    const callers = await open(3);
    const endings: string[] = [];
    for (const socket of upstream.sockets) socket.on("error", (error: NodeJS.ErrnoException) => endings.push(error.code ?? ""));
    const tookMs = await time(async () => {
      await change(after("250ms"));
      expect(await Promise.all(callers.map(({ ended }) => ended))).toEqual(["ECONNRESET", "ECONNRESET", "ECONNRESET"]);
    });
    expect(tookMs).toBeGreaterThanOrEqual(249);
    await expect.poll(() => endings).toEqual(["ECONNRESET", "ECONNRESET", "ECONNRESET"]);
  });

  it("lets calls pass until then, and counts for each connection from when it came", async () => {
    const { change, open, call, plane, time } = await setUp();
    await change(after("1h"));
    await open(1);
    await change(after("300ms"));
    await plane.wait(200);
    expect(await time(async () => expect(await call().ended).toBe("ECONNRESET"))).toBeGreaterThanOrEqual(299);
  });

  it("counts on when it is changed, and not at all when it is gone", async () => {
    const { change, open, plane } = await setUp();
    const [caller] = await open(1);
    await change(after("1h"));
    await plane.wait(300);
    await change(after("200ms"));
    expect(await caller?.ended).toBe("ECONNRESET");
    let answer: string | undefined;
    for (let tries = 0; tries < 10 && answer === undefined; tries++) {
      await change();
      const [other] = await open(1);
      const startMs = plane.env.nowMs();
      await change(after("150ms"));
      await change(latency("1ms"));
      // This process was stopped: its time may have been over before it was gone.
      if (plane.env.nowMs() - startMs > 140) continue;
      await plane.wait(250);
      answer = await Promise.race([other?.ask("still"), other?.ended]);
    }
    expect(answer).toBe("still");
  });
});

describe("blackhole in one direction", () => {
  const hole = (direction: Fault["direction"], params: JsonObject = {}): Fault => named("hole", "blackhole", params, {}, direction);

  it("loses answers, and upstream gets every request", async () => {
    let got = "";
    const { change, open, isStill } = await setUp((socket) => {
      socket.on("data", (bytes) => (got += bytes.toString()));
      socket.pipe(socket);
    });
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(hole("response"));
    caller.socket.write("one");
    await expect.poll(() => got).toBe("xone");
    expect(await isStill(caller)).toBe(true);
    await change();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("x");
  });

  it("loses requests, and the caller gets what upstream says by itself", async () => {
    let got = "";
    const { change, open, upstream, plane } = await setUp((socket) => {
      socket.on("data", (bytes) => (got += bytes.toString()));
      socket.write("x");
    });
    const [caller] = await open(1);
    if (caller === undefined) return;
    await expect.poll(() => got).toBe("x");
    await change(hole("request"));
    caller.socket.write("lost");
    for (const socket of upstream.sockets) socket.write("news");
    expect((await caller.received(5)).toString()).toBe("xnews");
    await change();
    expect(await caller.ended).toBe("fin");
    caller.close();
    expect(got).toBe("x");
    await expect.poll(() => plane.connections(), { timeout: 10_000 }).toMatchObject([{ closedBy: "fault", how: "fin", faults: [{ fault: "hole", decision: "applied", effect: "silence" }] }]);
  });

  it("closes so long after it took hold, whatever is sent meanwhile and however it is changed", async () => {
    const { change, open, plane, time } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    const tookMs = await time(async () => {
      await change(hole("response", { closeAfter: "5s" }));
      const startMs = plane.env.nowMs();
      // What is written to a connection that is closed might end it otherwise.
      do {
        caller.socket.write("more");
        await plane.wait(30);
        await change(hole("response", { closeAfter: "400ms" }), latency("1ms"));
      } while (plane.env.nowMs() - startMs < 240);
      expect(await caller.ended).toBe("fin");
    });
    expect(tookMs).toBeGreaterThanOrEqual(399);
    expect(tookMs).toBeLessThan(4000);
  });

  it.each(["request", "response"] as const)("leaves nothing of a connection that both sides have left (%s)", async (direction) => {
    const { change, open, upstream, plane } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(hole(direction));
    for (const socket of upstream.sockets) socket.end();
    caller.socket.end();
    await expect.poll(() => [upstream.sockets.size, plane.connections().length]).toEqual([0, 1]);
  });

  it("is nothing that another fault's going would end", async () => {
    const { change, open, isStill } = await setUp();
    const [caller] = await open(1);
    if (caller === undefined) return;
    await change(hole("both"), latency("1ms"));
    await change(hole("both"));
    caller.socket.write("lost");
    expect(await isStill(caller)).toBe(true);
    expect(caller.socket.readableEnded).toBe(false);
    await change();
    expect(await caller.ended).toBe("ECONNRESET");
  });
});

it("down is told once for as long as it is in force, and lets in again when it is gone", async () => {
  const { change, open, call, plane } = await setUp();
  await change(named("off", "down", {}));
  await change(named("off", "down", {}), latency("1ms"));
  expect(await call().ended).toBe("ECONNREFUSED");
  await change(latency("1ms"));
  // Who changes it need not wait for its listener.
  await open(1);
  await expect.poll(() => plane.records.filter(({ kind }) => kind === "unwitnessed").length).toBe(1);
  expect(plane.records.filter(({ kind }) => kind === "listener-faulted")).toMatchObject([{ fault: "off", n: 1 }]);
});
