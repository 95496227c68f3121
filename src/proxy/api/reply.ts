import type { ServerResponse } from "node:http";
import { toJsonText } from "./encode.ts";
import type { Answer } from "./encode.ts";

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const plainText = "text/plain; charset=utf-8";

/** Values are answered as they are, without a newline. */
export function jsonReply(status: number, value: Answer): Reply {
  return { status, headers: { "Content-Type": "application/json" }, body: toJsonText(value) };
}

export function emptyReply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: "" };
}

/** Text for people, as Go's `http.Error` sends it: with a newline, and marked as no HTML. */
export function textReply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { "Content-Type": plainText, "X-Content-Type-Options": "nosniff", ...headers }, body: `${text}\n` };
}

/** A refusal in the shape that every client of Toxiproxy reads; it is JSON, whatever its Content-Type says. */
export function errorReply(status: number, error: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return textReply(status, toJsonText({ error, status }), headers);
}

/** What Go's `http.TimeoutHandler` answers. */
export const timeoutReply: Reply = {
  status: 503,
  headers: { "Content-Type": "text/html; charset=utf-8" },
  body: "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>",
};

/** Writes the head and the body, and leaves the end to the caller. */
export function writeReply(response: ServerResponse, { status, headers, body }: Reply): void {
  const length = status === 204 ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...headers, ...length });
  if (body !== "") response.write(body);
  else response.flushHeaders();
}
