import { fieldOf } from "./fields.ts";
import type { Fields } from "./fields.ts";

/** Whether a head is one of gRPC (gRPC over HTTP2, "Requests"). */
export function isGrpc(fields: Fields): boolean {
  return fieldOf(fields, "content-type")?.startsWith("application/grpc") === true;
}

/** The status that trailers, or a head without anything behind it, tell. */
export function grpcStatusOf(fields: Fields): number | undefined {
  const text = fieldOf(fields, "grpc-status");
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

/** A message of a status as it stands in trailers: percent-encoded, but for printable ASCII (gRPC over HTTP2, "Responses"). */
export function encodeMessage(message: string): string {
  let encoded = "";
  for (const byte of Buffer.from(message, "utf8")) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

const prefixBytes = 5;

/** Finds the ends of the messages in a body: each is a flag, its length in four bytes, and so many bytes. */
export class MessageCounter {
  private prefix = 0;
  private length = 0;
  private left = 0;
  private count = 0;

  /** Offset behind the n-th message when it ends in the next bytes, else -1. */
  endOf(n: number, bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.prefix < prefixBytes) {
        if (this.prefix > 0) this.length = this.length * 256 + bytes[at]!;
        this.prefix += 1;
        this.left = this.length;
        at += 1;
      } else {
        const taken = Math.min(this.left, bytes.length - at);
        this.left -= taken;
        at += taken;
      }
      if (this.prefix < prefixBytes || this.left > 0) continue;
      this.prefix = 0;
      this.length = 0;
      this.count += 1;
      if (this.count === n) return at;
    }
    return -1;
  }
}
