import type { IncomingHttpHeaders } from "node:http2";
import { fieldOf, joinedField, sensitiveIn, weightOf } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { isGrpc } from "./grpc.ts";

/** The head of a request, read as far as the lane needs it. */
export interface RequestHead {
  readonly fields: Fields;
  /** Names of fields that no compression is to remember (RFC 7541 §7.1.3). */
  readonly sensitive: readonly string[];
  readonly method: string;
  /** `:path`; of a CONNECT its authority. */
  readonly target: string;
  readonly isGrpc: boolean;
  /** Trace id of `traceparent` (W3C Trace Context §3.2). */
  readonly trace: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Nothing comes behind it. */
  readonly isAll: boolean;
  /** Characters of its fields. */
  readonly weight: number;
  header(name: string): string | undefined;
}

const endStream = 0x1;
const traceparent = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/i;

export function readRequestHead(headers: IncomingHttpHeaders, flags: number, fields: Fields): RequestHead {
  // Host is called otherwise here, and who matches by it means the same (RFC 9113 §8.3.1).
  const header = (name: string): string | undefined => joinedField(fields, name) ?? (name === "host" ? fieldOf(fields, ":authority") : undefined);
  return {
    fields,
    sensitive: sensitiveIn(headers),
    method: fieldOf(fields, ":method") ?? "",
    target: fieldOf(fields, ":path") ?? fieldOf(fields, ":authority") ?? "",
    isGrpc: isGrpc(fields),
    trace: traceparent.exec(fieldOf(fields, "traceparent") ?? "")?.[1],
    idempotencyKey: fieldOf(fields, "idempotency-key"),
    isAll: (flags & endStream) !== 0,
    weight: weightOf(fields),
    header,
  };
}
