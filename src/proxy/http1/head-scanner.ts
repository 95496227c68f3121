import { CR, LF, lineByte } from "./bytes.ts";

/** The head goes on in bytes that have not come yet. */
export const MORE = -1;
/** A control byte, a bare CR or a bare LF: not the head of an HTTP message. */
export const MALFORMED = -2;

/**
 * Finds the lines and the end of one head, over any number of packets, looking at each byte once.
 * Lines end in CRLF only: RFC 9112 §2.2 allows a bare LF, but who allows it and who does not is what smuggling lives on.
 */
export class HeadScanner {
  /** After a scan, three offsets per line, counted from the head's first byte: its start, its first colon (-1: none), its end before CRLF. */
  readonly lines: number[] = [];
  /** How many of them are of this head. What the head before left is written over: a list that is emptied grows anew each time. */
  private count = 0;
  private readonly skipEmptyLines: boolean;
  private at = 0;
  private lineStart = 0;
  private colon = -1;

  /** `skipEmptyLines`: empty lines before the start line are passed over (RFC 9112 §2.2, requests). */
  constructor(skipEmptyLines: boolean) {
    this.skipEmptyLines = skipEmptyLines;
  }

  /** To be called before each new head. */
  reset(): void {
    this.count = 0;
    this.at = 0;
    this.lineStart = 0;
    this.colon = -1;
  }

  /** Whether something of a start line has come. */
  get begun(): boolean {
    return this.count > 0 || this.at > this.lineStart;
  }

  /** Scans on in `bytes[base..end)`, whose first byte is the head's first; returns the offset in `bytes` behind the head, `MORE` or `MALFORMED`. */
  scan(bytes: Uint8Array, base: number, end: number): number {
    const headEnd = this.findEnd(bytes, base, end);
    if (this.lines.length !== this.count) this.lines.length = this.count;
    return headEnd;
  }

  private findEnd(bytes: Uint8Array, base: number, end: number): number {
    const lines = this.lines;
    let lineStart = base + this.lineStart;
    let colon = this.colon;
    let i = base + this.at;
    for (; i < end; i++) {
      // Most bytes are ordinary: a loop of their own for them makes the whole scan a quarter faster.
      while (i < end && lineByte[bytes[i]!] === 1) i++;
      if (i === end) break;
      const byte = bytes[i]!;
      const kind = lineByte[byte];
      if (kind === 2) {
        if (colon < 0) colon = i - base;
        continue;
      }
      if (byte !== CR) return MALFORMED;
      if (i + 1 === end) break;
      if (bytes[i + 1] !== LF) return MALFORMED;
      if (i > lineStart) {
        lines[this.count++] = lineStart - base;
        lines[this.count++] = colon;
        lines[this.count++] = i - base;
      } else if (this.count > 0) return i + 2;
      else if (!this.skipEmptyLines) return MALFORMED;
      i++;
      lineStart = i + 1;
      colon = -1;
    }
    this.at = i - base;
    this.lineStart = lineStart - base;
    this.colon = colon;
    return MORE;
  }
}

/** Of the lines of a head that have come whole, those behind its start line. */
export function headerCount(lines: readonly number[]): number {
  return lines.length / 3 - 1;
}
