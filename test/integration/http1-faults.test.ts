import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { request as undiciRequest } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { isFelt } from "../../src/evidence/felt.ts";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const sized = (body: string | Buffer, headers = ""): Buffer => Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n`), Buffer.from(body)]);
const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const chunked = (...chunks: readonly string[]): string => `${chunkedHead}${chunks.map(chunk).join("")}0\r\n\r\n`;
const bodyOf = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
const onPath = (path: string) => ({ match: { path: { equals: path } } });

/** An upstream that gives one answer to every request, and tells which it got. */
function answerer(answer: string | Buffer) {
  const seen: string[] = [];
  const handle = answering((request, socket) => {
    for (const [, path = ""] of request.matchAll(/(?:GET|POST|HEAD) (\S+) HTTP/g)) {
      seen.push(path);
      socket.write(answer);
    }
  });
  return { seen, handle };
}

/** What a caller gets, and how long after the start of the test's clock each piece came. */
function watch(caller: { socket: { on(event: "data", listener: (bytes: Buffer) => void): unknown } }, nowMs: () => number) {
  const pieces: { readonly atMs: number; readonly text: string }[] = [];
  caller.socket.on("data", (bytes) => pieces.push({ atMs: nowMs(), text: bytes.toString("latin1") }));
  return pieces;
}

describe("bandwidth", () => {
  it("lets head and body of an answer through no faster than asked", async () => {
    const answer = sized(Buffer.alloc(2000, "a"));
    const { edge, call } = await setUpEdge(undo, answerer(answer).handle);
    edge.setFaults(exchangeFault("bandwidth", { throughput: "10KB/s" }));
    const caller = call();
    const startMs = edge.env.nowMs();
    const pieces = watch(caller, () => edge.env.nowMs() - startMs);
    caller.socket.write(get());
    expect(await caller.received(answer.length)).toEqual(answer);
    let bytes = 0;
    for (const { atMs, text } of pieces) {
      bytes += text.length;
      expect(atMs).toBeGreaterThanOrEqual((bytes / 10_000) * 1000 - 0.01);
    }
    expect(pieces.length).toBeGreaterThan(5);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", responseBytes: answer.length, faults: [{ decision: "applied", effect: "throttle" }] }]);
    const [record] = edge.exchanges();
    const [fault] = record?.faults ?? [];
    expect((fault?.releasedMs ?? 0) - (fault?.actedMs ?? 0)).toBeGreaterThan(190);
    expect(record !== undefined && fault !== undefined && [isFelt(fault, record, 50), isFelt(fault, record, 5000)]).toEqual([true, false]);
  });

  it("lets a request through to upstream no faster than asked, and those behind it wait for their turn", async () => {
    const { edge, call, upstream } = await setUpEdge(undo, answerer(ok).handle);
    edge.setFaults({ ...exchangeFault("bandwidth", { throughput: "10KB/s" }, onPath("/up")), direction: "request" });
    const caller = call();
    const startMs = edge.env.nowMs();
    const upload = `POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 1500\r\n\r\n${"b".repeat(1500)}`;
    caller.socket.write(upload + get("/behind"));
    await caller.received(2 * ok.length);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual((upload.length / 10_000) * 1000 - 0.01);
    expect(upstream.sockets.size).toBe(1);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ path: "/up", requestBytes: upload.length, end: "complete" }, { path: "/behind", end: "complete" }]);
  });

  it("sends a request on to its end when its caller has closed its half meanwhile", async () => {
    const got: Buffer[] = [];
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.on("data", (bytes) => got.push(bytes));
      socket.on("end", () => socket.end(ok));
    });
    edge.setFaults({ ...exchangeFault("bandwidth", { throughput: "10KB/s" }), direction: "request" });
    const caller = call();
    const upload = `POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${"b".repeat(1000)}`;
    caller.socket.end(upload);
    await caller.received(ok.length);
    expect(Buffer.concat(got).toString()).toBe(upload);
  });

  it("is over when it is lifted: what is held leaves, and what follows is not held", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized(Buffer.alloc(50_000, "a"))).handle);
    edge.setFaults(exchangeFault("bandwidth", { throughput: "1KB/s" }));
    const caller = call();
    caller.socket.write(get());
    await caller.received(20);
    edge.lift();
    expect((await caller.received(sized(Buffer.alloc(50_000, "a")).length)).subarray(-50_000)).toEqual(Buffer.alloc(50_000, "a"));
  });
});

describe("slow-body", () => {
  it("sends the head at once and the body in pieces of the asked size and spacing", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("abcdefgh")).handle);
    edge.setFaults(exchangeFault("slow-body", { size: "3B", spacing: "40ms" }));
    const caller = call();
    const pieces = watch(caller, () => edge.env.nowMs());
    caller.socket.write(get());
    await caller.received(sized("abcdefgh").length);
    const [head, ...body] = pieces;
    expect(head?.text).toBe("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    expect(body.map(({ text }) => text).join("")).toBe("abcdefgh");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", faults: [{ effect: "slice" }] }]);
    const [record] = edge.exchanges();
    // A late reader may find several pieces at once, but none before its time.
    let bytes = 0;
    for (const { atMs, text } of body) {
      bytes += text.length;
      expect([3, 6, 8]).toContain(bytes);
      expect(atMs - (record?.headMs ?? 0)).toBeGreaterThanOrEqual(40 * Math.ceil(bytes / 3));
    }
    expect((record?.faults?.[0]?.releasedMs ?? 0) - (record?.headMs ?? 0)).toBeGreaterThanOrEqual(120);
  });

  it.each([["that tells its length", sized("a".repeat(40))], ["in chunks", Buffer.from(chunked("hello", "there"))]])("spreads a body %s over the asked time, byte for byte", async (_, answer) => {
    const { edge, call } = await setUpEdge(undo, answerer(answer).handle);
    edge.setFaults(exchangeFault("slow-body", { over: "200ms" }));
    const caller = call();
    const pieces = watch(caller, () => edge.env.nowMs());
    caller.socket.write(get());
    expect(await caller.received(answer.length)).toEqual(answer);
    expect(pieces.length).toBeGreaterThan(5);
    await expect.poll(() => edge.exchanges().length).toBe(1);
    expect((pieces.at(-1)?.atMs ?? 0) - (edge.exchanges()[0]?.headMs ?? 0)).toBeGreaterThanOrEqual(199.9);
  });

  it("is felt by a caller that leaves in its midst", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("abcdefgh")).handle);
    edge.setFaults(exchangeFault("slow-body", { spacing: "30ms" }));
    const caller = call();
    caller.socket.write(get());
    await caller.received(sized("abcdefgh").length - 6);
    caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst", faults: [{ effect: "slice" }] }]);
    const [record] = edge.exchanges();
    const [fault] = record?.faults ?? [];
    expect(fault?.releasedMs).toBeUndefined();
    expect(record !== undefined && fault !== undefined && isFelt(fault, record, 1000)).toBe(true);
  });

  it.each([
    ["that ends with the connection", "HTTP/1.1 200 OK\r\n\r\nabcdefgh", "complete"],
    ["that upstream breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabcdefgh", "upstream-lost"],
  ])("lets all of a body %s drip before the end", async (_, answer, end) => {
    const { edge, call } = await setUpEdge(undo, answering((_request, socket) => socket.end(answer)));
    edge.setFaults(exchangeFault("slow-body", { size: "2B", spacing: "10ms" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(answer);
    expect(edge.exchanges()).toMatchObject([{ end, responseBytes: answer.length }]);
  });

  it("lets an answer to HEAD through at once", async () => {
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    const { edge, call } = await setUpEdge(undo, answerer(answer).handle);
    edge.setFaults(exchangeFault("slow-body", { over: "1h" }), exchangeFault("corrupt", { share: "100%" }), exchangeFault("truncate", {}));
    const caller = call();
    caller.socket.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 200 }]);
    await caller.received(answer.length);
    expect(edge.exchanges()[0]?.faults?.every(({ decision, actedMs }) => decision === "applied" && actedMs === undefined)).toBe(true);
  });

  it("holds a large body in bounded memory, and its release lets all of it go", async () => {
    const answer = sized(Buffer.alloc(3_000_000, "l"));
    const { edge, call } = await setUpEdge(undo, answerer(answer).handle);
    edge.setFaults(exchangeFault("slow-body", { spacing: "1h" }));
    const caller = call();
    caller.socket.write(get());
    await caller.received(answer.length - 3_000_000);
    edge.lift(true);
    expect((await caller.received(answer.length)).equals(answer)).toBe(true);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", responseBytes: answer.length }]);
  });

  it("keeps the order of pipelined answers", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("abcd")).handle);
    edge.setFaults(exchangeFault("slow-body", { spacing: "10ms" }, onPath("/slow")));
    const caller = call();
    caller.socket.write(get("/1") + get("/slow") + get("/2") + get("/slow") + get("/3"));
    expect(await caller.received(5 * sized("abcd").length)).toEqual(Buffer.concat(Array.from({ length: 5 }, () => sized("abcd"))));
    await expect.poll(() => edge.exchanges().map(({ end }) => end)).toEqual(Array.from({ length: 5 }, () => "complete"));
  });
});

describe("truncate", () => {
  it.each([
    ["close", "fin", "dropped"],
    ["reset", "ECONNRESET", "reset"],
  ])("stops after exactly so many bytes of the body, then %s", async (end, ending, recorded) => {
    const body = "0123456789".repeat(10_000);
    const { edge, call } = await setUpEdge(undo, answerer(sized(body)).handle);
    edge.setFaults(exchangeFault("truncate", { afterBytes: "54321B", end }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe(ending);
    expect(caller.bytes.toString()).toBe(sized(body).toString().slice(0, 54_321 - body.length));
    expect(edge.exchanges()).toMatchObject([{ end: recorded, status: 200, passedOn: true, faults: [{ effect: "truncate", actedMs: expect.any(Number) }] }]);
  });

  it("counts the data of chunks, and leaves their framing as it is", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(chunked("hello", "there")).handle);
    edge.setFaults(exchangeFault("truncate", { afterBytes: "7B" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(`${chunkedHead}5\r\nhello\r\n5\r\nth`);
  });

  it.each([["that tells its length", sized("0123456789"), "01234"], ["in chunks", Buffer.from(chunked("0123", "456789")), "4\r\n0123\r\n6\r\n4"]])("lets a share of a body %s through", async (_, answer, half) => {
    const { edge, call } = await setUpEdge(undo, answerer(answer).handle);
    edge.setFaults(exchangeFault("truncate", { share: "50%" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(bodyOf(caller.bytes).toString()).toBe(half);
  });

  it("after no bytes lets the head through alone", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("body")).handle);
    edge.setFaults(exchangeFault("truncate", { afterBytes: "0B" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(sized("body").toString().slice(0, -4));
  });

  it("leaves a body alone that is no longer than that, and the connection lives", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("body")).handle);
    edge.setFaults(exchangeFault("truncate", { afterBytes: "4B" }));
    const caller = call();
    caller.socket.write(get("/1") + get("/2"));
    await caller.received(2 * sized("body").length);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }, { end: "complete" }]);
    expect(edge.exchanges()[0]?.faults?.[0]?.actedMs).toBeUndefined();
  });
});

describe("corrupt", () => {
  const differing = (a: Buffer, b: Buffer): number => a.reduce((count, byte, i) => count + (byte === b[i] ? 0 : 1), 0);

  it("changes about the asked share of the bytes and keeps the length, differently in each call", async () => {
    const body = Buffer.alloc(100_000, "c");
    const { edge, call } = await setUpEdge(undo, answerer(sized(body)).handle);
    edge.setFaults(exchangeFault("corrupt", { share: "5%" }));
    const length = sized(body).length;
    const caller = call();
    caller.socket.write(get());
    const first = Buffer.from(bodyOf(await caller.received(length)));
    caller.socket.write(get());
    const second = bodyOf((await caller.received(2 * length)).subarray(length));
    // Binomial: 5,000 with a standard deviation of 69.
    for (const got of [first, second]) {
      expect(got.length).toBe(body.length);
      expect(Math.abs(differing(got, body) - 5000)).toBeLessThan(7 * 69);
    }
    expect(first).not.toEqual(second);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ nth: 1, end: "complete", faults: [{ effect: "corrupt", actedMs: expect.any(Number) }] }, { nth: 2, end: "complete" }]);
  });

  it("changes the data of chunks and not their framing, the same in every run of a seed", async () => {
    const texts: string[] = [];
    const answer = chunked(...Array.from({ length: 50 }, (_, i) => "d".repeat(i + 1)));
    for (let run = 0; run < 2; run += 1) {
      const { edge } = await setUpEdge(undo, answerer(answer).handle);
      edge.setFaults(exchangeFault("corrupt", { share: "100%" }));
      const response = await new Promise<Buffer>((resolve, reject) => {
        const request = httpRequest({ port: edge.port, agent: false }, (message) => {
          const pieces: Buffer[] = [];
          message.on("data", (piece: Buffer) => pieces.push(piece));
          message.on("end", () => resolve(Buffer.concat(pieces)));
        });
        request.on("error", reject).end();
      });
      expect(response.length).toBe(1275);
      expect(response.includes("d")).toBe(false);
      texts.push(response.toString("latin1"));
    }
    expect(texts[0]).toBe(texts[1]);
  });

  it("changes compressed bodies as bytes, so that they do not unpack to what they were", async () => {
    const packed = gzipSync(Buffer.from("some text ".repeat(1000)));
    const { edge, call } = await setUpEdge(undo, answerer(sized(packed, "Content-Encoding: gzip\r\n")).handle);
    edge.setFaults(exchangeFault("corrupt", { share: "50%" }));
    const caller = call();
    caller.socket.write(get());
    const got = bodyOf(await caller.received(sized(packed, "Content-Encoding: gzip\r\n").length));
    expect(got.length).toBe(packed.length);
    expect(() => gunzipSync(got)).toThrow(/incorrect|invalid|unexpected/);
  });

  it("changes requests where it is told to", async () => {
    const got: Buffer[] = [];
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => {
      got.push(bytes);
      socket.write(ok);
    }));
    edge.setFaults({ ...exchangeFault("corrupt", { share: "100%" }), direction: "request" });
    const caller = call();
    const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n";
    caller.socket.write(`${head}aaaaaa`);
    await caller.received(ok.length);
    const request = Buffer.concat(got).toString("latin1");
    expect(request).toMatch(new RegExp(`^${head}[^a]{6}$`, "s"));
    expect(caller.bytes.toString()).toBe(ok);
  });
});

describe("malformed", () => {
  const answers = [["that tells its length", sized("body")], ["in chunks", Buffer.from(chunked("bo", "dy"))]] as const;
  const kinds = ["status-line", "header", "chunk", "length"].flatMap((kind) => answers.map(([name, answer]) => ({ kind, name, answer })));

  it.each(kinds)("by its $kind is refused by node:http and undici, for an answer $name", async ({ kind, answer }) => {
    const { edge } = await setUpEdge(undo, answerer(answer).handle);
    edge.setFaults(exchangeFault("malformed", { kind }));
    const refusal = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      const request = httpRequest({ port: edge.port, agent: false }, (message) => message.on("error", resolve).on("end", () => reject(new Error("was accepted"))).resume());
      request.on("error", resolve).end();
    });
    expect(refusal.code).toMatch(/^HPE_(?:INVALID|UNEXPECTED)/);
    await expect(undiciRequest(`http://127.0.0.1:${edge.port}/`).then(({ body }) => body.text())).rejects.toThrow(/Response|other side closed|terminated/);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ faults: [{ effect: "malformed", actedMs: expect.any(Number) }] }, { faults: [{ effect: "malformed" }] }]);
  });

  it("breaks one place, and the connection is closed behind the answer", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("body")).handle);
    const got: string[] = [];
    for (const kind of ["status-line", "header", "chunk", "length"]) {
      edge.setFaults(exchangeFault("malformed", { kind }));
      const caller = call();
      caller.socket.write(get("/1") + get("/2"));
      expect(await caller.ended).toBe("fin");
      got.push(caller.bytes.toString());
    }
    expect(got).toEqual([
      "HTTP/1.1 x200 OK\r\nContent-Length: 4\r\n\r\nbody",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nno colon in this header\r\n\r\nbody",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno-size\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nbody",
    ]);
    expect(edge.exchanges().map(({ end }) => end)).toEqual(Array.from({ length: 8 }, () => "dropped"));
  });

  it("by its chunk is of HTTP/1.1, for an answer of HTTP/1.0 too, which knows no chunks", async () => {
    const { edge, call } = await setUpEdge(undo, answerer("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody").handle);
    edge.setFaults(exchangeFault("malformed", { kind: "chunk" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno-size\r\n");
  });

  it("by its chunk leaves an answer without a body alone", async () => {
    const { edge, call } = await setUpEdge(undo, answerer("HTTP/1.1 204 No Content\r\n\r\n").handle);
    edge.setFaults(exchangeFault("malformed", { kind: "chunk" }));
    const caller = call();
    caller.socket.write(get());
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 204 }]);
    expect(edge.exchanges()[0]?.faults?.[0]?.actedMs).toBeUndefined();
  });
});

