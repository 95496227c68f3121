import { COLON, isToken, readsAs } from "./bytes.ts";
import { INVALID, UNSAID, contentLength, skipSpace, transferCoding, trimSpace } from "./field-values.ts";

/** How the body of a message is framed; `close`: it ends where the connection ends. */
export type Framing = "none" | "length" | "chunked" | "close";

/** What the headers of a message say about its framing (RFC 9112 §6), filled while they are walked. */
export class FramingFields {
  length = UNSAID;
  private coding: string | undefined;

  reset(): void {
    this.length = UNSAID;
    this.coding = undefined;
  }

  /** Takes note of a header when it is one of the two; true when it was. */
  take(bytes: Buffer, start: number, colon: number, from: number, to: number): boolean {
    if (readsAs(bytes, start, colon, "content-length")) {
      this.length = this.length === INVALID ? INVALID : contentLength(bytes, from, to, this.length);
      return true;
    }
    if (!readsAs(bytes, start, colon, "transfer-encoding")) return false;
    const value = bytes.toString("latin1", from, to);
    this.coding = this.coding === undefined ? value : `${this.coding},${value}`;
    return true;
  }

  /**
   * Undefined where the fields contradict themselves or each other: both given, or a Transfer-Encoding in HTTP/1.0
   * (RFC 9112 §6.1), unknown codings, a length that is no number. `unframed` is what a message without either has.
   */
  framing(minor: number, unframed: Framing, role: "request" | "response"): Framing | undefined {
    if (this.coding === undefined) return this.length === INVALID ? undefined : this.length === UNSAID ? unframed : this.length === 0 ? "none" : "length";
    if (this.length !== UNSAID || minor === 0) return undefined;
    const coding = transferCoding(this.coding);
    return coding === "other" ? (role === "response" ? "close" : undefined) : coding;
  }
}

/** Calls `take` for each header line with the offsets of its name's start and colon and of its trimmed value; false when a line is no header. */
export function walkHeaders(bytes: Buffer, base: number, lines: readonly number[], take: (start: number, colon: number, from: number, to: number) => void): boolean {
  for (let i = 3; i < lines.length; i += 3) {
    const start = base + lines[i]!;
    const relativeColon = lines[i + 1]!;
    const colon = base + relativeColon;
    // A line without a colon, one that begins with white space (obs-fold, RFC 9112 §5.2), a space before the colon (§5.1).
    if (relativeColon < 0 || bytes[colon] !== COLON || !isToken(bytes, start, colon)) return false;
    const end = base + lines[i + 2]!;
    const from = skipSpace(bytes, colon + 1, end);
    take(start, colon, from, trimSpace(bytes, from, end));
  }
  return true;
}
