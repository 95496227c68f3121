// A third party with one number to tell: GET /rate answers { rate } after some 15 ms.
// Environment: PORT, RATE (1).
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send, stopOnSignal } from "./http.mjs";

const server = createServer(async (request, response) => {
  if (request.method !== "GET" || request.url !== "/rate") return send(response, 404, { error: "not found" });
  await sleep(15);
  return send(response, 200, { rate: Number(process.env.RATE ?? 1) });
});

// Longer than any pause of our own load, so that an idle connection is not closed just as it is reused.
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4005), "127.0.0.1", () => console.log("rates: listening"));
stopOnSignal(server);
