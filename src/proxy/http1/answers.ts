import { STATUS_CODES } from "node:http";
import type { Effect } from "../../model/effect.ts";
import type { Framing } from "./framing.ts";

type Respond = Extract<Effect, { kind: "respond" }>;

/** An answer in upstream's place: its bytes, how many of them are its head, and its Retry-After. */
export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly headBytes: number;
  readonly retryAfter?: string;
}

/** How the body of such an answer is framed. */
export function framingOf({ bytes, headBytes }: Answer): { readonly framing: Framing; readonly length: number } {
  const length = bytes.length - headBytes;
  return { framing: length === 0 ? "none" : "length", length };
}

/** The answer of a `respond` effect. Its framing is ours: Content-Length and Transfer-Encoding of the effect are not taken over. */
export function encodeAnswer({ status, headers, body, retryAfterDateMs }: Respond, { method, close }: { readonly method: string; readonly close: boolean }): Answer {
  const bodyBytes = Buffer.from(body, "utf8");
  const bodiless = status < 200 || status === 204 || status === 304;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`];
  const all = retryAfterDateMs === undefined ? headers : { ...headers, "retry-after": httpDateIn(retryAfterDateMs) };
  for (const [name, value] of Object.entries(all)) if (!framingNames.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  if (!bodiless) lines.push(`content-length: ${bodyBytes.length}`);
  lines.push(`connection: ${close ? "close" : "keep-alive"}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  const retryAfter = Object.entries(all).find(([name]) => name.toLowerCase() === "retry-after")?.[1];
  return { status, bytes: bodiless || method === "HEAD" ? head : Buffer.concat([head, bodyBytes]), headBytes: head.length, ...(retryAfter !== undefined && { retryAfter }) };
}

/** So long from now at least, as HTTP writes it: in whole seconds (RFC 9110 §5.6.7). */
export function httpDateIn(ms: number): string {
  return new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toUTCString();
}

const framingNames = new Set(["content-length", "transfer-encoding", "connection"]);

/** The only statuses that the proxy invents: for what it cannot frame, or will not wait for; in forward mode also for what it may not pass on, or would pass on to itself. */
export type Rejection = 400 | 403 | 408 | 431 | 508;

/** `why` is told in the body, except to a HEAD. */
export function encodeRejection({ status, why }: { readonly status: Rejection; readonly why: string }, method: string): Answer {
  const body = `${why}\n`;
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nvia: chaos\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`, "latin1");
  return { status, bytes: method === "HEAD" ? head : Buffer.concat([head, Buffer.from(body)]), headBytes: head.length };
}
