// The breaker service under a supervisor that starts it again `restartsAfterMs` after it ended, as a container platform does: to the outside it is one service.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { config } from "./http.mjs";

let child;
let isStopping = false;

function start() {
  child = spawn(process.execPath, [fileURLToPath(new URL(`${config.module ?? "breaker"}.mjs`, import.meta.url))], { stdio: "ignore" });
  child.once("exit", () => (isStopping ? process.exit(0) : setTimeout(start, config.restartsAfterMs)));
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    isStopping = true;
    child.kill("SIGKILL");
  });
}
start();
