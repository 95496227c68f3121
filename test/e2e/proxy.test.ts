import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chaos, eventually, isListening, scratchFolder, start } from "../support/chaos.ts";
import { dial, echo, endOf, exchangeText, tcpServer } from "../support/sockets.ts";
import { freePort, hasToxiproxy, startToxiproxy } from "../support/toxiproxy.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
let upstream: Awaited<ReturnType<typeof tcpServer>>;
const children: ReturnType<typeof start>[] = [];
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());
beforeEach(async () => { upstream = await tcpServer(echo); });
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child;
  }
  await upstream.close();
});

interface Serving {
  readonly child: ReturnType<typeof start>;
  readonly url: string;
  readonly said: () => string;
}

/** `chaos proxy` in a process of its own, as soon as it has told where its API listens. */
async function serving(...argv: readonly string[]): Promise<Serving> {
  const child = start(["proxy", "--api", "127.0.0.1:0", ...argv], { cwd: folder.path });
  children.push(child);
  let said = "";
  child.stderr.on("data", (text) => { said += String(text); });
  const url = await eventually(() => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said}`);
    return /control API on (\S+)/.exec(said)?.[1];
  });
  return { child, url, said: () => said };
}

async function configure(name: string, value: unknown): Promise<string> {
  const path = folder.file(name);
  await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

function remote(url: string, ...argv: readonly string[]): ReturnType<typeof chaos> {
  return chaos(argv, { cwd: folder.path, env: { CHAOS_API: url } });
}

/** Ms that an echo takes. */
async function echoMs(port: number): Promise<number> {
  const socket = await dial(port);
  const startMs = performance.now();
  await exchangeText(socket, "hello");
  const tookMs = performance.now() - startMs;
  socket.destroy();
  return tookMs;
}

describe("chaos proxy", () => {
  test("serves a file of proxies with toxics: bytes are late from the first connection on; a toxic that is taken away hurts none that is open", async () => {
    const port = await freePort();
    const file = await configure("first.yaml", `proxies:\n  payments: { listen: "127.0.0.1:${port}", upstream: "tcp://127.0.0.1:${upstream.port}" }\nfaults:\n  - { proxy: payments, name: slow, type: latency, delay: 150ms, direction: response }\n`);
    const { url, said } = await serving("--config", file);
    expect(said()).toMatch(/^payments .*\n {2}slow /m);
    expect(await echoMs(port)).toBeGreaterThanOrEqual(149);
    const socket = await dial(port);
    const sent = randomBytes(300_000).toString("hex");
    const got = exchangeText(socket, sent);
    expect(await remote(url, "toxic", "remove", "payments", "-n", "slow")).toMatchObject({ exitCode: 0, stdout: "removed from payments: slow\n" });
    expect(createHash("sha256").update(await got).digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
    // One that the toxic still holds is never so quick; one that it does not is, as soon as this machine lets it.
    await eventually(async () => ((await echoMs(port)) < 140 ? true : undefined));
    socket.destroy();
  });

  test("serves faults of HTTP where an upstream is written as HTTP", async () => {
    const server = createServer((_, response) => response.end("paid"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = await freePort();
    const { url } = await serving();
    try {
      const created = await remote(url, "proxies", "create", "payments", "-l", `127.0.0.1:${port}`, "-u", `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
      expect(created.stderr).toBe("");
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("paid");
      const added = await remote(url, "toxic", "add", "payments", "-t", "http_error", "-a", "status=503", "-a", 'match={"path":"/pay"}');
      expect(added.stderr).toBe("");
      expect((await fetch(`http://127.0.0.1:${port}/pay`)).status).toBe(503);
      expect((await fetch(`http://127.0.0.1:${port}/other`)).status).toBe(200);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("SIGHUP reads its file again: a good one is taken over, of a bad one nothing, and it says where", async () => {
    const port = await freePort();
    const text = (delay: string): string => `proxies:\n  payments: { listen: "127.0.0.1:${port}", upstream: "tcp://127.0.0.1:${upstream.port}" }\nfaults:\n  - { proxy: payments, type: latency, ${delay} }\n`;
    const file = await configure("again.yaml", text("delay: 1ms"));
    const { child, url, said } = await serving("--config", file);
    await configure("again.yaml", text("delay: 200ms"));
    child.kill("SIGHUP");
    await eventually(() => (said().includes("is taken over") ? true : undefined));
    expect(await echoMs(port)).toBeGreaterThanOrEqual(199);
    const before = (await remote(url, "proxies", "--json")).stdout;
    await configure("again.yaml", text("delya: 1ms"));
    child.kill("SIGHUP");
    await eventually(() => (said().includes("nothing has changed") ? true : undefined));
    expect(said()).toMatch(/again\.yaml:4:39: error: .*delya/);
    expect((await remote(url, "proxies", "--json")).stdout).toBe(before);
    expect(await echoMs(port)).toBeGreaterThanOrEqual(199);
  });

  test.each([["SIGTERM", 0], ["SIGINT", 130]] as const)("%s with live and held connections ends them by FIN, frees its ports, and is %i; another can take over at once", async (signal, code) => {
    const port = await freePort();
    const file = await configure("ends.json", [{ name: "payments", listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstream.port}` }, { name: "stuck", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}`, toxics: [{ type: "bandwidth", attributes: { rate: 0 } }] }]);
    const first = await serving("--config", file);
    const live = await Promise.all(Array.from({ length: 20 }, () => dial(port)));
    for (const socket of live) expect(await exchangeText(socket, "hello")).toBe("hello");
    const stuckPort = Number(/^stuck +\S+:(\d+)/m.exec(first.said())?.[1]);
    const stuck = await dial(stuckPort);
    stuck.write("never comes back");
    // A connection that was not accepted yet would be reset by the system.
    await eventually(() => ([...upstream.sockets].some(({ bytesRead }) => bytesRead === 16) ? true : undefined));
    const ends = Promise.all([...live, stuck].map(endOf));
    const startMs = performance.now();
    first.child.kill(signal);
    expect((await first.child).exitCode).toBe(code);
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect(new Set(await ends)).toEqual(new Set(["fin"]));
    expect([await isListening(port), await isListening(stuckPort), await isListening(Number(new URL(first.url).port))]).toEqual([false, false, false]);
    await serving("--config", file);
    expect(await exchangeText(await dial(port), "again")).toBe("again");
  });

  test("kill -9 leaves no port taken: another serves the same one at once", async () => {
    const port = await freePort();
    const file = await configure("killed.json", [{ name: "payments", listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstream.port}` }]);
    const first = await serving("--config", file);
    const socket = await dial(port);
    await exchangeText(socket, "hello");
    const end = endOf(socket);
    first.child.kill("SIGKILL");
    await first.child;
    await end;
    await serving("--config", file);
    expect(await exchangeText(await dial(port), "again")).toBe("again");
  });

  test("a connection that is stuck never makes the API wait", async () => {
    // Upstream never reads: what is sent to it piles up, and nothing comes back.
    const deaf = await tcpServer((socket) => socket.pause());
    const port = await freePort();
    const { url } = await serving("--config", await configure("stuck.json", [{ name: "deaf", listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${deaf.port}` }]));
    const socket = await dial(port);
    const block = Buffer.alloc(1 << 20);
    for (let i = 0; i < 64; i += 1) socket.write(block);
    const ask = async (method: string, path: string, body?: unknown): Promise<number> => {
      const startMs = performance.now();
      const { status } = await fetch(`${url}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      expect(performance.now() - startMs, `${method} ${path}`).toBeLessThan(10_000);
      return status;
    };
    for (const toxic of [{ type: "latency", attributes: { latency: 3_600_000 } }, { type: "bandwidth", attributes: { rate: 0 } }, { type: "timeout" }, { type: "slow_close", attributes: { delay: 3_600_000 } }]) {
      for (const stream of ["upstream", "downstream"]) {
        const name = `${toxic.type}_${stream}`;
        expect(await ask("POST", "/proxies/deaf/toxics", { ...toxic, stream })).toBe(200);
        expect(await ask("PATCH", `/proxies/deaf/toxics/${name}`, { toxicity: 0.9 })).toBe(200);
        expect(await ask("DELETE", `/proxies/deaf/toxics/${name}`)).toBe(204);
      }
    }
    expect(await ask("POST", "/proxies/deaf", { enabled: false })).toBe(200);
    expect(await ask("POST", "/reset")).toBe(204);
    expect(await ask("DELETE", "/proxies/deaf")).toBe(204);
    socket.destroy();
    await deaf.close();
  });
});

test("a data plane that dies ends it with 6, and says why", async () => {
  const when = folder.file("dies.now");
  const dies = `import { existsSync } from "node:fs"; import { isMainThread } from "node:worker_threads"; if (!isMainThread) setInterval(() => { if (existsSync(${JSON.stringify(when)})) throw new Error("out of order"); }, 20);`;
  const child = start(["proxy", "--api", "127.0.0.1:0"], { cwd: folder.path, env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(dies)}` } });
  children.push(child);
  let said = "";
  child.stderr.on("data", (text) => { said += String(text); });
  await eventually(() => (said.includes("control API on") ? true : undefined));
  await writeFile(when, "");
  const { exitCode, stderr } = await child;
  expect(stderr).toMatch(/control API on .*\n[^]*error: .*out of order/);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(exitCode).toBe(6);
});