describe("rate-limit", () => {
  it("lets a burst through, answers 429 to the rest, and keeps the connection", async () => {
    const { seen, handle } = answerer(ok);
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("rate-limit", { limit: "1/h", burst: 3 }));
    const caller = call();
    caller.socket.write(Array.from({ length: 8 }, (_, i) => get(`/${i}`)).join(""));
    await expect.poll(() => edge.exchanges().length).toBe(8);
    expect(edge.exchanges().map(({ status }) => status)).toEqual([200, 200, 200, 429, 429, 429, 429, 429]);
    expect(edge.exchanges().map(({ faults }) => faults?.[0]?.decision)).toEqual(["rate", "rate", "rate", "applied", "applied", "applied", "applied", "applied"]);
    expect(seen).toEqual(["/0", "/1", "/2"]);
    await expect.poll(() => caller.bytes.toString().match(/retry-after: 3600\r\n/g)).toHaveLength(5);
  });

  it("refills as time passes, and each caller of `per` has its own", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(ok).handle);
    edge.setFaults(exchangeFault("rate-limit", { limit: "20/s" }, { per: "connection" }));
    const statusOf = async (caller: ReturnType<typeof call>): Promise<number | undefined> => {
      const before = edge.exchanges().length;
      caller.socket.write(get());
      await expect.poll(() => edge.exchanges().length).toBe(before + 1);
      return edge.exchanges().at(-1)?.status;
    };
    const [a, b] = [call(), call()];
    expect(await statusOf(a)).toBe(200);
    expect(await statusOf(b)).toBe(200);
    const startMs = edge.env.nowMs();
    await expect.poll(() => edge.env.nowMs() - startMs > 60).toBe(true);
    expect(await statusOf(a)).toBe(200);
  });

  it("tells when to come again as an HTTP-date", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(ok).handle);
    edge.setFaults(exchangeFault("rate-limit", { limit: "1/h", retryAfter: "90s", retryAfterAs: "http-date" }));
    const caller = call();
    const nowMs = Date.now();
    caller.socket.write(get() + get());
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 200 }, { status: 429 }]);
    const retryAfter = edge.exchanges()[1]?.retryAfter ?? "";
    expect(retryAfter).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(Date.parse(retryAfter)).toBeGreaterThanOrEqual(nowMs + 90_000);
    expect(Date.parse(retryAfter)).toBeLessThan(Date.now() + 91_001);
  });
});

