// A service that misbehaves as it is asked. Environment: PORT, and MODE:
//   deaf      says two lines and never listens
//   dies      says a line and ends with exit code 3
//   stubborn  ignores SIGTERM, and so does the child that it starts
//   sessions  starts a child that leads a session of its own, as PostgreSQL does for each connection
//   frail     GET /crash says why in two lines and ends it with exit code 7; anything else is answered 200
//   hung      GET /health is answered, anything else never
//   resetting GET /health is answered, anything else reset
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const { MODE, PORT, SECRET = "" } = process.env;
const respond = {
  frail: (request, response) => {
    if (request.url !== "/crash") return response.end("ok");
    console.error(`unruly: cannot bear it ${SECRET}\u001B[31m`.trim());
    console.log("unruly: good-bye");
    return process.exit(7);
  },
  hung: (request, response) => request.url === "/health" && response.end("ok"),
  resetting: (request, response) => (request.url === "/health" ? response.end("ok") : request.socket.resetAndDestroy()),
  stubborn: (_request, response) => response.end("ok"),
  sessions: (_request, response) => response.end("ok"),
}[MODE];

console.log(`unruly: ${MODE} ${SECRET}`.trim());
if (MODE === "deaf") {
  console.error("unruly: cannot reach the moon");
  setInterval(() => undefined, 60_000);
} else if (MODE === "dies") {
  process.exitCode = 3;
} else {
  if (MODE === "stubborn") {
    process.on("SIGTERM", () => undefined);
    spawn(process.execPath, ["-e", "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 60_000)"], { stdio: "ignore" });
  }
  if (MODE === "sessions") spawn(process.execPath, ["-e", "setInterval(() => undefined, 60_000)"], { stdio: "ignore", detached: true });
  createServer(respond).listen(Number(PORT), "127.0.0.1");
}
