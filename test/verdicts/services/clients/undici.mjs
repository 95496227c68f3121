import { failOn, upstreamUrl } from "./url.mjs";

/** Options of its Agent, { headersTimeout, bodyTimeout }; `retry`: of a RetryAgent around it; `totalMs`: a signal over all of it. */
export async function undici(name, { retry, totalMs, ...options }) {
  const { Agent, RetryAgent, request } = await import(name);
  const agent = new Agent(options);
  const dispatcher = retry === undefined ? agent : new RetryAgent(agent, retry);
  return async ({ path, method, headers, body, signal }) => {
    const signals = [signal, totalMs === undefined ? undefined : AbortSignal.timeout(totalMs)].filter((one) => one !== undefined);
    const response = await request(`${upstreamUrl}${path}`, { dispatcher, method, headers, ...(body !== undefined && { body }), ...(signals.length > 0 && { signal: AbortSignal.any(signals) }) });
    return failOn({ status: response.statusCode, text: await response.body.text() });
  };
}
