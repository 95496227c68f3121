import { afterEach, describe, expect, it } from "vitest";
import { answering, ok, setUpEdge, tracePrefix } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

describe("what passes through the http1 lane", () => {
  it("passes bytes on as they came, header case and order included, and witnesses the exchange", async () => {
    const seen: string[] = [];
    const { edge, call } = await setUpEdge(undo, answering((request, socket) => {
      seen.push(request);
      socket.write("HTTP/1.1 200 Fine\r\nX-ODD:  spaced \r\ncontent-LENGTH: 5\r\nRetry-After: 3\r\n\r\nhello");
    }));
    const request = `POST /a?b=c HTTP/1.1\r\nhOsT: x\r\nX-b: 2\r\nX-A: 1\r\ntraceparent: 00-${tracePrefix}00000000000000aa-00000000000000bb-01\r\nIdempotency-Key: k1\r\nContent-Length: 4\r\n\r\nbody`;
    const caller = call();
    caller.socket.write(request);
    const answer = "HTTP/1.1 200 Fine\r\nX-ODD:  spaced \r\ncontent-LENGTH: 5\r\nRetry-After: 3\r\n\r\nhello";
    expect((await caller.received(answer.length)).toString()).toBe(answer);
    expect(seen).toEqual([request]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{
      method: "POST", path: "/a?b=c", conn: 1, nth: 1, status: 200, retryAfter: "3", idempotencyKey: "k1", trace: `${tracePrefix}00000000000000aa`,
      requestBytes: request.length, responseBytes: answer.length, end: "complete", passedOn: true,
    }]);
    const [record] = edge.exchanges();
    expect(record?.faults).toBeUndefined();
    expect(record?.headMs).toBeGreaterThanOrEqual(record?.requestEndMs ?? Number.NaN);
    expect(record?.endMs).toBeGreaterThanOrEqual(record?.headMs ?? Number.NaN);
  });

  it("uses one upstream connection per client connection, dialled for the first request", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)));
    const caller = await call().connected();
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(upstream.sockets.size).toBe(0);
    for (let n = 1; n <= 3; n++) {
      caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await caller.received(n * ok.length);
    }
    expect(upstream.sockets.size).toBe(1);
    expect(edge.exchanges().map(({ nth }) => nth)).toEqual([1, 2, 3]);
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ conn: 1, exchanges: 3, closedBy: "client", how: "fin", upstreamReached: true, responseBytes: 3 * ok.length }]);
  });

  it("passes chunks, extensions and trailers on untouched, both ways", async () => {
    const body = "3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nX-T: 2\r\n\r\n";
    const seen: string[] = [];
    const { edge, call } = await setUpEdge(undo, answering((request, socket) => {
      seen.push(request);
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${body}`);
    }));
    const request = `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
    const caller = call();
    caller.socket.write(request);
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${body}`;
    expect((await caller.received(answer.length)).toString()).toBe(answer);
    expect(seen).toEqual([request]);
    await expect.poll(() => edge.exchanges().map(({ end }) => end)).toEqual(["complete"]);
  });

  it("changes no byte of what is odd and allowed: case, order, white space, text above ASCII, empty values, sizes of chunks, extensions, trailers, packets", async () => {
    const oddBody = "00a;Ext=\"q;\\\"x\" ;b\r\n0123\r\n6789\r\n1 ;z\r\n\u00ff\r\nF\r\nfifteen bytes..\r\n000;end=\u00e9\r\nx-SUM:  1\t\r\nX-sum: 2\r\n!#$%&'*+-.^_`|~: \u0080\u00ff\r\n\r\n";
    const request = `pAtCh //a/./../b;c?d=%00&\u00e9=\u00ff#f HTTP/1.1\r\nX-b:2\r\nhOST:\t x \r\nx-B: 1\r\nX-Empty:\r\nx-text: \u00e9\u0080\u00ff \t \u00fe\r\nTrAnSfEr-EnCoDiNg:\tGzip ,  CHUNKED\r\nconnection: Keep-Alive, X-Hop\r\nX-Hop: stays\r\nX-b:3\r\n\r\n${oddBody}`;
    const answer = `HTTP/1.1 299  \u00e9 Odd\tReason \r\nset-cookie: a=1\r\nX-Z: 9\r\nSET-Cookie: b=2\r\nTRANSFER-encoding: chunked\r\nX-Z: 8 \r\nvia: 1.0 \u00fcber\r\n\r\n${oddBody}`;
    let got = Buffer.alloc(0);
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => {
      got = Buffer.concat([got, bytes]);
      if (got.length === request.length) socket.write(Buffer.from(answer, "latin1"));
    }));
    edge.setFaults({ name: "elsewhere", type: "latency", layer: "exchange", proxy: "edge", direction: "both", params: { at: "response", delayMs: 9000, jitterMs: 0, distribution: "uniform" }, selection: { match: { methods: ["GET"] }, fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" } });
    const caller = await call().connected();
    // In packets of its own each: cut in the midst of names, sizes and line ends.
    for (let at = 0; at < request.length; at += 7) await new Promise<void>((resolve) => void caller.socket.write(Buffer.from(request.slice(at, at + 7), "latin1"), () => resolve()));
    expect((await caller.received(answer.length)).toString("latin1")).toBe(answer);
    expect(got.toString("latin1")).toBe(request);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "pAtCh", path: "//a/./../b;c?d=%00&\u00e9=\u00ff#f", status: 299, end: "complete", requestBytes: request.length, responseBytes: answer.length, faults: [{ decision: "match" }] }]);
  });

  it.each([
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n"],
    ["GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"],
  ])("knows that the answer to %s has no body: %j", async (method, answer) => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(answer)));
    const caller = call();
    for (let n = 1; n <= 2; n++) {
      caller.socket.write(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);
      await caller.received(n * answer.length);
    }
    await expect.poll(() => edge.exchanges().map(({ end }) => end)).toEqual(["complete", "complete"]);
  });

  it("lets 100-continue and early hints through before the final answer", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        socket.once("data", () => socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`));
      });
    });
    const caller = call();
    caller.socket.write("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    expect((await caller.received(25)).toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    expect(edge.exchanges()).toEqual([]);
    caller.socket.write("body");
    const rest = `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`;
    expect((await caller.received(25 + rest.length)).toString()).toBe(`HTTP/1.1 100 Continue\r\n\r\n${rest}`);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 200, end: "complete", responseBytes: 25 + rest.length }]);
  });

  it("ends an answer without a length where upstream closes, and passes the close on", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nuntil the end")));
    const caller = call();
    caller.socket.write("GET / HTTP/1.0\r\n\r\n");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    expect(edge.exchanges()).toMatchObject([{ end: "complete", status: 200 }]);
    caller.socket.end();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how: "fin" }]);
  });

  it("matches pipelined requests with their answers, in order", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => {
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString();
        if (text.split("\r\n\r\n").length < 4) return;
        const paths = [...text.matchAll(/GET (\S+)/g)].map((match) => match[1] ?? "");
        socket.write(paths.map((path) => `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`).join(""));
      });
    });
    const caller = call();
    caller.socket.write(["/one", "/two2", "/three"].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(""));
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n/oneHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n/two2HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n/three";
    expect((await caller.received(answer.length)).toString()).toBe(answer);
    await expect.poll(() => edge.exchanges().map(({ path, nth, responseBytes }) => [path, nth, responseBytes])).toEqual([["/one", 1, 42], ["/two2", 2, 43], ["/three", 3, 44]]);
  });

  it("becomes a tunnel when upstream switches protocols, with half-close both ways", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
        socket.on("data", (bytes) => socket.write(bytes));
        socket.on("end", () => socket.end("bye"));
      });
    });
    const caller = call();
    const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n";
    const notHttp = "\u0000\u0001 GET\n\n";
    caller.socket.write(`GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n${notHttp}`);
    expect((await caller.received(head.length + notHttp.length)).toString()).toBe(head + notHttp);
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(`${head}${notHttp}bye`);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "tunnel", status: 101 }]);
    expect(edge.exchanges()[0]?.leftMs).toBeUndefined();
  });

  it("reads on when upstream does not switch, the requests that came meanwhile included", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)));
    const caller = call();
    caller.socket.write("GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    await caller.received(2 * ok.length);
    await expect.poll(() => edge.exchanges().map(({ path, end }) => [path, end])).toEqual([["/a", "complete"], ["/b", "complete"]]);
  });

  it("opens a tunnel for CONNECT", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n");
        socket.pipe(socket);
      });
    });
    const caller = call();
    caller.socket.write("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    await caller.received(26);
    caller.socket.write("ping");
    expect((await caller.received(30)).subarray(26).toString()).toBe("ping");
    caller.close();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "CONNECT", end: "tunnel" }]);
  });

  it("rewrites the Host header, and nothing else, when told to", async () => {
    const seen: string[] = [];
    const { edge, upstream, call } = await setUpEdge(undo, answering((request, socket) => {
      seen.push(request);
      if (request.endsWith("1234")) socket.write(ok);
    }), { proxy: { host: "upstream" } });
    const caller = call();
    const request = "POST / HTTP/1.1\r\nA: 1\r\nHost:  shop.example \r\nB: 2\r\nContent-Length: 4\r\n\r\n1234";
    caller.socket.write(request);
    await caller.received(ok.length);
    expect(seen.join("")).toBe(`POST / HTTP/1.1\r\nA: 1\r\nHost:  127.0.0.1:${upstream.port} \r\nB: 2\r\nContent-Length: 4\r\n\r\n1234`);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ requestBytes: request.length }]);
  });

  it.each([
    [{ by: "header", header: "X-Order" }, "o-7"],
    [{ by: "path", template: "/orders/{}" }, "42"],
    [{ by: "json", path: "/order/id" }, "99"],
  ] as const)("finds the correlation value by %j", async (correlate, key) => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)), { proxy: { correlate } });
    const caller = call();
    caller.socket.write('POST /orders/42?x=1 HTTP/1.1\r\nHost: x\r\nx-order: o-7\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"order":\r\n9\r\n{"id":99}\r\n1\r\n}\r\n0\r\n\r\n');
    await caller.received(ok.length);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ key }]);
  });
});
