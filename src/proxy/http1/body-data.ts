import { CR, LF, hexValue } from "./bytes.ts";
import type { Framing } from "./framing.ts";

/**
 * Finds the data in the bytes of a body: all of them, but for chunked ones, where it stands between the lines of the chunks.
 * The bytes are known to be framed well (a `BodyFramer` has seen them); they may be cut anywhere.
 */
export class BodyData {
  private readonly isChunked: boolean;
  private place: "size" | "extension" | "data" | "data-end" | "trailer" = "size";
  /** Bytes left of the chunk; while its size is read, its value. */
  private left = 0;

  constructor(framing: Framing) {
    this.isChunked = framing === "chunked";
  }

  /** Start and end of each piece of data in the next bytes, one after the other. */
  spans(bytes: Uint8Array): readonly number[] {
    if (!this.isChunked) return bytes.length === 0 ? [] : [0, bytes.length];
    const spans: number[] = [];
    let i = 0;
    while (i < bytes.length) {
      if (this.place === "data") {
        const end = Math.min(bytes.length, i + this.left);
        spans.push(i, end);
        this.left -= end - i;
        i = end;
        if (this.left === 0) this.place = "data-end";
      } else this.readFraming(bytes[i++]!);
    }
    return spans;
  }

  private readFraming(byte: number): void {
    const value = hexValue[byte]!;
    if (this.place === "size" && value !== 255) this.left = this.left * 16 + value;
    else if (this.place === "size" && byte !== LF && byte !== CR) this.place = "extension";
    else if (byte === LF && this.place === "data-end") this.place = "size";
    else if (byte === LF && this.place !== "trailer") this.place = this.left === 0 ? "trailer" : "data";
  }
}
