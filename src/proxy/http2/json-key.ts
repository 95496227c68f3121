import { keyAt } from "../http1/correlation.ts";

/** Larger requests are not looked into. */
const maxBytes = 64 * 1024;

/** Keeps the data of one request to find a value in its JSON by JSON pointer (RFC 6901). */
export class JsonKey {
  private readonly pointer: string;
  private pieces: Buffer[] = [];
  private bytes = 0;

  constructor(pointer: string) {
    this.pointer = pointer;
  }

  add(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.bytes <= maxBytes) this.pieces.push(piece);
    else this.pieces = [];
  }

  /** Undefined when the data are no JSON, have no such value, or the value is neither text nor number. */
  key(): string | undefined {
    return keyAt(Buffer.concat(this.pieces).toString("utf8"), this.pointer);
  }
}
