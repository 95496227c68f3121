import { upstreamUrl } from "./url.mjs";

/** Options as got takes them: { timeout: { request, response }, retry: { limit, methods, … } }. */
export async function got(name, options) {
  const { default: library } = await import(name);
  return async ({ path, method, headers, body, signal }) => {
    const { statusCode, body: text } = await library(`${upstreamUrl}${path}`, { ...options, method, headers, ...(body !== undefined && { body }), ...(signal !== undefined && { signal }) });
    return { status: statusCode, text };
  };
}
