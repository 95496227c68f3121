// A storefront: GET /quote?sku=tea asks the gRPC service at PRICING (host:port) and answers
//   200 { sku, total }                when it got a price,
//   503 { status: "UNAVAILABLE", … }  when it got none, with the status of the call.
// GET /health/live.
//
// Retries are gRPC's own, by service config: up to 3 attempts on UNAVAILABLE, with a random pause below 50 ms, then below 100 ms.
// All attempts share a deadline of 800 ms.
//
// Switch, the defect of a story: RETRIES=off
import { createServer } from "node:http";
import { Metadata, credentials, makeGenericClientConstructor, status } from "@grpc/grpc-js";
import { send, stopOnSignal } from "./http.mjs";
import { pricing } from "./pricing-api.mjs";

const { PRICING, RETRIES } = process.env;
const serviceConfig = {
  methodConfig: [{
    name: [{ service: "shop.Pricing" }],
    retryPolicy: { maxAttempts: 3, initialBackoff: "0.05s", maxBackoff: "0.2s", backoffMultiplier: 2, retryableStatusCodes: ["UNAVAILABLE"] },
  }],
};
const Pricing = makeGenericClientConstructor(pricing, "Pricing");
const client = new Pricing(PRICING, credentials.createInsecure(), RETRIES === "off" ? { "grpc.enable_retries": 0 } : { "grpc.service_config": JSON.stringify(serviceConfig) });

function quote({ url, headers }, response) {
  const { searchParams } = new URL(url, "http://storefront");
  const metadata = new Metadata();
  if (headers.traceparent !== undefined) metadata.set("traceparent", headers.traceparent);
  client.quote({ sku: searchParams.get("sku") }, metadata, { deadline: Date.now() + 800 }, (error, answer) => {
    if (error === null) return send(response, 200, answer);
    send(response, 503, { status: status[error.code], details: error.details });
  });
}

const server = createServer((request, response) => {
  if (request.url.startsWith("/quote?")) return quote(request, response);
  send(response, request.url === "/health/live" ? 200 : 404, {});
});
server.listen(process.env.PORT, "127.0.0.1");
stopOnSignal(server);
