// POST /pay and GET /health/live, as the gateway and the balancer of payments serve them.
import { createServer } from "node:http";
import { readJson, send, stopOnSignal } from "./http.mjs";

/** `pay(body, traceparent)` resolves to who took the payment; what it throws is answered with 502. */
export function servePay(name, port, pay) {
  const server = createServer(async (request, response) => {
    if (request.url === "/health/live") return send(response, 200, { status: "alive" });
    if (request.method !== "POST" || request.url !== "/pay") return send(response, 404, { error: "not found" });
    const body = await readJson(request);
    if (typeof body?.order !== "string") return send(response, 400, { error: "expected { order, amount }" });
    try {
      return send(response, 200, { status: "paid", order: body.order, by: await pay(body, request.headers.traceparent) });
    } catch (error) {
      return send(response, 502, { status: "failed", error: error.message });
    }
  });
  server.keepAliveTimeout = 60_000;
  server.listen(Number(process.env.PORT ?? port), "127.0.0.1", () => console.log(`${name}: listening`));
  stopOnSignal(server);
}
