import { COLON, CR, HTAB, LF, SEMICOLON, SP, hexValue, lineByte, tokenByte } from "./bytes.ts";
import type { Framing } from "./framing.ts";

/** Where in a chunked body the next byte lies (RFC 9112 §7.1). */
type Place = "size" | "size-space" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "line" | "trailer-name" | "trailer" | "trailer-lf" | "end-lf";

/** A chunk's size: at most 2^52 bytes, and no room for digits without end. */
const maxSizeDigits = 13;
/** Bytes of extensions of one chunk, and of all trailers. */
const maxExtensionBytes = 16 * 1024;
const maxTrailerBytes = 64 * 1024;
/** First byte, colon and CRLF. */
const endsOfTrailerBytes = 4;

/** Finds the end of one body without touching its bytes. */
export class BodyFramer {
  /** The body's last byte has been seen. */
  done = true;
  private framing: Framing = "none";
  /** Bytes left of the body or of the chunk; while a size is read, its value. */
  private left = 0;
  private place: Place = "size";
  private digits = 0;
  private lineBytes = 0;

  begin(framing: Framing, length: number): void {
    this.framing = framing;
    this.done = framing === "none";
    this.left = framing === "length" ? length : 0;
    if (framing !== "chunked") return;
    this.place = "size";
    this.digits = 0;
    this.lineBytes = 0;
  }

  /** Its end is that of the connection. */
  get endsWithConnection(): boolean {
    return this.framing === "close";
  }

  /** Takes what belongs to the body from `bytes[from..end)`; returns the offset behind it, -1 when a chunk is malformed. */
  consume(bytes: Uint8Array, from: number, end: number): number {
    if (this.framing === "chunked") return this.consumeChunks(bytes, from, end);
    if (this.framing === "close") return end;
    const taken = Math.min(this.left, end - from);
    this.left -= taken;
    this.done = this.left === 0;
    return from + taken;
  }

  private consumeChunks(bytes: Uint8Array, from: number, end: number): number {
    let i = from;
    while (i < end) {
      if (this.place === "data") {
        const taken = Math.min(this.left, end - i);
        this.left -= taken;
        i += taken;
        if (this.left === 0) this.place = "data-cr";
        continue;
      }
      const byte = bytes[i++]!;
      switch (this.place) {
        case "size": {
          const value = hexValue[byte]!;
          if (value !== 255) {
            if (++this.digits > maxSizeDigits) return -1;
            this.left = this.left * 16 + value;
            break;
          }
          if (this.digits === 0 || !this.afterSize(byte)) return -1;
          break;
        }
        case "size-space":
          if (byte === SEMICOLON) this.place = "extension";
          else if ((byte !== SP && byte !== HTAB) || ++this.lineBytes > maxExtensionBytes) return -1;
          break;
        case "extension":
          if (byte === CR) this.place = "size-lf";
          else if (lineByte[byte] === 0 || ++this.lineBytes > maxExtensionBytes) return -1;
          break;
        case "size-lf":
          if (byte !== LF) return -1;
          this.place = this.left === 0 ? "line" : "data";
          this.lineBytes = 0;
          break;
        case "data-cr":
          if (byte !== CR) return -1;
          this.place = "data-lf";
          break;
        case "data-lf":
          if (byte !== LF) return -1;
          this.place = "size";
          this.digits = 0;
          break;
        case "line":
          if (byte === CR) this.place = "end-lf";
          else if (tokenByte[byte] === 0 || (this.lineBytes += endsOfTrailerBytes) > maxTrailerBytes) return -1;
          else this.place = "trailer-name";
          break;
        case "trailer-name":
          if (byte === COLON) this.place = "trailer";
          else if (tokenByte[byte] === 0 || ++this.lineBytes > maxTrailerBytes) return -1;
          break;
        case "trailer":
          if (byte === CR) this.place = "trailer-lf";
          else if (lineByte[byte] === 0 || ++this.lineBytes > maxTrailerBytes) return -1;
          break;
        case "trailer-lf":
          if (byte !== LF) return -1;
          this.place = "line";
          break;
        case "end-lf":
          if (byte !== LF) return -1;
          this.done = true;
          return i;
      }
    }
    return i;
  }

  /** White space may stand only between a size and its extensions (RFC 9112 §7.1.1). */
  private afterSize(byte: number): boolean {
    if (byte === CR) this.place = "size-lf";
    else if (byte === SEMICOLON) this.place = "extension";
    else if (byte === SP || byte === HTAB) this.place = "size-space";
    else return false;
    return true;
  }
}
