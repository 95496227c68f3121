// A search index: GET /find?q=WORDS answers 200 { q, hits } after some 15 ms. GET /health/ready.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { send, stopOnSignal } from "./http.mjs";

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://index");
  if (pathname === "/health/ready") return send(response, 200, { status: "ready" });
  if (pathname !== "/find") return send(response, 404, { error: "not found" });
  await sleep(15);
  return send(response, 200, { q: searchParams.get("q"), hits: [1, 2, 3] });
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("search index: listening"));
stopOnSignal(server);
