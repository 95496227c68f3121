import { upstreamUrl } from "./url.mjs";

/** Options as axios takes them, { timeout }. `totalMs`: a signal over all of it; `retry`: options of axios-retry, `retryDelay` by name, and `onTimeout: true` for a condition that takes timeouts too. */
export async function axios(_name, { retry, totalMs, ...options }) {
  const [{ default: library }, { default: axiosRetry, exponentialDelay, linearDelay, isNetworkOrIdempotentRequestError }] = await Promise.all([import("axios"), import("axios-retry")]);
  const instance = library.create({ ...options, proxy: false, responseType: "text", transformResponse: (text) => text });
  if (retry !== undefined) {
    const { retryDelay, onTimeout = false, ...own } = retry;
    const delays = { exponential: exponentialDelay, linear: linearDelay(100) };
    axiosRetry(instance, {
      ...own,
      ...(retryDelay !== undefined && { retryDelay: delays[retryDelay] }),
      ...(onTimeout && { retryCondition: (error) => isNetworkOrIdempotentRequestError(error) || error.code === "ECONNABORTED" }),
    });
  }
  return async ({ path, method, headers, body, signal }) => {
    const signals = [signal, totalMs === undefined ? undefined : AbortSignal.timeout(totalMs)].filter((one) => one !== undefined);
    const { status, data } = await instance.request({ url: `${upstreamUrl}${path}`, method, headers: { ...headers, "content-type": "application/json" }, ...(body !== undefined && { data: body }), ...(signals.length > 0 && { signal: AbortSignal.any(signals) }) });
    return { status, text: data };
  };
}
