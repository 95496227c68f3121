import type { OutgoingHttpHeaders, ServerStreamResponseOptions } from "node:http2";

/** Sends a head; of a field that node:http2 refuses to send twice the first value. Returns why it cannot be sent at all; absent when it was. */
export function sendHead(headers: OutgoingHttpHeaders, send: (headers: OutgoingHttpHeaders) => void): string | undefined {
  try {
    send(headers);
    return undefined;
  } catch (error) {
    const name = singleIn(error);
    if (name !== undefined) return sendHead(withOne(name, headers), send);
    return error instanceof Error ? error.message : String(error);
  }
}

/** Nothing is added to the head of an answer: node:http2 would add a date. */
export function answerOptions(isAll: boolean): ServerStreamResponseOptions {
  return Object.assign({ endStream: isAll, waitForTrailers: !isAll }, { sendDate: false });
}

function withOne(name: string, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const rest: OutgoingHttpHeaders = Object.assign(Object.create(null), headers);
  const [first = name, ...others] = Object.keys(rest).filter((key) => key.toLowerCase() === name);
  const value = rest[first];
  if (Array.isArray(value)) rest[first] = value[0];
  for (const key of others) delete rest[key];
  return rest;
}

/** The field that an error is about, if it is for its values. */
function singleIn(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_HTTP2_HEADER_SINGLE_VALUE") return undefined;
  return /"(.+)"/.exec(error.message)?.[1];
}
