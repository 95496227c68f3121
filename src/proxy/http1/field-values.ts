import { HTAB, SP, hexValue, readsAs } from "./bytes.ts";

/** Nothing was said in any header of that name. */
export const UNSAID = -1;
/** Said twice in different ways, or not a number. */
export const INVALID = -2;

/** More digits than a file of a petabyte needs, and all exact in a double. */
const maxLengthDigits = 15;

/** Value of one Content-Length header given what earlier ones said: digits only (RFC 9110 §8.6), repeated only alike (RFC 9112 §6.3). */
export function contentLength(bytes: Uint8Array, start: number, end: number, earlier: number): number {
  if (end === start || end - start > maxLengthDigits) return INVALID;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return INVALID;
    value = value * 10 + digit;
  }
  return earlier === UNSAID || earlier === value ? value : INVALID;
}

const codings = new Set(["gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"]);

/** What a whole Transfer-Encoding says about framing: `chunked` when it ends in it, `other` when every coding is known and it does not, else undefined. */
export function transferCoding(text: string): "chunked" | "other" | undefined {
  const names = text.toLowerCase().split(",").map((name) => /^[ \t]*([^ \t]*)[ \t]*$/.exec(name)?.[1]);
  const last = names.pop();
  if (!names.every((name) => codings.has(name ?? ""))) return undefined;
  return last === "chunked" ? "chunked" : codings.has(last ?? "") ? "other" : undefined;
}

/** Whether a comma-separated list of tokens has this lower-case one. */
export function listHas(bytes: Buffer, start: number, end: number, token: string): boolean {
  if (readsAs(bytes, start, end, token)) return true;
  if (end - start <= token.length) return false;
  return bytes.toString("latin1", start, end).toLowerCase().split(",").some((part) => part.trim() === token);
}

/** The trace id (32 hex digits) of a traceparent value (W3C Trace Context §3.2), undefined when it is none. */
export function traceId(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start < 55 || bytes[start + 2] !== 45 || bytes[start + 35] !== 45) return undefined;
  for (let i = start + 3; i < start + 35; i++) if (hexValue[bytes[i]!] === 255) return undefined;
  return bytes.toString("latin1", start + 3, start + 35);
}

/** Offset of the first byte that is neither space nor tab. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
  return i;
}

/** Offset behind the last byte that is neither space nor tab. */
export function trimSpace(bytes: Uint8Array, start: number, end: number): number {
  let i = end;
  while (i > start && (bytes[i - 1] === SP || bytes[i - 1] === HTAB)) i--;
  return i;
}
