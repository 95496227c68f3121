import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { ToxiproxyClient, readApiUrl } from "../../src/engines/toxiproxy/index.ts";
import { holdFreePort } from "../../src/run/free-ports.ts";
import { serveProxy } from "../../src/run/index.ts";

/** Whether Toxiproxy itself is installed here; what asks it is skipped elsewhere. */
export const hasToxiproxy = spawnSync("toxiproxy-server", ["-version"]).status === 0;

/** A port that was free a moment ago; no connection goes out from it. */
export async function freePort(): Promise<number> {
  const { port, release } = await holdFreePort();
  await release();
  return port;
}

/** Toxiproxy itself, as soon as it answers. */
export async function startToxiproxy(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn("toxiproxy-server", ["-host", "127.0.0.1", "-port", String(port)], { stdio: "ignore" });
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const client = new ToxiproxyClient({ url: readApiUrl(url) });
  const answers = (): Promise<boolean> => client.version().then(() => true, () => false);
  const giveUpMs = performance.now() + 15_000;
  while (!(await answers())) {
    if (performance.now() > giveUpMs) child.kill();
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`toxiproxy-server does not answer at ${url}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  return {
    url,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Our own server, in this process. */
async function startOurs(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const served = await serveProxy({ host: "127.0.0.1", port: 0, seed: "s" });
  return { url: served.url, stop: () => served.close() };
}

/** Whom the same calls have to move the same way: name, whether it is there, how it is started. */
export const bothServers: readonly (readonly [string, boolean, () => Promise<{ readonly url: string; stop(): Promise<void> }>])[] = [
  ["chaos proxy", true, startOurs],
  [`Toxiproxy itself${hasToxiproxy ? "" : " (not installed here)"}`, hasToxiproxy, startToxiproxy],
];