describe("error with reachUpstream", () => {
  it("lets upstream do the work, throws its answer away, and keeps both connections", async () => {
    const { seen, handle } = answerer(sized(Buffer.alloc(300_000, "x")));
    const { edge, call, upstream } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("error", { status: 502, body: "lost", reachUpstream: true }, onPath("/lost")));
    const caller = call();
    caller.socket.write(get("/lost"));
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 502, passedOn: true, faults: [{ effect: "respond", actedMs: expect.any(Number) }] }]);
    await expect.poll(() => caller.bytes.toString()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n[^]*connection: keep-alive\r\n\r\nlost$/);
    const before = caller.bytes.length;
    caller.socket.write(get("/kept") + get("/lost") + get("/kept"));
    await expect.poll(() => edge.exchanges().map(({ status }) => status)).toEqual([502, 200, 502, 200]);
    await caller.received(2 * before + 2 * sized(Buffer.alloc(300_000, "x")).length);
    expect(seen).toEqual(["/lost", "/kept", "/lost", "/kept"]);
    expect(upstream.sockets.size).toBe(1);
  });

  it.each([
    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: x, Close\r\n\r\nhalf", "HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nhalf", "HTTP/1.1 200 OK\r\n\r\nhalf",
  ])("takes no further call where upstream takes none behind its answer: %j", async (answer) => {
    const { edge, call } = await setUpEdge(undo, answerer(answer).handle);
    edge.setFaults(exchangeFault("error", { body: "lost", reachUpstream: true }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toMatch(/^HTTP\/1\.1 503 [^]*connection: close\r\n\r\nlost$/);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 503 }]);
  });

  it("keeps the connection where an answer of HTTP/1.0 does", async () => {
    const { edge, call } = await setUpEdge(undo, answerer("HTTP/1.0 200 OK\r\nContent-Length: 4\r\nConnection: Keep-Alive\r\n\r\nbody").handle);
    edge.setFaults(exchangeFault("error", { body: "lost", reachUpstream: true }));
    const caller = call();
    caller.socket.write(get());
    await expect.poll(() => caller.bytes.toString()).toMatch(/connection: keep-alive\r\n\r\nlost$/);
  });

  it("comes after a delay that is written before it, and no byte of upstream's answer with it", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("secret")).handle);
    edge.setFaults(exchangeFault("latency", { delay: "60ms", at: "response" }), exchangeFault("error", { status: 500, reachUpstream: true }));
    const caller = call();
    const startMs = edge.env.nowMs();
    caller.socket.write(get());
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 500, end: "complete" }]);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(60);
    await expect.poll(() => caller.bytes.toString()).toMatch(/^HTTP\/1\.1 500 [^]*\r\n\r\n$/);
  });

  it("is no answer where there is no upstream", async () => {
    const { edge, call, upstream } = await setUpEdge(undo, answerer(ok).handle);
    await upstream.close();
    edge.setFaults(exchangeFault("error", { reachUpstream: true }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "upstream-unreachable" }]);
    expect(edge.exchanges()[0]?.faults?.[0]?.actedMs).toBeUndefined();
  });
});

