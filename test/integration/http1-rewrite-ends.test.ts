import { afterEach, describe, expect, it } from "vitest";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { RawCalls } from "./raw-calls.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const rewrite = (params: object = {}) => exchangeFault("rewrite", { json: { "/a": 2 }, ...params });
const answerHead = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
const requestHead = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n";

/** An upstream that begins an answer to each request and leaves the rest to the test. */
async function begunAnswer() {
  const requests: string[] = [];
  const { edge, call, upstream } = await setUpEdge(undo, answering((request, socket) => {
    requests.push(request);
    socket.write(`${answerHead}{"a"`);
  }));
  return { edge, call, requests, write: (text: string): void => upstream.sockets.forEach((socket) => void socket.write(text)), upstream };
}

describe("an answer that is taken in to be rewritten", () => {
  it("goes on as far as it came when upstream ends in its midst, and then the connection closes as it would have", async () => {
    const { edge, call, upstream, requests } = await begunAnswer();
    edge.setFaults(rewrite());
    const caller = call();
    caller.socket.write(get);
    await expect.poll(() => requests.length).toBe(1);
    for (const socket of upstream.sockets) socket.end();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(`${answerHead}{"a"`);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-lost", status: 200, faults: [{ decision: "applied" }] }]);
    expect(edge.exchanges()[0]?.faults?.[0]).not.toHaveProperty("actedMs");
  });

  it("is dropped when the client resets in its midst", async () => {
    const { edge, call, requests } = await begunAnswer();
    edge.setFaults(rewrite());
    const caller = call();
    caller.socket.write(get);
    await expect.poll(() => requests.length).toBe(1);
    caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst", responseBytes: 0 }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how: "rst" }]);
  });

  it("is rewritten for a client that has closed its half and reads on", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.on("data", () => socket.write(`${answerHead}{"a"`));
      socket.on("end", () => socket.end(":1}"));
    });
    edge.setFaults(rewrite());
    const caller = call();
    caller.socket.end(get);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(`${answerHead}{"a":2}`);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "fin", afterFin: "complete" }]);
  });

  it.each([false, true])("goes on as it is when the fault is lifted (release: %s), also what comes later", async (release) => {
    const { edge, call, requests, write } = await begunAnswer();
    edge.setFaults(rewrite());
    const caller = call();
    caller.socket.write(get);
    await expect.poll(() => requests.length).toBe(1);
    edge.lift(release);
    expect((await caller.received(answerHead.length + 4)).toString()).toBe(`${answerHead}{"a"`);
    write(":1}");
    expect((await caller.received(answerHead.length + 7)).toString()).toBe(`${answerHead}{"a":1}`);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }]);
    expect(edge.issues()).toEqual([]);
  });

  it("is not waited for when the run stops", async () => {
    const { edge, call, requests } = await begunAnswer();
    edge.setFaults(rewrite());
    call().socket.write(get);
    await expect.poll(() => requests.length).toBe(1);
    await edge.server.close();
    expect(edge.exchanges()).toMatchObject([{ end: "open" }]);
  });

  it("is gone with its connection when a fault ends the one before it", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(`${answerHead}{"b":1}${answerHead}{"a"`)));
    edge.setFaults(exchangeFault("hang", { headers: true }, { first: 1 }), rewrite());
    const caller = call();
    caller.socket.write(get + get);
    await caller.received(answerHead.length);
    edge.lift();
    expect(await caller.ended).toBe("ECONNRESET");
    await expect.poll(() => edge.exchanges().map(({ end, nth }) => `${nth} ${end}`)).toEqual(["1 reset", "2 reset"]);
  });
});

describe("a request that is taken in to be rewritten", () => {
  const atRequest = (): ReturnType<typeof rewrite> => rewrite({ at: "request" });

  /** What is sent together with a request that is answered has been read when the answer is there. */
  const first = "GET /first HTTP/1.1\r\nHost: x\r\n\r\n";
  const answeringFirst = (requests: string[]) => answering((request, socket) => {
    if (request === first) socket.write(ok);
    else requests.push(request);
  });

  it.each(["rst", "fin"])("is not passed on when its client leaves in its midst (%s)", async (how) => {
    const requests: string[] = [];
    const { edge, call } = await setUpEdge(undo, answeringFirst(requests));
    edge.setFaults(atRequest());
    const calls = new RawCalls(call());
    await calls.ask(`${first}${requestHead}{"a"`);
    if (how === "fin") calls.caller.socket.end();
    else calls.caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }, { end: "client-left", leftBy: how, passedOn: false }]);
    expect(requests).toEqual([]);
  });

  it("is passed on, and answered, for a client that has sent it whole and closed its half", async () => {
    const got: string[] = [];
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.on("data", (bytes) => got.push(bytes.toString()));
      socket.on("end", () => socket.end(ok));
    });
    edge.setFaults(atRequest());
    const caller = call();
    caller.socket.end(`${requestHead}{"a":1}`);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok);
    expect(got.join("")).toBe(`${requestHead}{"a":2}`);
  });

  it("goes on as it is when the fault is lifted, also what comes later", async () => {
    const requests: string[] = [];
    const { edge, call } = await setUpEdge(undo, answeringFirst(requests));
    edge.setFaults(atRequest());
    const calls = new RawCalls(call());
    await calls.ask(`${first}${requestHead}{"a"`);
    edge.lift();
    await expect.poll(() => requests.join("")).toBe(`${requestHead}{"a"`);
    calls.caller.socket.write(":1}");
    await expect.poll(() => requests.join("")).toBe(`${requestHead}{"a":1}`);
  });

  it("is reset with its connection when upstream cannot be reached", async () => {
    const { edge, call, upstream } = await begunAnswer();
    await upstream.close();
    edge.setFaults(atRequest());
    const caller = call();
    caller.socket.write(`${requestHead}{"a":1}`);
    expect(await caller.ended).toBe("ECONNRESET");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-unreachable", passedOn: false }]);
  });
});
