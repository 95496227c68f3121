import { upstreamUrl } from "./url.mjs";

/** Options as ky takes them: { timeout, retry }. */
export async function ky(name, options) {
  const { default: library } = await import(name);
  return async ({ path, method, headers, body, signal }) => {
    const response = await library(`${upstreamUrl}${path}`, { ...options, method, headers, ...(body !== undefined && { body }), ...(signal !== undefined && { signal }) });
    return { status: response.status, text: await response.text() };
  };
}
