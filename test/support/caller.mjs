// The service under test: GET / asks UPSTREAM_URL and answers 200; after TIMEOUT_MS without an answer, or on an error,
// it answers 202 (FALLBACK=on) or 500. GET /health is always 200. Passes traceparent on. Environment: PORT too.
import { createServer, get as getOpen } from "node:http";
import { get as getSecured } from "node:https";

const { PORT, UPSTREAM_URL, TIMEOUT_MS = "500", FALLBACK = "on" } = process.env;
const get = UPSTREAM_URL.startsWith("https:") ? getSecured : getOpen;

createServer((request, response) => {
  if (request.url === "/health") return response.end("ok");
  const { traceparent } = request.headers;
  const fallBack = () => {
    if (!response.headersSent) response.writeHead(FALLBACK === "on" ? 202 : 500).end();
  };
  const call = get(`${UPSTREAM_URL}/work`, { headers: traceparent === undefined ? {} : { traceparent } }, (answer) => {
    answer.on("error", fallBack).on("end", () => response.writeHead(answer.statusCode === 200 ? 200 : 502).end()).resume();
  });
  call.on("error", fallBack);
  setTimeout(() => {
    call.destroy();
    fallBack();
  }, Number(TIMEOUT_MS)).unref();
}).listen(Number(PORT), "127.0.0.1");
