import type { OutgoingHttpHeaders } from "node:http2";

/** Sends a head, one value for each name where node:http2 refuses to send two. Returns why it cannot be sent at all; absent when it was. */
export function sendHead(headers: OutgoingHttpHeaders, send: (headers: OutgoingHttpHeaders) => void): string | undefined {
  try {
    send(headers);
    return undefined;
  } catch (error) {
    if (isAboutValues(error)) return sendHead(withSingleValues(headers), send);
    return error instanceof Error ? error.message : String(error);
  }
}

function withSingleValues(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const single: OutgoingHttpHeaders = Object.create(null);
  for (const [name, value] of Object.entries(headers)) single[name] = Array.isArray(value) && name !== "set-cookie" ? value[0] : value;
  return single;
}

function isAboutValues(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_HTTP2_HEADER_SINGLE_VALUE";
}
