// What the services under test share: their configuration, a server that stops on a signal, JSON in and out.
import { createServer } from "node:http";

/** What the row says of this service. */
export const config = JSON.parse(process.env.CONFIG ?? "{}");

/** Serves `handle(request, response, url)` on PORT; what it throws becomes a 500. GET /health is answered with 200 when `handle` says nothing of it. */
export function serve(handle) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://service");
    try {
      if (url.pathname === "/health") send(response, 200, { status: "alive" });
      else await handle(request, response, url);
    } catch (error) {
      send(response, 500, { error: String(error?.message ?? error) });
    }
  });
  server.keepAliveTimeout = 60_000;
  server.listen(Number(process.env.PORT), "127.0.0.1");
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeAllConnections();
      setTimeout(() => process.exit(0), 500).unref();
    });
  }
  return server;
}

/** Answers with JSON, unless the caller has gone or was answered. */
export function send(response, status, body, headers = {}) {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
  response.end(text);
}

/** The request's body as text. */
export async function readText(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
