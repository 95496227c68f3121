import { STATUS_CODES } from "node:http";
import type { Effect } from "../../model/effect.ts";

type Respond = Extract<Effect, { kind: "respond" }>;

/** An answer in upstream's place: its bytes, and how many of them are its head. */
export interface Answer {
  readonly bytes: Buffer;
  readonly headBytes: number;
}

/** The answer of a `respond` effect. Its framing is ours: Content-Length and Transfer-Encoding of the effect are not taken over. */
export function encodeAnswer({ status, headers, body }: Respond, { method, close }: { readonly method: string; readonly close: boolean }): Answer {
  const bodyBytes = Buffer.from(body, "utf8");
  const bodiless = status < 200 || status === 204 || status === 304;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`];
  for (const [name, value] of Object.entries(headers)) if (!framingNames.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  if (!bodiless) lines.push(`content-length: ${bodyBytes.length}`);
  lines.push(`connection: ${close ? "close" : "keep-alive"}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return { bytes: bodiless || method === "HEAD" ? head : Buffer.concat([head, bodyBytes]), headBytes: head.length };
}

const framingNames = new Set(["content-length", "transfer-encoding", "connection"]);

/** The only statuses that the proxy invents: for what it cannot frame, or will not wait for. */
export type Rejection = 400 | 408 | 431;

export function encodeRejection(status: Rejection): Answer {
  const bytes = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nvia: chaos\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, "latin1");
  return { bytes, headBytes: bytes.length };
}
