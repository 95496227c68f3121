// A service that calls its dependency through an HTTP client, with whatever retries and timeouts were built around it: /orders/ID calls /items/ID with the same method and
// answers 200, or 502 when that failed. config: { library (what the row is about), client: { by, ...its options }, around: [{ by, ...its options }, …] (the outermost first),
//                                                 cancels (its caller's leaving ends the call), key: "caller" (as it came) | "request" | "attempt" | "same" | "none" (the Idempotency-Key), barely: n (every n-th request goes without what is around, and without the client's options) }
import { randomUUID } from "node:crypto";
import { makeAround, makeClient } from "./clients/index.mjs";
import { config, readText, send, serve } from "./http.mjs";

const { client: { by: client, ...options } = { by: "fetch" }, around = [], cancels = false, key = "caller", barely } = config;
const bare = makeClient(client, {});
const plain = makeClient(client, options);
const guarded = around.reduceRight((call, { by, ...own }) => makeAround(by, own, call), key === "attempt" ? (what) => plain({ ...what, headers: { ...what.headers, "idempotency-key": randomUUID() } }) : plain);
let turn = 0;

serve(async (request, response, url) => {
  const [, , id = "1"] = url.pathname.split("/");
  const leaving = new AbortController();
  if (cancels) response.once("close", () => response.writableFinished || leaving.abort());
  const body = await readText(request);
  turn += 1;
  const call = barely !== undefined && turn % barely === 0 ? bare : guarded;
  const what = { path: `/items/${id}`, method: request.method, headers: tracing(request.headers), ...(request.method === "POST" && { body: body || "{}" }), ...(cancels && { signal: leaving.signal }) };
  try {
    const { status, text } = await call(what);
    return status < 400 ? send(response, 200, { status: "ok", version: JSON.parse(text).version }) : send(response, 502, { error: `the dependency answered ${status}` });
  } catch (error) {
    return send(response, 502, { error: String(error?.message ?? error) });
  }
});

function tracing({ traceparent, "idempotency-key": came }) {
  const named = { caller: () => came, request: randomUUID, same: () => "orders" }[key]?.();
  return { ...(traceparent !== undefined && { traceparent }), ...(named !== undefined && { "idempotency-key": named }) };
}