describe("what cannot be served leaves nothing behind", () => {
  test.each([
    ["a port of the API that is taken", () => ["--api", `127.0.0.1:${upstream.port}`], 6, "port-taken"],
    ["a file that is not there", () => ["--config", "nowhere.yaml"], 2, "nowhere.yaml: error: expected a file of proxies, but there is no such file"],
    ["the whole network without a word", () => ["--api", "0.0.0.0:0"], 2, "--api-open"],
  ])("%s", async (_claim, argv, code, message) => {
    const { exitCode, stdout, stderr } = await chaos(["proxy", "--api", "127.0.0.1:0", ...argv()], { cwd: folder.path });
    expect(stderr).toContain(message);
    expect([exitCode, stdout]).toEqual([code, ""]);
  });

  test("a port of a proxy that is taken: the others do not listen either", async () => {
    const port = await freePort();
    const file = await configure("taken.json", [{ name: "one", listen: `127.0.0.1:${port}`, upstream: "127.0.0.1:9" }, { name: "two", listen: `127.0.0.1:${upstream.port}`, upstream: "127.0.0.1:9" }]);
    const { exitCode, stderr } = await chaos(["proxy", "--api", "127.0.0.1:0", "--config", file], { cwd: folder.path });
    expect(exitCode, stderr).toBe(6);
    expect(stderr).toContain("[port-taken]");
    expect(await isListening(port)).toBe(false);
  });
});

