import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { undoAll } from "./tcp-edge.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const okay = answering((_, socket) => socket.write(ok));
const limits = { heldBytes: 64 * 1024, inFlight: 16 };
const enough = 64 * 2 ** 20;

/** Writes without end, and counts what was taken. */
function flood(socket: Socket, unit: string): { written: number } {
  const bytes = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)));
  const flow = { written: 0 };
  const more = (): void => {
    // A bound, should it be taken after all.
    if (flow.written < enough && socket.writable) socket.write(bytes, (error) => (error ? undefined : ((flow.written += bytes.length), more())));
  };
  more();
  return flow;
}

/** Until nothing more is taken: then the kernel's buffers are full, and nobody reads. */
async function stalled(flow: { readonly written: number }): Promise<void> {
  let before = -1;
  await expect.poll(() => {
    const isStill = flow.written > 0 && flow.written === before;
    before = flow.written;
    return isStill;
  }, { interval: 150, timeout: 15_000 }).toBe(true);
  expect(flow.written).toBeLessThan(enough);
}

describe("floods", () => {
  it("of requests that nobody answers are not read: what is in flight is bounded", async () => {
    let asked = 0;
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => (asked += bytes.length)), { limits });
    const caller = await call().connected();
    await stalled(flood(caller.socket, get));
    // What came in the packet with the last one that is let through comes too.
    expect(asked).toBeLessThan(2 * 65_536);
    // Nothing is read of it, and yet it is seen when it leaves.
    const leavingMs = edge.env.nowMs();
    caller.socket.resetAndDestroy();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how: "rst" }]);
    expect(edge.exchanges().length).toBeLessThan((2 * 65_536) / get.length);
    for (const { end, leftBy, leftMs = 0 } of edge.exchanges()) expect([end, leftBy, leftMs >= leavingMs]).toEqual(["client-left", "rst", true]);
  });

  it("of bytes behind an Upgrade that is not answered are held as far as the limit goes", async () => {
    let asked = "";
    const { call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => (asked += bytes.toString())), { limits });
    const caller = await call().connected();
    const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    caller.socket.write(upgrade);
    await stalled(flood(caller.socket, "0123456789abcdef"));
    expect(asked).toBe(upgrade);
  });

  it("of interim responses behind an answer that is held make upstream wait", async () => {
    let flow = { written: 0 };
    const { edge, call } = await setUpEdge(undo, (socket) => socket.once("data", () => {
      socket.write(ok);
      flow = flood(socket, "HTTP/1.1 103 Early Hints\r\n\r\n");
    }), { limits });
    edge.setFaults(exchangeFault("latency", { delay: "1h", at: "response" }, { first: 1 }));
    const caller = call();
    caller.socket.write(get + get);
    await expect.poll(() => flow.written).toBeGreaterThan(0);
    await stalled(flow);
    expect(caller.bytes.length).toBe(0);
  });

  it("of interim responses before an answer go through, and the answer behind them", async () => {
    const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(hint.repeat(20_000) + ok)), { limits });
    const caller = call();
    caller.socket.write(get);
    const bytes = await caller.received(hint.length * 20_000 + ok.length);
    expect(bytes.subarray(-ok.length).toString()).toBe(ok);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 200, responseBytes: bytes.length }]);
  });

  it("of a head in single bytes cost no more than the head", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    const caller = await call().connected();
    const head = `GET /${"a".repeat(3000)} HTTP/1.1\r\nHost: x\r\n\r\n`;
    for (const byte of head) await new Promise<void>((resolve) => void caller.socket.write(byte, () => resolve()));
    expect((await caller.received(ok.length)).toString()).toBe(ok);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", requestBytes: head.length }]);
  });

  it("of long words in heads are written down in short, and told apart", async () => {
    const long = (word: string): string => "k".repeat(9000) + word;
    const answer = `HTTP/1.1 503 Wait\r\nRetry-After: ${long("")}\r\nContent-Length: 0\r\n\r\n`;
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(answer)), { proxy: { correlate: { by: "header", header: "x-order" } } });
    const caller = call();
    for (const [i, id] of ["a", "b", "a"].entries()) {
      caller.socket.write(`${long("")} / HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${long(id)}\r\nX-Order: ${long(id)}\r\n\r\n`);
      await caller.received((i + 1) * answer.length);
    }
    await expect.poll(() => edge.exchanges().length).toBe(3);
    for (const record of edge.exchanges()) expect(JSON.stringify(record).length).toBeLessThan(2000);
    const [first, second, third] = edge.exchanges().map(({ idempotencyKey, key }) => [idempotencyKey, key]);
    expect(third).toEqual(first);
    expect([first?.[0] === second?.[0], first?.[1] === second?.[1]]).toEqual([false, false]);
  });
});

describe("Expect: 100-continue", () => {
  const head = "POST /up HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  const refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";

  it("answered with a final status before the body: what follows the head is the body all the same, and then the next request", async () => {
    let got = "";
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => {
      const before = got;
      got += bytes.toString();
      if (!before.includes("\r\n\r\n")) socket.write(refusal);
      if (got.endsWith(get)) socket.write(ok);
    }));
    const caller = call();
    caller.socket.write(head);
    await caller.received(refusal.length);
    // As long as its announced body has not come, nothing is a request.
    caller.socket.write("GET /");
    caller.socket.write(get);
    expect((await caller.received(refusal.length + ok.length)).toString()).toBe(refusal + ok);
    expect(got).toBe(`${head}GET /${get}`);
    await expect.poll(() => edge.exchanges().map(({ path, status, end }) => [path, status, end])).toEqual([["/up", 417, "complete"], ["/", 200, "complete"]]);
  });

  it("with a body that does not wait, and a 100 that comes late or twice, is one exchange", async () => {
    const goOn = "HTTP/1.1 100 Continue\r\n\r\n";
    let got = "";
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => {
      got += bytes.toString();
      if (got.length === head.length + 5) socket.write(goOn + goOn + ok);
    }));
    const caller = call();
    caller.socket.write(`${head}hello`);
    expect((await caller.received(2 * goOn.length + ok.length)).toString()).toBe(goOn + goOn + ok);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 200, requestBytes: head.length + 5, responseBytes: 2 * goOn.length + ok.length }]);
  });

  it("given up by its client before the body leaves no call behind that looks whole", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\n")));
    const caller = call();
    caller.socket.write(head);
    await caller.received(25);
    caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst" }]);
    expect(edge.exchanges()[0]?.requestEndMs).toBeUndefined();
  });
});
