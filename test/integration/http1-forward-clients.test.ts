import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { execa } from "execa";
import { EnvHttpProxyAgent, ProxyAgent, request } from "undici";
import type { Dispatcher } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { selfSigned } from "../support/self-signed.ts";
import { exchangeFault, startEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** Answers with what it was asked. */
const telling: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => response.end(JSON.stringify({ method: request.method, url: request.url, host: request.headers.host, forProxy: request.headers["proxy-connection"] ?? "", body: Buffer.concat(chunks).toString() })));
};

const identity = selfSigned();

async function setUp() {
  const servers = [createServer(telling), createServer(telling), createSecureServer(identity, telling)];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    undo.push(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  const edge = await startEdge(1, { proxy: { forward: { allowHosts: [] } } });
  undo.push(() => edge.server.close());
  const hosts = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { edge, proxy: `http://127.0.0.1:${edge.port}`, here: hosts[0] ?? "", there: hosts[1] ?? "", secure: hosts[2] ?? "" };
}

async function ask(dispatcher: Dispatcher, url: string, body?: string): Promise<{ readonly status: number; readonly text: string }> {
  const { statusCode, body: answer } = await request(url, { dispatcher, ...(body === undefined ? {} : { method: "POST", body }) });
  return { status: statusCode, text: await answer.text() };
}

const has = async (command: string): Promise<boolean> => (await execa(command, ["--version"], { reject: false })).exitCode === 0;
const [hasCurl, hasPython] = [await has("curl"), await has("python3")];

describe.each([
  ["undici's ProxyAgent, which tunnels", (uri: string) => new ProxyAgent({ uri })],
  ["undici's ProxyAgent without tunnels", (uri: string) => new ProxyAgent({ uri, proxyTunnel: false })],
  ["undici's EnvHttpProxyAgent", (uri: string) => new EnvHttpProxyAgent({ httpProxy: uri, httpsProxy: uri, noProxy: "" })],
] as const)("%s", (_, agentFor) => {
  it("reaches hosts by their own URLs, and each call is witnessed with its host and path", async () => {
    const { edge, proxy, here, there } = await setUp();
    const agent = agentFor(proxy);
    undo.push(() => agent.destroy());
    expect(JSON.parse((await ask(agent, `http://${here}/a?b=c`)).text)).toEqual({ method: "GET", url: "/a?b=c", host: here, forProxy: "", body: "" });
    expect((await ask(agent, `http://${here}/again`)).status).toBe(200);
    expect(JSON.parse((await ask(agent, `http://${there}/orders`, "{}")).text)).toMatchObject({ method: "POST", host: there, body: "{}" });
    const calls = edge.exchanges().filter(({ method }) => method !== "CONNECT").map(({ method, authority, path, status }) => [method, authority, path, status]);
    expect(calls).toEqual([["GET", here, "/a?b=c", 200], ["GET", here, "/again", 200], ["POST", there, "/orders", 200]]);
  });

  it("meets a fault on one host and path, and on no other", async () => {
    const { edge, proxy, here, there } = await setUp();
    const agent = agentFor(proxy);
    undo.push(() => agent.destroy());
    edge.setFaults(exchangeFault("error", { status: 503 }, { match: { host: { glob: there }, path: { glob: "/bad" } } }));
    const statuses = [];
    for (const url of [`http://${here}/bad`, `http://${there}/good`, `http://${there}/bad`, `http://${there}/good`]) statuses.push((await ask(agent, url)).status);
    expect(statuses).toEqual([200, 200, 503, 200]);
  });
});

describe("https:// through a tunnel", () => {
  it("stays between its ends: the witness sees the host, and no more", async () => {
    const { edge, proxy, secure } = await setUp();
    const agent = new ProxyAgent({ uri: proxy, requestTls: { ca: identity.cert } });
    undo.push(() => agent.destroy());
    expect(JSON.parse((await ask(agent, `https://${secure}/secret`)).text)).toMatchObject({ url: "/secret", host: secure });
    await agent.close();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "CONNECT", authority: secure, end: "tunnel", status: 200 }]);
    expect(JSON.stringify(edge.records)).not.toContain("/secret");
  });
});

describe("commands that read HTTP_PROXY", () => {
  const variables = (proxy: string) => ({ HTTP_PROXY: proxy, http_proxy: proxy, HTTPS_PROXY: proxy, https_proxy: proxy, NO_PROXY: "", no_proxy: "" });

  it.skipIf(!hasCurl)("curl (skipped where it is not installed) reaches two hosts on one connection, and https:// by a tunnel", async () => {
    const { edge, proxy, here, there, secure } = await setUp();
    const plain = await execa("curl", ["-sS", `http://${here}/a`, `http://${there}/b`, `http://${here}/c`], { env: variables(proxy) });
    expect(plain.stdout).toContain(`"url":"/a","host":"${here}","forProxy":""`);
    expect(edge.exchanges()).toMatchObject([{ authority: here, path: "/a", conn: 1, nth: 1 }, { authority: there, path: "/b", conn: 1, nth: 2 }, { authority: here, path: "/c", conn: 1, nth: 3 }]);
    const tunnelled = await execa("curl", ["-sSk", `https://${secure}/d`], { env: variables(proxy) });
    expect(tunnelled.stdout).toContain(`"url":"/d"`);
    await expect.poll(() => edge.exchanges().at(-1)).toMatchObject({ method: "CONNECT", authority: secure, end: "tunnel" });
  });

  it.skipIf(!hasCurl)("curl (skipped where it is not installed) is told why a host is refused", async () => {
    const { proxy } = await setUp();
    const { stdout } = await execa("curl", ["-sS", "-i", "http://api.example.test/x"], { env: variables(proxy) });
    expect(stdout).toMatch(/^HTTP\/1\.1 403 Forbidden\r?\nvia: chaos/);
    expect(stdout).toMatch(/run with --allow-host api\.example\.test$/);
  });

  it.skipIf(!hasPython)("urllib of Python (skipped where it is not installed)", async () => {
    const { edge, proxy, here } = await setUp();
    const { stdout } = await execa("python3", ["-c", "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], data=b'x').read().decode())", `http://${here}/py`], { env: variables(proxy) });
    expect(JSON.parse(stdout)).toMatchObject({ method: "POST", url: "/py", host: here, body: "x" });
    expect(edge.exchanges()).toMatchObject([{ method: "POST", authority: here, path: "/py", status: 200 }]);
  });
});
