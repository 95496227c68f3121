// Offers of the day: GET /offers/N answers 200 { offer } after some 500 ms of work. GET /health/ready.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send, stopOnSignal } from "./http.mjs";

const server = createServer(async (request, response) => {
  if (request.url === "/health/ready") return send(response, 200, { status: "ready" });
  const offer = /^\/offers\/(.+)$/.exec(request.url)?.[1];
  if (offer === undefined) return send(response, 404, { error: "not found" });
  await sleep(500);
  return send(response, 200, { offer });
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("offers: listening"));
stopOnSignal(server);
