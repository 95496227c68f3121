import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { ToxiproxyClient, readApiUrl } from "../../src/engines/toxiproxy/index.ts";
import { eventually, isListening } from "../support/chaos.ts";
import { dial, echo, endOf, exchangeText, tcpServer } from "../support/sockets.ts";
import { freePort } from "../support/toxiproxy.ts";
import { fakeContext } from "./fakes.ts";
import type { FakeContext } from "./fakes.ts";

let folder: string;
let upstream: Awaited<ReturnType<typeof tcpServer>>;
const running: { readonly context: FakeContext; readonly done: Promise<number> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chaos-proxy-"));
  upstream = await tcpServer(echo);
});
afterEach(async () => {
  for (const { context, done } of running.splice(0)) {
    context.interrupt("SIGTERM");
    await done;
  }
  await upstream.close();
  await rm(folder, { recursive: true });
});

/** `chaos proxy` in this process, as soon as it has told where it listens. */
async function serving(...argv: readonly string[]): Promise<{ readonly context: FakeContext; readonly done: Promise<number>; readonly client: ToxiproxyClient }> {
  const context = fakeContext();
  const done = main(["proxy", "--api", "127.0.0.1:0", ...argv], context);
  running.push({ context, done });
  const ended = done.then((code) => { throw new Error(`ended with ${code}: ${context.err()}`); });
  const url = await Promise.race([ended, eventually(() => /control API on (\S+)/.exec(context.err())?.[1])]);
  ended.catch(() => undefined);
  return { context, done, client: new ToxiproxyClient({ url: readApiUrl(url) }) };
}

async function refused(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ readonly code: number; readonly err: string }> {
  const context = { ...fakeContext(), env };
  return { code: await main(["proxy", ...argv], context), err: context.err() };
}

