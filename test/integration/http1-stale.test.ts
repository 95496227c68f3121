import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { answering, exchangeFault, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { RawCalls } from "./raw-calls.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = (path = "/", headers = "", start = "GET"): string => `${start} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const sized = (body: string, headers = ""): string => `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

/** An upstream whose answers are numbered, as `answer` makes them of their number and request. */
async function counting(answer: (n: number, request: string) => string = (n) => sized(`answer ${n}`)) {
  let n = 0;
  const parts = await setUpEdge(undo, answering((request, socket) => {
    for (const [one] of request.matchAll(/^[A-Z]+ \S+ HTTP[^]*?\r\n\r\n/gm)) socket.write(answer((n += 1), one));
  }));
  const calls = new RawCalls(parts.call());
  const texts = async (...requests: readonly string[]): Promise<readonly string[]> => {
    const all: string[] = [];
    for (const request of requests) all.push((await calls.ask(request)).body.toString());
    return all;
  };
  return { ...parts, calls, texts, asked: () => n };
}

const stale = (params: JsonObject = {}, selection = {}) => exchangeFault("stale", params, selection);

const offersH2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n";

describe("stale", () => {
  it("remembers answers to calls that offer h2c too, and gives them again", async () => {
    const { edge, texts } = await counting();
    edge.setFaults(stale());
    expect(await texts(get("/a", offersH2c), get("/a", offersH2c), get("/a"))).toEqual(["answer 1", "answer 1", "answer 1"]);
  });

  it("lets the first call of each kind pass, and gives its answer again without asking upstream", async () => {
    const { edge, texts, asked } = await counting();
    edge.setFaults(stale());
    expect(await texts(get("/a"), get("/a"), get("/b"), get("/a"), get("/b"), get("/a?x=1"), get("/a", "", "POST"))).toEqual(["answer 1", "answer 1", "answer 2", "answer 1", "answer 2", "answer 3", "answer 4"]);
    expect(asked()).toBe(4);
    await expect.poll(() => edge.exchanges().map(({ passedOn, faults }) => [passedOn, faults?.[0]?.decision, faults?.[0]?.effect, faults?.[0]?.actedMs !== undefined])).toEqual([
      [true, "rate", undefined, false], [false, "applied", "replay", true], [true, "rate", undefined, false], [false, "applied", "replay", true], [false, "applied", "replay", true], [true, "rate", undefined, false], [true, "rate", undefined, false],
    ]);
  });

  it("tells calls apart by the headers that it varies by", async () => {
    const { edge, texts } = await counting();
    edge.setFaults(stale());
    expect(await texts(get("/", "Authorization: a\r\n"), get("/", "Authorization: b\r\n"), get("/", "authorization: a\r\nX-Other: 1\r\n"))).toEqual(["answer 1", "answer 2", "answer 1"]);
    edge.setFaults(stale({ vary: ["X-Tenant"] }));
    expect(await texts(get("/", "X-Tenant: 1\r\n"), get("/", "X-Tenant: 2\r\n"), get("/", "X-Tenant: 1\r\nAuthorization: b\r\n"))).toEqual(["answer 3", "answer 4", "answer 3"]);
  });

  it("learns from calls that it matches and does not hit, the ones before its window too", async () => {
    const { edge, texts } = await counting();
    edge.setFaults(stale({}, { after: 2 }));
    expect(await texts(get(), get(), get(), get())).toEqual(["answer 1", "answer 2", "answer 2", "answer 2"]);
    edge.setFaults(stale({}, { fromMs: 60_000 }));
    expect(await texts(get())).toEqual(["answer 3"]);
    await expect.poll(() => edge.exchanges().slice(-1)).toMatchObject([{ faults: [{ decision: "window" }] }]);
    expect(edge.exchanges().at(-1)?.faults?.[0]).not.toHaveProperty("effect");
  });

  it("gives the answers of so long ago, as they age, while upstream does the work", async () => {
    const answeredMs: number[] = [];
    const { edge, texts, asked } = await counting((n) => {
      answeredMs.push(edge.env.nowMs());
      return sized(`${n}`);
    });
    edge.setFaults(stale({ age: "100ms", reachUpstream: true }));
    const given = new Set<number>();
    let calls = 0;
    while (given.size < 3) {
      const [text] = await texts(get());
      calls += 1;
      const n = Number(text);
      if (n === calls) continue;
      given.add(n);
      expect(edge.env.nowMs() - (answeredMs[n - 1] ?? Number.NaN)).toBeGreaterThanOrEqual(100);
    }
    expect([...given]).toEqual([...given].toSorted((a, b) => a - b));
    expect(asked()).toBe(calls);
    expect(edge.exchanges().every(({ passedOn }) => passedOn)).toBe(true);
  });

  it.each([
    ["a delay before it", "latency", { delay: "40ms", at: "response" }, {}],
    ["a delay before it that is longer than its age", "latency", { delay: "40ms", at: "response" }, { age: "10ms" }],
    ["a rewrite before it that waits for the body", "rewrite", { json: { "/b": 1 } }, {}],
  ])("never gives a call its own answer, with %s", async (_, type, params, own) => {
    const { edge, texts, asked } = await counting((n) => sized(`{"a":${n}}`));
    edge.setFaults(exchangeFault(type, params), stale({ reachUpstream: true, ...own }));
    expect((await texts(get(), get(), get())).map((text) => text.slice(0, 6))).toEqual(['{"a":1', '{"a":1', '{"a":2']);
    expect(asked()).toBe(3);
    await expect.poll(() => edge.exchanges().map(({ faults: [other, again] = [] }) => [other?.actedMs !== undefined, again?.decision, again?.effect, again?.actedMs !== undefined])).toEqual([
      // An answer that another took the place of was not rewritten for anybody.
      [true, "rate", undefined, false], [type === "latency", "applied", "replay", true], [type === "latency", "applied", "replay", true],
    ]);
  });

  it("gives what was remembered when upstream's answer came, not what came by while that was held", async () => {
    const answered: string[] = [];
    const { edge, call } = await setUpEdge(undo, answering((request, socket) => {
      const n = /x-n: (\d)/.exec(request)?.[1] ?? "";
      answered.push(n);
      socket.write(sized(n));
    }));
    edge.setFaults(exchangeFault("latency", { delay: "150ms", at: "response" }, { match: { headers: { "x-n": { equals: "2" } } } }), stale({ reachUpstream: true }));
    const ask = async (n: number): Promise<string> => (await new RawCalls(call()).ask(get("/", `x-n: ${n}\r\n`))).body.toString();
    expect(await ask(1)).toBe("1");
    const held = ask(2);
    await expect.poll(() => answered, { interval: 5 }).toContain("2");
    // Its answer comes by well before it may go on, and so do these.
    expect(["1", "2"]).toContain(await ask(3));
    expect(["1", "2", "3"]).toContain(await ask(4));
    expect(await held).toBe("1");
  });

  it("forgets with its set: another epoch begins with what upstream says then", async () => {
    const { edge, texts } = await counting();
    edge.setFaults(stale());
    expect(await texts(get(), get())).toEqual(["answer 1", "answer 1"]);
    edge.lift();
    expect(await texts(get())).toEqual(["answer 2"]);
    edge.setFaults(stale());
    expect(await texts(get(), get())).toEqual(["answer 3", "answer 3"]);
  });

  it.each([
    ["chunked, with trailers", (n: number) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\nX-A: 1\r\n\r\n5;x=1\r\nabcd${n}\r\n2\r\nef\r\n0\r\nT: 1\r\n\r\n`, "abcd1ef"],
    ["with a length", (n: number) => sized(`n${n}`, "X-A: 1\r\nConnection: keep-alive\r\n"), "n1"],
    ["empty", () => "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", ""],
    ["\"not found\"", (n: number) => `HTTP/1.1 404 Nowhere\r\nX-A: 1\r\nContent-Length: 1\r\n\r\n${n}`, "1"],
  ])("gives an answer again that is %s, with its headers", async (_, answer, body) => {
    const { edge, calls } = await counting(answer);
    edge.setFaults(stale());
    await calls.ask(get());
    const again = await calls.ask(get());
    expect([again.body.toString(), again.header("x-a"), again.header("connection"), again.header("transfer-encoding")]).toEqual([body, "1", "keep-alive", undefined]);
    expect(again.head.split("\r\n")[0]).toBe(answer(1).split("\r\n")[0]);
  });

  it("keeps a connection that the answer ended when it came", async () => {
    const { edge, call, upstream } = await setUpEdge(undo, answering((_, socket) => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end")));
    edge.setFaults(stale());
    const first = call();
    first.socket.write(get());
    expect(await first.ended).toBe("fin");
    const calls = new RawCalls(call());
    for (let i = 0; i < 2; i++) expect((await calls.ask(get())).body.toString()).toBe("to the end");
    expect(upstream.sockets.size).toBe(0);
  });

  it("gives the head of an answer to HEAD again, with its length", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n";
    const { edge, calls, asked } = await counting(() => head);
    edge.setFaults(stale());
    calls.caller.socket.write(get("/", "", "HEAD"));
    await calls.caller.received(head.length);
    calls.caller.socket.write(get("/", "", "HEAD"));
    const again = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\nconnection: keep-alive\r\n\r\n";
    expect((await calls.caller.received(head.length + again.length)).subarray(head.length).toString()).toBe(again);
    expect(asked()).toBe(1);
  });

  it.each([["a failure", "500 Oops"], ["a part", "206 Partial Content"], ["\"not modified\"", "304 Not Modified"]])("does not remember %s, which is an answer to that call alone", async (_, status) => {
    const { edge, calls, asked } = await counting((n) => `HTTP/1.1 ${status}\r\n${status.startsWith("304") ? "" : "Content-Length: 1\r\n"}\r\n${status.startsWith("304") ? "" : n}`);
    edge.setFaults(stale());
    await calls.ask(get());
    await calls.ask(get());
    expect(asked()).toBe(2);
  });

  it("does not remember what comes of an answer that did not come whole, nor what another fault answered", async () => {
    let n = 0;
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => ((n += 1) === 1 ? socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") : socket.write(sized(`${n}`)))));
    edge.setFaults(stale());
    const lost = call();
    lost.socket.write(get());
    await lost.ended;
    expect((await new RawCalls(call()).ask(get())).body.toString()).toBe("2");
    edge.setFaults(stale(), exchangeFault("error", { status: 404 }, { first: 1 }));
    const calls = new RawCalls(call());
    expect((await calls.ask(get())).status).toBe(404);
    expect((await calls.ask(get())).body.toString()).toBe("3");
  });

  it("is delayed and rewritten as any answer, and remembers what upstream said, not what became of it", async () => {
    const { edge, texts } = await counting((n) => sized(`{"n":${n},"seen":0}`));
    edge.setFaults(exchangeFault("latency", { delay: "30ms", at: "response" }), stale(), exchangeFault("rewrite", { json: { "/seen": [1] } }));
    const startMs = edge.env.nowMs();
    expect(await texts(get(), get(), get())).toEqual(['{"n":1,"seen":[1]}', '{"n":1,"seen":[1]}', '{"n":1,"seen":[1]}']);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(90);
  });

  it("waits for the body of a request that it answers, and closes behind an answer to HTTP/1.0", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(sized("one"))));
    edge.setFaults(stale());
    const post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
    const calls = new RawCalls(call());
    await calls.ask(post);
    calls.caller.socket.write(post.slice(0, -2));
    await expect.poll(() => edge.exchanges().length).toBe(1);
    calls.caller.socket.write(post.slice(-2));
    expect((await calls.next()).header("connection")).toBe("keep-alive");
    const old = call();
    old.socket.write(post.replace("HTTP/1.1", "HTTP/1.0"));
    expect(await old.ended).toBe("fin");
    expect(old.bytes.toString()).toMatch(/connection: close\r\n\r\none$/);
  });

  it("keeps the order of pipelined calls", async () => {
    const { edge, calls } = await counting((n, request) => sized(`${n}${request.slice(4, 6)}`));
    edge.setFaults(stale({}, { match: { path: { equals: "/a" } } }));
    await calls.ask(get("/a"));
    const answers = await calls.askAll([get("/a"), get("/b"), get("/a"), get("/c")]);
    expect(answers.map(({ body }) => body.toString())).toEqual(["1/a", "2/b", "1/a", "3/c"]);
  });
});