describe("chaos toxic and chaos proxies move either server the same way", () => {
  const servers: readonly (readonly [string, boolean, () => Promise<{ readonly url: string; stop(): Promise<unknown> }>])[] = [
    ["chaos proxy", true, async () => {
      const { url, child } = await serving();
      return { url, stop: async () => { child.kill("SIGTERM"); return child; } };
    }],
    ["Toxiproxy itself", hasToxiproxy, startToxiproxy],
  ];

  for (const [name, isThere, open] of servers) {
    test.skipIf(!isThere)(`${name}${isThere ? "" : " (not installed here)"}`, async () => {
      const server = await open();
      const port = await freePort();
      const run = async (...argv: readonly string[]): Promise<string> => {
        const { exitCode, stdout, stderr } = await remote(server.url, ...argv);
        return `${exitCode} ${stdout}${stderr.replaceAll(server.url, "URL")}`;
      };
      try {
        expect(await run("proxies", "create", "payments", "-l", `127.0.0.1:${port}`, "-u", `127.0.0.1:${upstream.port}`)).toBe(`0 created payments: 127.0.0.1:${port} → 127.0.0.1:${upstream.port}\n`);
        expect(await run("toxic", "add", "payments", "-t", "latency", "-a", "latency=120")).toBe("0 added to payments: latency_downstream (latency, downstream): latency=120 jitter=0\n");
        expect(await echoMs(port)).toBeGreaterThanOrEqual(118);
        expect(await run("toxic", "update", "payments", "-n", "latency_downstream", "-a", "latency=0", "--toxicity", "50%")).toBe("0 updated on payments: latency_downstream (latency, downstream, 50%): latency=0 jitter=0\n");
        expect(await run("proxies")).toBe(`0 payments  127.0.0.1:${port} → 127.0.0.1:${upstream.port}\n  latency_downstream  latency  downstream  50% latency=0 jitter=0\n`);
        expect(await run("toxic", "list", "paymnts")).toBe('2 error: URL did not list the toxics of paymnts: proxy not found [api-not-found]\n  help: did you mean "payments"?\n');
        expect(await run("toxic", "remove", "payments", "-n", "latency_downstream")).toBe("0 removed from payments: latency_downstream\n");
        expect(await run("proxies", "toggle", "payments")).toBe(`0 disabled payments: 127.0.0.1:${port} → 127.0.0.1:${upstream.port}\n`);
        expect(await isListening(port)).toBe(false);
        expect(await run("proxies", "reset")).toBe("0 all proxies enabled, all toxics removed\n");
        expect(await isListening(port)).toBe(true);
        expect(await run("proxies", "delete", "payments")).toBe("0 deleted payments\n");
      } finally {
        await server.stop();
      }
    });
  }
});
