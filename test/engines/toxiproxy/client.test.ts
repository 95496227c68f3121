import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ToxiproxyClient, readApiUrl } from "../../../src/engines/toxiproxy/index.ts";
import { bothServers, freePort } from "../../support/toxiproxy.ts";

describe("the address of an API", () => {
  test.each([
    ["http://127.0.0.1:8474", "http://127.0.0.1:8474/"],
    ["10.0.0.7:9000", "http://10.0.0.7:9000/"],
    ["toxiproxy", "http://toxiproxy:8474/"],
    ["localhost:80", "http://localhost/"],
    [":9000", "http://127.0.0.1:9000/"],
    ["9000", "http://127.0.0.1:9000/"],
    ["[::1]:9000", "http://[::1]:9000/"],
    ["https://chaos.example/toxiproxy/?x#y", "https://chaos.example/toxiproxy/"],
    ["http://chaos.example", "http://chaos.example/"],
  ])("%s is read as %s", (text, url) => {
    expect(readApiUrl(text).href).toBe(url);
  });

  test.each([["ftp://x"], [""], ["http://"], ["a b"], ["x:99999"]])("%j is refused, with what was expected", (text) => {
    expect(() => readApiUrl(text)).toThrow(expect.objectContaining({ code: "bad-api-url", message: expect.stringContaining(`got "${text}"`) as string, hint: expect.stringContaining("8474") as string }));
  });
});

