/** Proxies that are not packages: used where they are installed. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { startServer } from "../processes.mjs";

/** Path of a program, or undefined. */
export function findProgram(...names) {
  for (const name of names) {
    try {
      return execFileSync("sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" }).trim();
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

export async function startNginx(program, { upstreamPort, folder, core }) {
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  writeFileSync(config, `
daemon off; worker_processes 1; pid ${join(folder, "nginx.pid")}; error_log /dev/null;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; client_body_temp_path ${join(folder, "body")}; proxy_temp_path ${join(folder, "proxy")};
  upstream edge { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://edge; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } }
}`);
  return startServer(program, ["-p", folder, "-c", config], { core, port, ready: () => reachable(port) });
}

export async function startToxiproxy(program, { upstreamPort, core }) {
  const [api, port] = [await freePort(), await freePort()];
  return startServer(program, ["-host", "127.0.0.1", "-port", String(api)], {
    core,
    port,
    ready: async () => {
      await reachable(api);
      const answer = await fetch(`http://127.0.0.1:${api}/proxies`, { method: "POST", body: JSON.stringify({ name: "edge", listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstreamPort}` }) });
      if (!answer.ok) throw new Error(`Toxiproxy answered ${answer.status}`);
    },
  });
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function reachable(port) {
  for (let i = 0; i < 100; i++) {
    const reached = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (reached) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port} after 5 s`);
}
