import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseProxyFile } from "../../src/experiment/index.ts";
import type { FileProxies } from "../../src/experiment/index.ts";
import { serveProxy } from "../../src/run/index.ts";
import type { ServedChange, ServedProxies, ServeProxyOptions } from "../../src/run/index.ts";
import { isListening } from "../support/chaos.ts";
import { dial, echo, exchangeText, tcpServer } from "../support/sockets.ts";
import { freePort } from "../support/toxiproxy.ts";

let upstream: Awaited<ReturnType<typeof tcpServer>>;
const open: ServedProxies[] = [];
beforeEach(async () => { upstream = await tcpServer(echo); });
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
  await upstream.close();
});

function proxiesOf(text: string): FileProxies {
  const { proxies, issues } = parseProxyFile(text, { file: "p.yaml", env: {} });
  if (proxies === undefined) throw new Error(JSON.stringify(issues));
  return proxies;
}

async function serve(options: Partial<ServeProxyOptions> = {}): Promise<ServedProxies> {
  const served = await serveProxy({ host: "127.0.0.1", port: 0, seed: "s", ...options });
  open.push(served);
  return served;
}

describe("callers over TLS", () => {
  /** The fingerprint of what is shown, to one who trusts the authority. */
  async function shownTo(port: number, ca: string): Promise<string> {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate();
    expect(socket.authorized).toBe(true);
    expect(await exchangeText(socket, "hello")).toBe("hello");
    socket.destroy();
    return fingerprint256;
  }

  test("are shown a certificate of an authority that they are told of; it stays when the file is read again, and goes at the end", async () => {
    const port = await freePort();
    const text = `proxies:\n  secure: { listen: "127.0.0.1:${port}", upstream: "tcp://127.0.0.1:${upstream.port}", tls: generated }\n`;
    const served = await serve({ proxies: proxiesOf(text) });
    const path = await served.authority() ?? "";
    const ca = readFileSync(path, "utf8");
    const first = await shownTo(port, ca);
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca });
    await once(socket, "secureConnect");
    await served.replace(proxiesOf(`${text}faults:\n  - { proxy: secure, type: latency, delay: 1ms }\n`));
    expect(await exchangeText(socket, "still here")).toBe("still here");
    expect(await shownTo(port, ca)).toBe(first);
    expect(await served.authority()).toBe(path);
    socket.destroy();
    await served.close();
    expect(existsSync(path)).toBe(false);
  });

  test("have nothing to trust where nobody speaks TLS", async () => {
    expect(await (await serve()).authority()).toBeUndefined();
  });

  test("a certificate that is not there refuses the file, and nothing listens", async () => {
    const port = await freePort();
    const proxies = proxiesOf(`proxies:\n  one: { listen: "127.0.0.1:${port}", upstream: "127.0.0.1:9" }\n  secure: { upstream: "tcp://127.0.0.1:9", tls: { cert: no.pem, key: no.key } }\n`);
    await expect(serve({ proxies })).rejects.toMatchObject({ name: "ChaosError", code: "bad-certificate" });
    expect(await isListening(port)).toBe(false);
  });
});

test("a socket of the file is looked for where the file lies", async () => {
  const folder = await mkdtemp(join(tmpdir(), "chaos-serve-"));
  const server = createServer(echo);
  server.listen(join(folder, "up.sock"));
  await once(server, "listening");
  try {
    const port = await freePort();
    await serve({ baseDir: folder, proxies: proxiesOf(`proxies:\n  db: { listen: "127.0.0.1:${port}", upstream: "unix:up.sock" }\n`) });
    const socket = await dial(port);
    expect(await exchangeText(socket, "hello")).toBe("hello");
    socket.destroy();
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
});

test("what does not change is not told: neither what is there at start, nor what a file says once more, nor what the end takes away", async () => {
  const text = `proxies:\n  one: { upstream: "127.0.0.1:9" }\n  two: { upstream: "127.0.0.1:9", toxics: [{ type: latency }] }\n`;
  const changes: ServedChange[] = [];
  const served = await serve({ proxies: proxiesOf(text), onChange: (change) => changes.push(change) });
  await served.replace(proxiesOf(text));
  await served.replace(proxiesOf(text.replace("latency", "timeout")));
  await served.close();
  expect(changes).toMatchObject([{ kind: "proxy", change: "updated", proxy: "two", withToxics: true, now: { toxics: [{ type: "timeout" }] } }]);
});