for (const [name, isThere, open] of bothServers) describe.skipIf(!isThere)(`as ${name}`, () => {
  let server: Awaited<ReturnType<typeof open>>;
  let client: ToxiproxyClient;
  beforeAll(async () => {
    server = await open();
    client = new ToxiproxyClient({ url: readApiUrl(server.url) });
  });
  afterAll(() => server.stop());
  beforeEach(() => client.createProxy({ name: "payments", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" }));
  afterEach(async () => {
    for (const name of Object.keys(await client.proxies())) await client.removeProxy(name);
  });

  test("tells its version, and whose it is", async () => {
    expect(await client.version()).toEqual({ version: expect.any(String) as string, isOurs: name === "chaos proxy" });
  });

  test("creates, shows, lists, changes and deletes proxies", async () => {
    expect(await client.proxy("payments")).toMatchObject({ name: "payments", listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string, upstream: "127.0.0.1:9", enabled: true, toxics: [] });
    expect(Object.keys(await client.proxies())).toEqual(["payments"]);
    expect(await client.updateProxy("payments", { enabled: false })).toMatchObject({ enabled: false });
    await client.removeProxy("payments");
    expect(await client.proxies()).toEqual({});
  });

  test("populates, from nothing as well", async () => {
    expect(await client.populate([{ name: "one", upstream: "127.0.0.1:9" }, { name: "two", upstream: "127.0.0.1:9" }])).toMatchObject([{ name: "one" }, { name: "two" }]);
    expect(await client.populate([])).toEqual([]);
  });

  test("adds, shows, changes, lists and removes toxics, and resets", async () => {
    const added = await client.addToxic("payments", { type: "latency", stream: "upstream", toxicity: 0.5, attributes: { latency: 100 } });
    expect(added).toEqual({ name: "latency_upstream", type: "latency", stream: "upstream", toxicity: 0.5, attributes: { latency: 100, jitter: 0 } });
    expect(await client.updateToxic("payments", "latency_upstream", { attributes: { jitter: 5 } })).toMatchObject({ attributes: { latency: 100, jitter: 5 } });
    expect(await client.toxics("payments")).toHaveLength(1);
    await client.removeToxic("payments", "latency_upstream");
    expect(await client.toxics("payments")).toEqual([]);
    await client.addToxic("payments", { type: "timeout" });
    await client.updateProxy("payments", { enabled: false });
    await client.reset();
    expect(await client.proxy("payments")).toMatchObject({ enabled: true, toxics: [] });
  });

  test("names with characters of URLs reach it whole", async () => {
    await client.createProxy({ name: "a b?c#d%", upstream: "127.0.0.1:9" });
    expect(await client.proxy("a b?c#d%")).toMatchObject({ name: "a b?c#d%" });
  });

  test.each<[string, (client: ToxiproxyClient) => Promise<unknown>, string, string, string | undefined]>([
    ["an unknown proxy", (one) => one.proxy("paymnts"), "api-not-found", "did not show the proxy paymnts: proxy not found", 'did you mean "payments"?'],
    ["an unknown toxic", (one) => one.removeToxic("payments", "latency"), "api-not-found", "did not remove the toxic latency of payments: toxic not found", "there is none"],
    ["a proxy that exists", (one) => one.createProxy({ name: "payments", upstream: "x:1" }), "api-exists", "proxy already exists", undefined],
    ["an unknown type", (one) => one.addToxic("payments", { type: "latncy" }), "api-invalid", "did not add a toxic to payments: invalid toxic type", undefined],
    ["an attribute that is no number", (one) => one.addToxic("payments", { type: "latency", attributes: { latency: "1s" } }), "api-invalid", "cannot unmarshal string", undefined],
    ["an address that is none", (one) => one.createProxy({ name: "x", listen: "nohost", upstream: "x:1" }), "api-failed", "missing port in address", undefined],
  ])("refuses %s in words that are passed on, with what to do", async (_claim, call, code, message, hint) => {
    await expect(call(client)).rejects.toMatchObject({ name: "ChaosError", code, message: expect.stringContaining(message) as string, hint });
  });
});

describe("any server", () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let server: Server;
  let client: ToxiproxyClient;
  let impatient: ToxiproxyClient;
  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const url = readApiUrl(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/base/`);
    client = new ToxiproxyClient({ url, token: "secret" });
    impatient = new ToxiproxyClient({ url, token: "secret", timeoutMs: 300 });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test("is told who calls, the token, and one JSON value with its length, under the path of its URL", async () => {
    let seen: unknown;
    answer = (request, response) => {
      seen = { method: request.method, url: request.url, ...request.headers };
      response.end('{"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1,"attributes":{}}');
    };
    await client.addToxic("a/b", { type: "latency" });
    expect(seen).toMatchObject({ method: "POST", url: "/base/proxies/a%2Fb/toxics", authorization: "Bearer secret", "content-type": "application/json", "content-length": "18", "user-agent": "chaos" });
  });

  test("that knows no PATCH is asked by POST", async () => {
    const methods: (string | undefined)[] = [];
    answer = (request, response) => {
      methods.push(request.method);
      response.writeHead(request.method === "POST" ? 200 : 405).end(request.method === "POST" ? '{"name":"a","listen":"l","upstream":"u","enabled":false,"toxics":null}' : "");
    };
    expect(await client.updateProxy("a", { enabled: false })).toMatchObject({ enabled: false, toxics: [] });
    expect(methods).toEqual(["PATCH", "POST"]);
  });

  test("that calls itself chaos is ours", async () => {
    answer = (_, response) => response.writeHead(200, { server: "chaos/0.1.0" }).end('{"version": "2.12.0"}\n');
    expect(await client.version()).toEqual({ version: "2.12.0", isOurs: true });
  });

  test.each([["git"], ["2.1.4"]])("that says its version as a bare word, %s, is an old Toxiproxy", async (word) => {
    answer = (_, response) => response.end(word);
    expect(await client.version()).toEqual({ version: word, isOurs: false });
  });

  test("that wants a token says how to give it", async () => {
    answer = (_, response) => response.writeHead(401).end();
    await expect(client.proxies()).rejects.toMatchObject({ code: "api-denied", message: expect.stringContaining("it answers 401") as string, hint: expect.stringContaining("--api-token") as string });
  });

  test.each([
    ["a page", 200, "<html>\n<body>", "got another answer (200), asked to list its proxies: <html>"],
    ["another JSON", 200, '{"hits":3}', "(200), asked to list its proxies"],
    ["404 of something else", 404, "404 page not found\n", "got another answer (404): 404 page not found"],
    ["a failure without a word", 502, "", "got another answer (502)"],
  ])("that answers with %s is said to be no such API", async (_claim, status, text, message) => {
    answer = (_, response) => response.writeHead(status).end(text);
    await expect(client.proxies()).rejects.toMatchObject({ code: "not-an-api", message: expect.stringContaining(message) as string });
  });

  test.each<[string, (response: ServerResponse) => void, string]>([
    ["says nothing", () => undefined, "no answer within 0.3 s"],
    ["trickles without end", (response) => { response.write(" "); const more = setInterval(() => response.write(" "), 20); response.on("close", () => clearInterval(more)); }, "no answer within 0.3 s"],
    ["hangs up", (response) => response.destroy(), "socket hang up"],
    ["breaks off", (response) => { response.writeHead(200, { "content-length": "100" }).write("{"); setTimeout(() => response.destroy(), 20); }, "aborted"],
  ])("that %s is given up", async (_claim, respond, message) => {
    answer = (_, response) => respond(response);
    await expect((message.startsWith("no answer") ? impatient : client).proxies()).rejects.toMatchObject({ code: "api-unreachable", message: expect.stringContaining(message) as string });
  });

  test("that is not there is named, with how to start one", async () => {
    const port = await freePort();
    await expect(new ToxiproxyClient({ url: readApiUrl(`127.0.0.1:${port}`) }).proxies()).rejects.toMatchObject({
      code: "api-unreachable", message: `expected a control API at http://127.0.0.1:${port}, but nothing listens there`, hint: `start one with: chaos proxy --api 127.0.0.1:${port}; or name another with --api URL`,
    });
  });
});
