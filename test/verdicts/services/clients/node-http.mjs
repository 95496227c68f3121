import { Agent, request as httpRequest } from "node:http";
import { failOn, upstreamUrl } from "./url.mjs";

const agent = new Agent({ keepAlive: true });

/** node:http with { timeoutMs: of the socket, destroys: whether its event ends the request, or only tells }. */
export function nodeHttp(_name, { timeoutMs, destroys = true }) {
  return ({ path, method, headers, body, signal }) => new Promise((resolve, reject) => {
    const options = { method, agent, headers, ...(timeoutMs !== undefined && { timeout: timeoutMs }), ...(signal !== undefined && { signal }) };
    const request = httpRequest(`${upstreamUrl}${path}`, options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        try {
          resolve(failOn({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
        } catch (error) {
          reject(error);
        }
      });
    });
    request.on("timeout", () => {
      const error = new Error("too late");
      if (destroys) request.destroy(error);
      reject(error);
    });
    request.on("error", reject);
    request.end(body);
  });
}
