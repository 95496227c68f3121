// One call of the dependency, as a service makes it: the caller's traceparent goes along, a bad status is an error.
import { Agent, request as httpRequest } from "node:http";

/** Calls the dependency and gives the body it answered with; throws for a status from 400 and for what the network does. `maxSockets`: through an agent with so many connections; `swallows: true`: what the network does is logged and the call never ends; `agent`: through that one. */
export function makeCall({ url: upstreamUrl = process.env.UPSTREAM_URL, timeoutMs, maxSockets, agent, swallows = false, traced = true } = {}) {
  if (agent !== undefined || maxSockets !== undefined || swallows) return overAgent(upstreamUrl, agent ?? new Agent({ keepAlive: true, ...(maxSockets !== undefined && { maxSockets }) }), swallows, timeoutMs);
  return async ({ path, method = "GET", traceparent, headers = {}, body, signal }) => {
    const signals = [...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]), ...(signal === undefined ? [] : [signal])];
    const response = await fetch(`${upstreamUrl}${path}`, {
      method,
      headers: { ...headers, ...(traced && traceparent !== undefined && { traceparent }) },
      ...(body !== undefined && { body }),
      ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    });
    const text = await response.text();
    if (!response.ok) throw Object.assign(new Error(`the dependency answered ${response.status}`), { status: response.status });
    return JSON.parse(text);
  };
}

function overAgent(upstreamUrl, agent, swallows, timeoutMs) {
  return ({ path, method = "GET", traceparent, headers = {} }) => new Promise((resolve, reject) => {
    const request = httpRequest(`${upstreamUrl}${path}`, { method, agent, headers: { ...headers, ...(traceparent !== undefined && { traceparent }) }, ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }) }, (response) => {
      const chunks = [];
      response.on("error", (error) => (swallows ? console.error(error.message) : reject(error)));
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => (response.statusCode < 400 ? resolve(JSON.parse(Buffer.concat(chunks).toString())) : reject(Object.assign(new Error(`the dependency answered ${response.statusCode}`), { status: response.statusCode }))));
    });
    request.on("error", (error) => (swallows ? console.error(error.message) : reject(error)));
    request.end();
  });
}
