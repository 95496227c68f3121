// A server of proxies with one of them, payments_proxy, which leads to UPSTREAM: chaos proxy, or with ENGINE=toxiproxy Toxiproxy itself (toxiproxy-server).
// Environment: PORT (of its control API), UPSTREAM (host:port), ENGINE (chaos).
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const { PORT = "8474", UPSTREAM = "127.0.0.1:4001", ENGINE = "chaos" } = process.env;
const chaos = fileURLToPath(new URL("../../bin/chaos.js", import.meta.url));
const [command, args] = ENGINE === "toxiproxy" ? ["toxiproxy-server", ["-host", "127.0.0.1", "-port", PORT]] : [process.execPath, [chaos, "proxy", "--api", `127.0.0.1:${PORT}`]];

const server = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
server.on("error", (error) => {
  console.error(`toxiproxy: ${error.message}`);
  process.exit(1);
});
server.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.kill(signal));

/** What the control API answers, as soon as there is one. */
async function ask(path, init) {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${PORT}${path}`, init).catch(() => undefined);
    if (response !== undefined) return response;
    await sleep(50);
  }
}

const created = await ask("/proxies", { method: "POST", body: JSON.stringify({ name: "payments_proxy", listen: "127.0.0.1:0", upstream: UPSTREAM }) });
if (created.status !== 201) throw new Error(`toxiproxy: ${created.status} ${await created.text()}`);
console.log("toxiproxy: payments_proxy is there");