describe("several faults on one exchange", () => {
  it("drip, change and cut one body, in whatever order they are written before the cut", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("a".repeat(20))).handle);
    edge.setFaults(exchangeFault("corrupt", { share: "100%" }), exchangeFault("slow-body", { size: "4B", spacing: "15ms" }), exchangeFault("truncate", { afterBytes: "10B", end: "reset" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("ECONNRESET");
    expect(bodyOf(caller.bytes).toString("latin1")).toMatch(/^[^a]{10}$/s);
    const [record] = edge.exchanges();
    expect(record).toMatchObject({ end: "reset", faults: [{ effect: "corrupt" }, { effect: "slice" }, { effect: "truncate" }] });
    expect(record?.endMs).toBeGreaterThanOrEqual((record?.headMs ?? 0) + 45);
  });

  it("end with the first of those that end it; what is written behind it does not act", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(sized("a".repeat(20))).handle);
    edge.setFaults(exchangeFault("truncate", { afterBytes: "10B" }), exchangeFault("reset", { afterBytes: "5B" }), exchangeFault("slow-body", { over: "1h" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(bodyOf(caller.bytes).toString()).toBe("a".repeat(10));
    expect(edge.exchanges()[0]?.faults?.map(({ actedMs }) => actedMs !== undefined)).toEqual([true, false, false]);
  });

  it("act on an answer in upstream's place as on its own", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    edge.setFaults(exchangeFault("error", { status: 503, body: "busy" }), exchangeFault("slow-body", { spacing: "20ms" }));
    const caller = call();
    caller.socket.write(get());
    await expect.poll(() => caller.bytes.toString()).toMatch(/^HTTP\/1\.1 503 [^]*busy$/);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 503 }]);
    const [record] = edge.exchanges();
    expect(record?.endMs).toBeGreaterThanOrEqual((record?.headMs ?? 0) + 80);
  });

  it("act on the answer that takes the place of upstream's, however that was framed", async () => {
    const { edge, call } = await setUpEdge(undo, answerer(chunked("secret", "chunks")).handle);
    edge.setFaults(exchangeFault("slow-body", { over: "100ms" }), exchangeFault("corrupt", { share: "100%" }), exchangeFault("error", { status: 503, body: "lost!", reachUpstream: true }), exchangeFault("truncate", { afterBytes: "4B" }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString("latin1")).toMatch(/^HTTP\/1\.1 503 [^]*content-length: 5\r\n[^]*\r\n\r\n[^l][^o][^s][^t]$/);
    const [record] = edge.exchanges();
    expect(record).toMatchObject({ end: "dropped", status: 503, passedOn: true });
    expect(record?.endMs).toBeGreaterThanOrEqual((record?.headMs ?? 0) + 79.9);
  });

  it("leave a client of the kind that keeps connections right afterwards", async () => {
    const { handle } = answerer(chunked("hello", "there"));
    const { edge } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("slow-body", { size: "2B", spacing: "2ms" }), exchangeFault("corrupt", { share: "20%" }), exchangeFault("bandwidth", { throughput: "50KB/s" }));
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 });
    undo.push(() => agent.destroy());
    for (let n = 0; n < 5; n += 1) {
      const length = await new Promise<number>((resolve, reject) => {
        const request = httpRequest({ port: edge.port, agent }, (message) => {
          let bytes = 0;
          message.on("data", (piece: Buffer) => (bytes += piece.length)).on("end", () => resolve(bytes));
        });
        request.on("error", reject).end();
      });
      expect(length).toBe(10);
    }
    expect(edge.exchanges().map(({ nth, end }) => [nth, end])).toEqual([1, 2, 3, 4, 5].map((nth) => [nth, "complete"]));
  });
});
