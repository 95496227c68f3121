export const upstreamUrl = process.env.UPSTREAM_URL;

/** What a bad status is for those who want an error of it; with Retry-After where it came. */
export function failOn({ status, text, retryAfter }) {
  if (status >= 400) throw Object.assign(new Error(`the dependency answered ${status}`), { status, retryAfter });
  return { status, text };
}
