import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ApiError } from "../../../src/proxy/api/api-error.ts";
import { startApiServer } from "../../../src/proxy/api/server.ts";
import type { ApiServerOptions } from "../../../src/proxy/api/server.ts";
import { WitnessLog } from "../../../src/proxy/api/witness-log.ts";
import { createSystemEnv } from "../../../src/run/system-env.ts";
import { aControl } from "./a-control.ts";
import { header, send } from "./raw-http.ts";
import type { RawRequest, RawResponse } from "./raw-http.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function start(options: Partial<ApiServerOptions> = {}) {
  const control = aControl();
  const server = await startApiServer({ host: "127.0.0.1", port: 0, hosts: [], control, log: new WitnessLog(createSystemEnv()), version: "9.8.7", ...options });
  undo.push(() => server.close());
  return { server, control, port: server.address.port, ask: (request: RawRequest | string): Promise<RawResponse> => send(server.address.port, request) };
}

const proxyText = '{"name":"payments","listen":"127.0.0.1:4000","upstream":"127.0.0.1:9","enabled":true,"toxics":[{"attributes":{"latency":5,"jitter":0},"name":"slow","type":"latency","stream":"downstream","toxicity":1}]}';
const toxicText = '{"attributes":{"latency":5,"jitter":0},"name":"slow","type":"latency","stream":"downstream","toxicity":1}';
const json = "application/json";

