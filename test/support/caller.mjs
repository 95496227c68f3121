// The service under test: GET / asks UPSTREAM_URL and answers 200; after TIMEOUT_MS without an answer, or on an error,
// it answers 202 (FALLBACK=on) or 500. GET /health is always 200. Passes traceparent on. Environment: PORT too.
import { createServer } from "node:http";

const { PORT, UPSTREAM_URL, TIMEOUT_MS = "200", FALLBACK = "on" } = process.env;

createServer(async (request, response) => {
  if (request.url === "/health") return response.end("ok");
  const { traceparent } = request.headers;
  try {
    const answer = await fetch(`${UPSTREAM_URL}/work`, { headers: traceparent === undefined ? {} : { traceparent }, signal: AbortSignal.timeout(Number(TIMEOUT_MS)) });
    await answer.text();
    response.writeHead(answer.ok ? 200 : 502).end();
  } catch {
    response.writeHead(FALLBACK === "on" ? 202 : 500).end();
  }
}).listen(Number(PORT), "127.0.0.1");
