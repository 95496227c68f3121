// nginx or HAProxy before the dependencies: writes its configuration, runs it in the foreground, ends with it.
// `server`: "nginx" or "haproxy"; `servers`: what is said of each dependency, in order; `upstream`, `location`, `http` (nginx) or `defaults`, `frontend`, `backend` (HAProxy): further lines.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { server, servers = [""], upstream = [], location = [], http = [], defaults = [], frontend = [], backend = [] } = JSON.parse(process.env.CONFIG ?? "{}");
const { PORT, UPSTREAM_URL, UPSTREAM_URLS = UPSTREAM_URL } = process.env;
const hosts = UPSTREAM_URLS.split(",").map((url) => new URL(url).host);
const listed = (prefix) => servers.map((words, i) => `${prefix(i)} ${hosts[Math.min(i, hosts.length - 1)]} ${words}`.trim());
const folder = mkdtempSync(join(tmpdir(), "chaos-web-server-"));

const written = {
  nginx: () => `daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`).join(" ")}
  ${http.join("\n  ")}
  upstream dependencies {
    ${[...listed(() => "server").map((line) => `${line};`), ...upstream].join("\n    ")}
  }
  server {
    listen 127.0.0.1:${PORT};
    location = /health { return 200; }
    location / {
      proxy_pass http://dependencies;
      ${location.join("\n      ")}
    }
  }
}
`,
  haproxy: () => `global
  maxconn 1000
  log stderr local0 emerg
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  ${defaults.join("\n  ")}
frontend app
  bind 127.0.0.1:${PORT}
  http-request return status 200 if { path /health }
  ${frontend.join("\n  ")}
  default_backend dependencies
backend dependencies
  ${[...backend, ...listed((i) => `server s${i + 1}`)].join("\n  ")}
`,
};
const started = { nginx: (file) => ["nginx", ["-p", folder, "-c", file, "-e", "stderr"]], haproxy: (file) => ["haproxy", ["-db", "-f", file]] };

const file = join(folder, `${server}.conf`);
writeFileSync(file, written[server]());
const [command, args] = started[server](file);
const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill("SIGKILL"));
child.on("exit", (code, signal) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(code ?? (signal === "SIGKILL" ? 0 : 1));
});