async function config(value: unknown, name = "proxies.yaml"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

function portOf(listen: string): number {
  return Number(listen.split(":").at(-1));
}

describe("without a file", () => {
  test("it tells where it listens, serves what it is told, one line for each change, and ends with 0 on SIGTERM", async () => {
    const { context, done, client } = await serving("--seed", "s7");
    expect(context.err()).toMatch(/^control API on http:\/\/127\.0\.0\.1:\d+ {3}seed s7\nno proxies yet: chaos proxies create NAME -u HOST:PORT --api http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(context.out()).toBe("");
    const told = context.err().length;
    const { listen } = await client.createProxy({ name: "payments", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}` });
    await client.addToxic("payments", { type: "latency", attributes: { latency: 20 } });
    await client.updateToxic("payments", "latency_downstream", { toxicity: 0.5 });
    await client.removeToxic("payments", "latency_downstream");
    await client.updateProxy("payments", { enabled: false });
    expect(context.err().slice(told)).toBe([
      `created payments: ${listen} → 127.0.0.1:${upstream.port}`, "added to payments: latency_downstream (latency, downstream): latency=20 jitter=0",
      "updated on payments: latency_downstream (latency, downstream, 50%): latency=20 jitter=0", "removed from payments: latency_downstream", `disabled payments: ${listen} → 127.0.0.1:${upstream.port}`, "",
    ].join("\n"));
    context.interrupt("SIGTERM");
    expect(await done).toBe(0);
    await expect(client.proxies()).rejects.toMatchObject({ code: "api-unreachable" });
  });

  test("Ctrl-C ends its connections by FIN, frees every port, and is 130", async () => {
    const { context, done, client } = await serving();
    const { listen } = await client.createProxy({ name: "payments", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}` });
    const socket = await dial(portOf(listen));
    expect(await exchangeText(socket, "hello")).toBe("hello");
    const end = endOf(socket);
    context.interrupt("SIGINT");
    expect(await done).toBe(130);
    expect(await end).toBe("fin");
    expect(await isListening(portOf(listen))).toBe(false);
    expect(context.err()).toContain("stopping: ending connections, closing ports");
  });

  test("--quiet says nothing but warnings", async () => {
    const port = await freePort();
    const context = fakeContext();
    const done = main(["proxy", "--api", `127.0.0.1:${port}`, "--quiet"], context);
    running.push({ context, done });
    await eventually(async () => ((await isListening(port)) ? true : undefined));
    await new ToxiproxyClient({ url: readApiUrl(String(port)) }).createProxy({ name: "p", upstream: "127.0.0.1:9", listen: "127.0.0.1:0" });
    expect(context.err()).toBe("");
  });
});

describe("with a file", () => {
  test("its proxies and faults are served from the first connection on", async () => {
    const file = await config(`proxies:\n  payments:\n    listen: 127.0.0.1:0\n    upstream: tcp://127.0.0.1:${upstream.port}\nfaults:\n  - { proxy: payments, name: slow, type: latency, delay: 80ms }\n`);
    const { context, client } = await serving("--config", file);
    expect(context.err()).not.toContain("created");
    expect(context.err()).toMatch(/^payments {2}127\.0\.0\.1:\d+ → .*\n {2}slow {2}.*80/m);
    const { listen } = await client.proxy("payments");
    const socket = await dial(portOf(listen));
    const startMs = performance.now();
    expect(await exchangeText(socket, "hello")).toBe("hello");
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(79);
    socket.destroy();
  });

  test("Toxiproxy's own is read, and its toxics are not ignored", async () => {
    const file = await config([{ name: "payments", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}`, enabled: true, toxics: [{ type: "latency", attributes: { latency: 30 } }] }], "toxiproxy.json");
    const { client } = await serving("--config", file);
    expect(await client.proxy("payments")).toMatchObject({ enabled: true, toxics: [{ name: "latency_downstream", attributes: { latency: 30 } }] });
  });

  test("SIGHUP takes over what it says now: connections of what is the same go on, what was made by hand stays", async () => {
    const entry = (name: string, toxics: readonly unknown[] = []) => ({ name, listen: `127.0.0.1:${ports[name]}`, upstream: `127.0.0.1:${upstream.port}`, toxics });
    const ports: Record<string, number> = { same: await freePort(), changed: await freePort(), more: await freePort() };
    const file = await config([entry("same"), entry("changed")], "p.json");
    const { context, client } = await serving("--config", file);
    await client.createProxy({ name: "by-hand", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" });
    const socket = await dial(ports["same"] ?? 0);
    expect(await exchangeText(socket, "before")).toBe("before");
    await config([entry("same"), entry("changed", [{ type: "latency", attributes: { latency: 5 } }]), entry("more")], "p.json");
    const told = context.err().length;
    context.hangUp();
    await eventually(() => (context.err().includes("is taken over") ? true : undefined));
    const to = `→ 127.0.0.1:${upstream.port}\n`;
    expect(context.err().slice(told)).toBe(`created more: 127.0.0.1:${ports["more"]} ${to}updated changed: 127.0.0.1:${ports["changed"]} ${to}  latency_downstream  latency  downstream  latency=5 jitter=0\n${file} is taken over\n`);
    expect(Object.keys(await client.proxies())).toEqual(["by-hand", "changed", "more", "same"]);
    expect(await client.toxics("changed")).toMatchObject([{ attributes: { latency: 5 } }]);
    expect(await exchangeText(socket, "after")).toBe("after");
    socket.destroy();
  });

  test.each([
    ["no YAML", "proxies: [", /p\.yaml:1:/],
    ["a typo", "proxies:\n  payments:\n    listn: 127.0.0.1:0\n    upstream: tcp://127.0.0.1:9\n", /p\.yaml:3:5: error: .*listn/],
    ["a fault of no proxy", "proxies:\n  payments: { listen: \"127.0.0.1:0\", upstream: \"tcp://127.0.0.1:9\" }\nfaults:\n  - { proxy: paymnts, type: latency, delay: 5ms }\n", /p\.yaml:4:14: error: .*paymnts/],
    ["nothing", "", /the file is empty/],
  ])("a file with %s changes nothing on SIGHUP, and says where", async (_claim, text, where) => {
    const file = await config(`proxies:\n  payments: { listen: "127.0.0.1:0", upstream: "tcp://127.0.0.1:${upstream.port}" }\n`, "p.yaml");
    const { context, client } = await serving("--config", file);
    const before = await client.proxies();
    await config(text, "p.yaml");
    context.hangUp();
    await eventually(() => (context.err().includes("nothing has changed") ? true : undefined));
    expect(context.err()).toMatch(where);
    expect(await client.proxies()).toEqual(before);
  });

  test("a file whose port is taken changes nothing on SIGHUP: all or nothing", async () => {
    const kept = await freePort();
    const file = await config([{ name: "kept", listen: `127.0.0.1:${kept}`, upstream: "127.0.0.1:9" }], "p.json");
    const { context, client } = await serving("--config", file);
    const before = await client.proxies();
    await config([{ name: "new", listen: `127.0.0.1:${await freePort()}`, upstream: "127.0.0.1:9" }, { name: "kept", listen: `127.0.0.1:${kept}`, upstream: "127.0.0.1:10", toxics: [{ type: "timeout" }] }, { name: "taken", listen: `127.0.0.1:${upstream.port}`, upstream: "127.0.0.1:9" }], "p.json");
    context.hangUp();
    await eventually(() => (context.err().includes("nothing has changed") ? true : undefined));
    expect(context.err()).toContain(`127.0.0.1:${upstream.port}`);
    expect(await client.proxies()).toEqual(before);
  });
});

describe("what a proxy cannot do or does not understand", () => {
  test("is told once of each kind, --quiet or not, and again of a proxy that has changed", async () => {
    const port = await freePort();
    const file = await config(`proxies:\n  secure: { listen: "127.0.0.1:${port}", upstream: "http://127.0.0.1:${upstream.port}", tls: generated }\n`);
    const api = await freePort();
    const context = fakeContext();
    running.push({ context, done: main(["proxy", "--api", `127.0.0.1:${api}`, "--config", file, "--quiet"], context) });
    await eventually(async () => ((await isListening(api)) ? true : undefined));
    const ask = async (): Promise<void> => {
      const socket = await dial(port);
      const end = endOf(socket);
      socket.write("GET / HTTP/1.1\r\n\r\n");
      await end;
    };
    const warning = /^warning: secure: a caller spoke plain HTTP to a listener that speaks TLS: .* \[tls-handshake\]\n$/;
    await ask();
    await eventually(() => (context.err() === "" ? undefined : true));
    const client = new ToxiproxyClient({ url: readApiUrl(String(api)) });
    await ask();
    // What is witnessed is handed over before this is answered.
    await (await fetch(`http://127.0.0.1:${api}/metrics`)).text();
    expect(context.err()).toMatch(warning);
    await client.updateProxy("secure", { enabled: false });
    await client.updateProxy("secure", { enabled: true });
    const told = context.err().length;
    await ask();
    await eventually(() => (context.err().length > told ? true : undefined));
    expect(context.err().slice(told)).toMatch(warning);
  });
});

describe("what cannot be served is refused, and nothing is left", () => {
  test("a port of the API that is taken is 6", async () => {
    const { code, err } = await refused(["--api", `127.0.0.1:${upstream.port}`]);
    expect(code).toBe(6);
    expect(err).toMatch(/control API cannot listen on .*another process holds the port.*\[port-taken\]\n {2}help: .*--api/);
  });

  test("a port of a proxy that is taken is 6, and the others do not listen", async () => {
    const free = await freePort();
    const api = await freePort();
    const file = await config([{ name: "one", listen: `127.0.0.1:${free}`, upstream: "127.0.0.1:9" }, { name: "two", listen: `127.0.0.1:${upstream.port}`, upstream: "127.0.0.1:9" }]);
    const { code, err } = await refused(["--config", file, "--api", String(api)]);
    expect(code).toBe(6);
    expect(err).toContain("[port-taken]");
    expect(err).toContain(String(upstream.port));
    expect([await isListening(free), await isListening(api)]).toEqual([false, false]);
  });

  test.each([
    ["a file that is not there", ["--config", "/no/such/file.yaml"], "/no/such/file.yaml: error: expected a file of proxies, but there is no such file"],
    ["a folder", ["--config", "/tmp"], "this is a folder"],
    ["an address that is none", ["--api", "ftp://x"], "bad-api-url"],
    ["an argument", ["proxies.yaml"], "too many arguments"],
    ["the whole network without a token", ["--api", "0.0.0.0:0"], "--api-token"],
    ["a token that no header can hold", ["--api-token", "a b"], "bad-token"],
  ])("%s is 2", async (_claim, argv, message) => {
    const { code, err } = await refused(argv);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test("a typo in the file is 2, at its place", async () => {
    const file = await config("proxies:\n  payments:\n    upstrem: tcp://127.0.0.1:9\n");
    const { code, err } = await refused(["--config", file, "--api", "127.0.0.1:0"]);
    expect(err).toMatch(/proxies\.yaml:3:5: error: .*upstrem/);
    expect(err).toContain("upstream");
    expect(code).toBe(2);
  });
});

describe("beyond this machine", () => {
  test("--api-open is one line of warning", async () => {
    const context = fakeContext();
    const done = main(["proxy", "--api", "0.0.0.0:0", "--api-open", "--quiet"], context);
    running.push({ context, done });
    await eventually(() => (context.err() === "" ? undefined : true));
    expect(context.err()).toMatch(/^warning: the control API on 0\.0\.0\.0.* is open.*\n$/);
  });

  test("a token is asked for, of the environment too", async () => {
    const context = { ...fakeContext(), env: { CHAOS_API_TOKEN: "secret" } };
    const done = main(["proxy", "--api", "127.0.0.1:0"], context);
    running.push({ context, done });
    const url = await eventually(() => /control API on (\S+)/.exec(context.err())?.[1]);
    const ask = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> => {
      const asking = { ...fakeContext(), env: { CHAOS_API: url, ...env } };
      return `${await main(["proxies", ...argv], asking)} ${asking.out()}${asking.err()}`;
    };
    expect(await ask([])).toMatch(/^2 .*token required.*\n {2}help: give its token with --api-token or CHAOS_API_TOKEN\n$/);
    expect(await ask(["--api-token", "secret"])).toBe("0 no proxies\n");
    expect(await ask([], { CHAOS_API_TOKEN: "secret" })).toBe("0 no proxies\n");
    expect(context.err()).not.toContain("secret");
  });
});