describe("the endpoints of the control API", () => {
  it.each<[string, string, string | undefined, number, string, readonly string[]]>([
    ["GET", "/proxies", undefined, 200, `{"payments":${proxyText}}`, []],
    ["POST", "/proxies", "{}", 201, proxyText, ["create", "{}"]],
    ["POST", "/populate", "[]", 201, `{"proxies":[${proxyText}]}`, ["populate", "[]"]],
    ["GET", "/proxies/payments", undefined, 200, proxyText, []],
    ["PATCH", "/proxies/payments", "{}", 200, proxyText, ["update", "payments", "{}"]],
    ["POST", "/proxies/payments", "{}", 200, proxyText, ["update", "payments", "{}"]],
    ["DELETE", "/proxies/payments", undefined, 204, "", ["remove", "payments"]],
    ["GET", "/proxies/payments/toxics", undefined, 200, `[${toxicText}]`, []],
    ["POST", "/proxies/payments/toxics", "{}", 200, toxicText, ["addToxic", "payments", "{}"]],
    ["GET", "/proxies/payments/toxics/slow", undefined, 200, toxicText, []],
    ["PATCH", "/proxies/payments/toxics/slow", "{}", 200, toxicText, ["updateToxic", "payments", "slow", "{}"]],
    ["POST", "/proxies/payments/toxics/slow", "{}", 200, toxicText, ["updateToxic", "payments", "slow", "{}"]],
    ["DELETE", "/proxies/payments/toxics/slow", undefined, 204, "", ["removeToxic", "payments", "slow"]],
    ["POST", "/reset", undefined, 204, "", ["reset"]],
  ])("%s %s", async (method, path, body, status, expected, call) => {
    const { ask, control } = await start();
    const response = await ask({ method, path, ...(body === undefined ? {} : { body }) });
    expect(response).toMatchObject({ status, body: expected });
    expect(header(response, "content-type")).toBe(status === 204 ? undefined : json);
    expect(header(response, "x-content-type-options")).toBeUndefined();
    expect(header(response, "x-toxiproxy-request-id")).toMatch(/^[0-9a-v]{20}$/);
    expect(header(response, "server")).toBe("chaos/9.8.7");
    expect(control.called.map(({ method: called, args }) => [called, ...args])).toEqual(call.length === 0 ? [] : [call]);
  });

  it("GET /version tells a version of Toxiproxy whose API this is", async () => {
    const { ask } = await start();
    const response = await ask({ path: "/version" });
    expect(response).toMatchObject({ status: 200, body: '{"version": "2.12.0"}\n' });
    expect(header(response, "content-type")).toBe("application/json;charset=utf-8");
  });

  it.each(["GET", "POST", "PUT", "FOO"])("%s /metrics is answered, whatever the method", async (method) => {
    const { ask } = await start();
    const response = await ask({ method, path: "/metrics" }).catch((error: unknown) => error as RawResponse);
    // Node's parser knows a method or does not.
    expect(response.status).toBe(method === "FOO" ? 400 : 200);
    if (method === "FOO") return;
    expect(header(response, "content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(header(response, "x-toxiproxy-request-id")).toHaveLength(20);
    expect(response.body).toMatch(/^process_resident_memory_bytes \d+$/m);
  });
});

describe("the figures", () => {
  it("tell how many connections are open, or nothing of it where that is not told within a second", async () => {
    const { ask } = await start({ openConnections: async () => new Map([["payments", 3]]) });
    expect((await ask({ path: "/metrics" })).body).toContain('chaos_proxy_open_connections{proxy="payments"} 3\n');
    const stuck = await start({ openConnections: () => new Promise(() => undefined) });
    expect(await stuck.ask({ path: "/metrics" })).toMatchObject({ status: 200, body: expect.not.stringContaining("open_connections") });
    const failing = await start({ openConnections: async () => Promise.reject(new Error("died")) });
    expect(await failing.ask({ path: "/metrics" })).toMatchObject({ status: 200, body: expect.not.stringContaining("open_connections") });
  });

  it("count the requests by route, not by what stands in their paths", async () => {
    const { ask } = await start();
    for (const path of ["/proxies/payments", "/proxies/nope", "/proxies/nope", "/x", "/y"]) await ask({ path });
    const { body } = await ask({ path: "/metrics" });
    expect(body.match(/^chaos_api_requests_total.*$/gm)).toEqual([
      'chaos_api_requests_total{method="GET",route="/proxies/:proxy",status="200"} 1', 'chaos_api_requests_total{method="GET",route="/proxies/:proxy",status="404"} 2', 'chaos_api_requests_total{method="GET",route="",status="404"} 2',
    ]);
  });
});

describe("what the control API refuses", () => {
  const plain = "text/plain; charset=utf-8";

  it.each<[string, RawRequest, number, string]>([
    ["a proxy that is not there", { path: "/proxies/nope" }, 404, "proxy not found"],
    ["toxics of one", { path: "/proxies/nope/toxics" }, 404, "proxy not found"],
    ["a toxic that is not there", { path: "/proxies/payments/toxics/nope" }, 404, "toxic not found"],
    ["the removal of one", { method: "DELETE", path: "/proxies/payments/toxics/nope" }, 404, "toxic not found"],
    ["an update of one", { method: "PATCH", path: "/proxies/payments/toxics/nope", body: "{}" }, 404, "toxic not found"],
  ])("answers %s as Go's http.Error does", async (_claim, request, status, error) => {
    const { ask } = await start();
    const response = await ask(request);
    expect(response).toMatchObject({ status, body: `{"error":"${error}","status":${status}}\n` });
    expect(header(response, "content-type")).toBe(plain);
    expect(header(response, "x-content-type-options")).toBe("nosniff");
    expect(header(response, "x-toxiproxy-request-id")).toHaveLength(20);
  });

  it("escapes what means something in HTML", async () => {
    const { ask } = await start({ control: aControl({ create: async () => Promise.reject(new ApiError(400, "bad <b>&")) }) });
    expect((await ask({ method: "POST", path: "/proxies", body: "" })).body).toBe('{"error":"bad \\u003cb\\u003e\\u0026","status":400}\n');
  });

  it("answers a failed populate as JSON, with what was made before it failed", async () => {
    const made = { name: "a" };
    const { ask } = await start({ control: aControl({ populate: async () => Promise.reject(new ApiError(500, "listen tcp 127.0.0.1:1: bind: address already in use", { proxies: [made] })) }) });
    const response = await ask({ method: "POST", path: "/populate", body: "[]" });
    expect(response).toMatchObject({ status: 500, body: '{"error":"listen tcp 127.0.0.1:1: bind: address already in use","status":500,"proxies":[{"name":"a"}]}' });
    expect(header(response, "content-type")).toBe(json);
  });

  it("answers a defect by 500, and goes on", async () => {
    const { ask } = await start({ control: aControl({ reset: async () => Promise.reject(new TypeError("x is undefined")) }) });
    expect(await ask({ method: "POST", path: "/reset" })).toMatchObject({ status: 500, body: '{"error":"internal error: x is undefined","status":500}\n' });
    expect((await ask({ path: "/version" })).status).toBe(200);
  });

  it.each(["/nope", "/", "/proxies/", "/proxies/payments/", "/proxies/payments/toxics/slow/x", "/proxies/a%2Fb", "/populate/", "/Proxies"])("answers 404 to the path %s, without a request id", async (path) => {
    const { ask } = await start();
    const response = await ask({ path });
    expect(response).toMatchObject({ status: 404, body: "404 page not found\n" });
    expect(header(response, "content-type")).toBe(plain);
    expect(header(response, "x-content-type-options")).toBe("nosniff");
    expect(header(response, "x-toxiproxy-request-id")).toBeUndefined();
  });

  it.each([
    ["PUT", "/proxies"], ["HEAD", "/proxies"], ["OPTIONS", "/proxies"], ["DELETE", "/proxies"], ["PATCH", "/proxies"], ["PUT", "/proxies/payments"], ["GET", "/populate"],
    ["PUT", "/proxies/payments/toxics/slow"], ["DELETE", "/proxies/payments/toxics"], ["GET", "/reset"], ["POST", "/version"], ["HEAD", "/version"],
  ])("answers 405 to %s %s, with nothing in it", async (method, path) => {
    const { ask } = await start();
    const response = await ask({ method, path });
    expect(response).toMatchObject({ status: 405, body: "" });
    for (const name of ["allow", "content-type", "x-toxiproxy-request-id"]) expect(header(response, name)).toBeUndefined();
  });

  it.each([
    ["//proxies", "/proxies"], ["//proxies?x=1", "/proxies?x=1"], ["/proxies/../version", "/version"], ["/./version", "/version"], ["/proxies//payments", "/proxies/payments"], ["/proxies/.", "/proxies"],
    ["/proxies/x/../%C3%BC<", "/proxies/%C3%BC%3C"], ["/proxies/a%2F%2Fb", "/proxies/a/b"], ["/proxies/x/../", "/proxies/"],
  ])("sends %s to %s", async (path, location) => {
    const { ask } = await start();
    const response = await ask({ path });
    expect(response).toMatchObject({ status: 301, body: "" });
    expect(header(response, "location")).toBe(location);
  });

  it("refuses a browser by its User-Agent where there is a route, and says 404 or 405 to it where there is none", async () => {
    const { ask } = await start();
    const headers = { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)" };
    const refused = await ask({ path: "/version", headers });
    expect(refused).toMatchObject({ status: 403, body: "User agent not allowed\n" });
    expect(header(refused, "content-type")).toBe(plain);
    expect(header(refused, "x-content-type-options")).toBe("nosniff");
    expect(header(refused, "x-toxiproxy-request-id")).toHaveLength(20);
    expect((await ask({ path: "/nope", headers })).status).toBe(404);
    expect((await ask({ method: "PUT", path: "/version", headers })).status).toBe(405);
    expect((await ask({ path: "/version", headers: { "User-Agent": "curl Mozilla/5.0" } })).status).toBe(200);
  });

  it("finds a name by its percent-encoding, and as it is", async () => {
    const { ask } = await start();
    expect((await ask({ path: "/proxies/%70ayments" })).status).toBe(200);
    expect((await ask({ path: "/proxies/payments?x=y" })).status).toBe(200);
  });
});

describe("bad weather at the control API", () => {
  it.each([
    ["what is no HTTP", "garbage\r\n\r\n", 400], ["a target without a slash", "GET version HTTP/1.1\r\nHost: x\r\n\r\n", 400], ["a broken escape", "GET /proxies/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["HTTP/1.1 without Host", "GET /version HTTP/1.1\r\n\r\n", 400], ["two Hosts", "GET /version HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400], ["HTTP/2.0 in clear text", "GET /version HTTP/2.0\r\nHost: a\r\n\r\n", 505],
    ["two framings", "POST /reset HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["a head of 100 KB", `GET /version HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(100_000)}\r\n\r\n`, 431],
  ])("answers %s and closes", async (_claim, text, status) => {
    const { ask } = await start();
    const response = await ask(text);
    expect(response).toMatchObject({ status, closed: true });
    expect((await ask({ path: "/version" })).status).toBe(200);
  });

  it("does nothing for a body in a coding that it does not know, and answers once", async () => {
    const { ask, control } = await start();
    const response = await ask("POST /reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n");
    expect(response).toMatchObject({ status: 501, body: "Unsupported transfer encoding", closed: true });
    expect(response.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(control.called).toEqual([]);
  });

  it("answers a request whose body breaks off in bad chunks by 400, and does nothing", async () => {
    const { ask, control } = await start();
    const response = await ask("POST /proxies HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n");
    expect(response).toMatchObject({ status: 400, closed: true });
    expect(control.called).toEqual([]);
  });

  it("takes HTTP/1.0, a target in absolute form, chunked bodies and several requests on one connection", async () => {
    const { ask, control, port } = await start();
    expect((await ask("GET /version HTTP/1.0\r\n\r\n")).status).toBe(200);
    expect((await ask("GET http://localhost/version HTTP/1.1\r\nHost: x\r\n\r\n")).status).toBe(200);
    expect((await ask("POST /proxies HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n3\r\na\":\r\n0\r\n\r\n")).status).toBe(201);
    expect(control.called).toEqual([{ method: "create", args: ['{"a":'] }]);
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("utf8").on("data", (bytes: string) => (text += bytes));
    socket.write("GET /version HTTP/1.1\r\nHost: x\r\n\r\nDELETE /proxies/payments HTTP/1.1\r\nHost: x\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await once(socket, "end");
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "204", "404"]);
  });

  it("continues when asked to, and not for a body that it will not take", async () => {
    const { ask } = await start();
    const head = (bytes: number): string => `POST /proxies HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${bytes}\r\n\r\n`;
    expect((await ask(`${head(2)}{}`)).text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
    expect((await ask(head(2_000_000))).text).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    ["announced", "Content-Length: 104857600"], ["in chunks", "Transfer-Encoding: chunked"], ["announced, to a path that is not there", "Content-Length: 104857600"],
  ])("does not read a body of 100 MB, %s, and its sender sees why", async (claim, framing) => {
    const { port, ask } = await start();
    const socket = connect(port, "127.0.0.1");
    let text = "";
    let sent = 0;
    socket.setEncoding("utf8").on("data", (bytes: string) => (text += bytes));
    socket.on("error", () => undefined);
    socket.write(`POST ${claim.includes("not there") ? "/nope" : "/proxies"} HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`);
    const chunk = framing.startsWith("Transfer") ? `10000\r\n${"x".repeat(65_536)}\r\n` : "x".repeat(65_536);
    while (!socket.closed && sent < 104_857_600) {
      const before = socket.bytesWritten;
      if (!socket.write(chunk)) await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
      sent += socket.bytesWritten - before;
    }
    expect(text).toContain(claim.includes("not there") ? "HTTP/1.1 404" : '{"error":"bad request body: expected at most 1048576 bytes","status":413}\n');
    expect(text).toContain("Connection: close");
    expect(sent).toBeLessThan(20_000_000);
    expect((await ask({ path: "/version" })).status).toBe(200);
  });

  it("takes a body of a mebibyte to the byte", async () => {
    const { ask } = await start();
    expect((await ask({ method: "POST", path: "/proxies", body: "x".repeat(1_048_576) })).status).toBe(201);
    expect((await ask({ method: "POST", path: "/proxies", body: "x".repeat(1_048_577) })).status).toBe(413);
  });

  it("answers a request that is stuck by 503, as Go's timeout handler does, and others meanwhile", async () => {
    const { ask } = await start({ answerWithinMs: 300, control: aControl({ removeToxic: () => new Promise(() => undefined) }) });
    const stuck = ask({ method: "DELETE", path: "/proxies/payments/toxics/slow" });
    expect((await ask({ path: "/proxies/payments" })).status).toBe(200);
    const response = await stuck;
    expect(response.status).toBe(503);
    expect(response.body).toBe("<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>");
  });

  it("gives up a caller that left in the midst of its body, and does nothing", async () => {
    const { control, port, ask } = await start();
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /proxies HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}");
    await once(socket, "connect");
    socket.end();
    await once(socket.resume(), "close");
    expect((await ask({ path: "/version" })).status).toBe(200);
    expect(control.called).toEqual([]);
  });

  it("refuses CONNECT and goes on", async () => {
    const { ask } = await start();
    expect((await ask("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")).status).toBe(405);
    expect((await ask({ path: "/version" })).status).toBe(200);
  });
});

describe("where the control API listens", () => {
  it("takes localhost as 127.0.0.1, and says where it is", async () => {
    const { server } = await start({ host: "localhost" });
    expect(server.address).toEqual({ host: "127.0.0.1", port: expect.any(Number) });
    expect(server.notice).toBeUndefined();
  });

  it("tells a port that is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    undo.push(() => holder.close());
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(start({ port })).rejects.toMatchObject({ code: "port-taken", message: `the control API cannot listen on 127.0.0.1:${port}: another process holds the port (a Toxiproxy, or another chaos proxy?)` });
  });

  it("tells a name that does not resolve", async () => {
    await expect(start({ host: "nowhere.invalid", open: true })).rejects.toMatchObject({ code: "listen-failed", message: "the control API cannot listen on nowhere.invalid:0: the name does not resolve" });
  });

  it("refuses to be open to a network unless that is said, or a token is asked for", async () => {
    await expect(start({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "api-exposed", hint: expect.stringContaining("--api-token") });
    expect((await start({ host: "0.0.0.0", token: "secret" })).server.notice).toBeUndefined();
    expect((await start({ host: "0.0.0.0", open: true })).server.notice).toBe("the control API on 0.0.0.0 is open: everybody who reaches it controls the proxies (--api-token asks for a token)");
  });

  it("closes idle connections and streams of events when it is closed", async () => {
    const { server, port } = await start();
    const idle = connect(port, "127.0.0.1");
    const watcher = connect(port, "127.0.0.1");
    await Promise.all([once(idle, "connect"), once(watcher, "connect")]);
    let text = "";
    watcher.setEncoding("utf8").on("data", (bytes: string) => (text += bytes));
    watcher.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(watcher, "data");
    const ended = Promise.all([once(watcher, "close"), once(idle.resume(), "close")]);
    await server.close();
    await ended;
    expect(text).toContain("event: closing");
  });
});

describe("who may speak to the control API", () => {
  it("refuses names that may be anybody's, other origins, and requests without the token", async () => {
    const { ask } = await start({ hosts: ["chaos.example.org"] });
    const evil = await ask({ path: "/proxies", host: "evil.example" });
    expect(evil.status).toBe(403);
    expect(evil.body).toBe('{"error":"host not allowed: expected an address, a name without dots, or one given with --api-host, got \\"evil.example\\"","status":403}\n');
    expect((await ask({ path: "/proxies", host: "chaos.example.org:8474" })).status).toBe(200);
    expect((await ask("GET http://evil.example/proxies HTTP/1.1\r\nHost: localhost\r\n\r\n")).status).toBe(403);
    expect((await ask({ path: "/proxies", headers: { Origin: "http://evil.example" } })).status).toBe(403);
    expect((await ask({ path: "/proxies", headers: { Origin: "null" } })).status).toBe(403);
    expect((await ask({ path: "/nope", headers: { Origin: "http://evil.example" } })).status).toBe(403);
    expect((await ask({ path: "/proxies", host: "localhost:8474", headers: { Origin: "http://localhost:8474" } })).status).toBe(200);
  });

  it("asks for the token with every request, also for what is not there", async () => {
    const { ask, control } = await start({ token: "s3cret" });
    const refused = await ask({ method: "POST", path: "/reset" });
    expect(refused.status).toBe(401);
    expect(header(refused, "www-authenticate")).toBe("Bearer");
    expect(JSON.parse(refused.body)).toEqual({ error: expect.stringContaining("Authorization: Bearer"), status: 401 });
    for (const path of ["/version", "/metrics", "/nope", "/events"]) expect((await ask({ path })).status).toBe(401);
    expect(control.called).toEqual([]);
    expect((await ask({ path: "/version", headers: { Authorization: "Bearer s3cret" } })).status).toBe(200);
    expect((await ask({ path: "/version", headers: { "X-Api-Token": "s3cret" } })).status).toBe(200);
    expect((await ask({ path: "/version", headers: { "X-Api-Token": "s3cre" } })).status).toBe(401);
  });
});

