/** Single bytes and the classes that heads are scanned by (RFC 9110 §5.5, §5.6.2). */

export const HTAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const COLON = 58;
export const SEMICOLON = 59;

/** 0: not allowed inside a line (controls, DEL, CR, LF) · 1: ordinary · 2: the colon. */
export const lineByte = new Uint8Array(256).map((_, byte) => (byte === COLON ? 2 : byte === HTAB || (byte >= SP && byte !== 127) ? 1 : 0));

/** 1 for the bytes of a token: methods and header names. */
export const tokenByte = new Uint8Array(256).map((_, byte) => (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(String.fromCharCode(byte)) ? 1 : 0));

/** Value of a hexadecimal digit, or 255. */
export const hexValue = new Uint8Array(256).map((_, byte) => (/^[0-9A-Fa-f]$/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : 255));

/** Whether `bytes[start..]` reads as the lower-case `text` in any case. `text` consists of letters, digits and hyphens. */
export function readsAs(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if ((bytes[start + i]! | 32) !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether all of `bytes[start..end)` are bytes of a token, and there is at least one. */
export function isToken(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (tokenByte[bytes[i]!] === 0) return false;
  return end > start;
}
