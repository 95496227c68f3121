/** Servers with the control API of Toxiproxy: ours and the real one, each in a process of its own on a core of its own. */
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { findProgram, freePort } from "./peers/foreign.mjs";
import { startServer } from "./processes.mjs";

const bin = fileURLToPath(new URL("../../bin/chaos.js", import.meta.url));
const longestStartMs = 10_000;
const core = 0;

/** Starts both, as far as they can be had: { name, pid, call(method, path, body), stop }. */
export async function startControlServers() {
  const toxiproxy = findProgram("toxiproxy-server", "toxiproxy");
  const ours = await start("chaos proxy", process.execPath, (port) => [bin, "proxy", "--api", `127.0.0.1:${port}`, "--quiet"]);
  return toxiproxy === undefined ? [ours] : [ours, await start("Toxiproxy", toxiproxy, (port) => ["-host", "127.0.0.1", "-port", String(port)])];
}

async function start(name, command, argsOf) {
  const port = await freePort();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = (method, path, body) => ask({ agent, port, method, path, body });
  const server = await startServer(command, argsOf(port), { core, port, ready: () => answers(call) });
  return { name, pid: server.pid, call, stop: server.stop };
}

async function answers(call) {
  for (const startMs = performance.now(); performance.now() - startMs < longestStartMs; ) {
    if (await call("GET", "/version").then(() => true, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`expected an answer to GET /version within ${longestStartMs} ms`);
}

/** The JSON of an answer of 2xx; throws for any other. */
function ask({ agent, port, method, path, body }) {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: "127.0.0.1", port, method, path, headers: { "content-type": "application/json" } }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      if (response.statusCode >= 300) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      else resolve(text === "" ? undefined : JSON.parse(text));
    });
    asked.on("error", reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
