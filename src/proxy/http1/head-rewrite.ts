import type { ProxyConfig } from "../../model/data-plane.ts";
import { authority } from "../dial.ts";
import { readsAs } from "./bytes.ts";
import type { ForwardTarget } from "./forward-target.ts";
import type { Refusal } from "./refusals.ts";
import type { RequestHead } from "./request-head.ts";

/** Where the head of a request stands: its bytes from `at` to `headEnd`, and its lines as the scanner found them. */
export interface HeadPlace {
  readonly bytes: Buffer;
  readonly at: number;
  readonly headEnd: number;
  readonly lines: readonly number[];
}

/** What goes on in place of a head; nothing when it goes on as it came. */
export type HeadRewrite = (head: RequestHead, place: HeadPlace) => Buffer | Refusal | undefined;

/** Of ` HTTP/1.1` and the end of its line. */
const versionLength = 11;

/** What a proxy does to Host. */
export function hostRewrite(proxy: ProxyConfig): HeadRewrite | undefined {
  return proxy.host === "upstream" ? replaceHost(authority(proxy)) : undefined;
}

/** Says another host in Host; a request without one is left without. */
export function replaceHost(host: string): HeadRewrite {
  const value = Buffer.from(host, "latin1");
  return ({ hostStart, hostEnd }, { bytes, at, headEnd }) =>
    (hostStart < 0 ? undefined : Buffer.concat([bytes.subarray(at, at + hostStart), value, bytes.subarray(at + hostEnd, headEnd)]));
}

/**
 * The head of a request to a forward proxy as upstream is to get it (RFC 9112 §3.2.2): the target in origin-form, Host as the target says,
 * and without what is for the proxy alone. All else stays as it came, to the byte.
 */
export function forwardHead(head: RequestHead, { bytes, at, headEnd, lines }: HeadPlace, { path, hostField }: ForwardTarget): Buffer {
  const targetStart = at + lines[0]! + head.method.length + 1;
  const lineEnd = at + lines[2]! + 2;
  const pieces: Uint8Array[] = [
    bytes.subarray(at + lines[0]!, targetStart), Buffer.from(path, "latin1"), bytes.subarray(lineEnd - versionLength, lineEnd),
  ];
  if (head.hostStart < 0) pieces.push(Buffer.from(`Host: ${hostField}\r\n`, "latin1"));
  for (let i = 3; i < lines.length; i += 3) {
    const start = at + lines[i]!;
    const end = at + lines[i + 2]! + 2;
    const isHost = head.hostStart >= start - at && head.hostStart < end - at;
    if (isHost && bytes.toString("latin1", at + head.hostStart, at + head.hostEnd) !== hostField) {
      pieces.push(bytes.subarray(start, at + head.hostStart), Buffer.from(hostField, "latin1"), bytes.subarray(at + head.hostEnd, end));
    } else if (!isForProxy(bytes, start, at + lines[i + 1]!)) pieces.push(bytes.subarray(start, end));
  }
  pieces.push(bytes.subarray(headEnd - 2, headEnd));
  return Buffer.concat(pieces);
}

function isForProxy(bytes: Buffer, start: number, colon: number): boolean {
  return readsAs(bytes, start, colon, "proxy-connection") || readsAs(bytes, start, colon, "proxy-authorization");
}
