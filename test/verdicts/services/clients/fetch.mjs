import { failOn, upstreamUrl } from "./url.mjs";

/** Node's fetch. { totalMs: over all of it; headersMs: a timer that the head stops; returnsStatus: a bad status is no error, as fetch has it } */
export function byFetch(_name, { totalMs, headersMs, returnsStatus = false }) {
  return async ({ path, method, headers, body, signal }) => {
    const timer = new AbortController();
    const running = headersMs === undefined ? undefined : setTimeout(() => timer.abort(new Error("too late")), headersMs);
    const signals = [signal, totalMs === undefined ? undefined : AbortSignal.timeout(totalMs), headersMs === undefined ? undefined : timer.signal].filter((one) => one !== undefined);
    try {
      const response = await fetch(`${upstreamUrl}${path}`, { method, headers, ...(body !== undefined && { body }), ...(signals.length > 0 && { signal: AbortSignal.any(signals) }) });
      clearTimeout(running);
      const answer = { status: response.status, text: await response.text(), retryAfter: response.headers.get("retry-after") ?? undefined };
      return returnsStatus ? answer : failOn(answer);
    } finally {
      clearTimeout(running);
    }
  };
}
