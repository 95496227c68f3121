import { FrameScanner, frameTypes } from "./frame-scanner.ts";
import type { FramePart } from "./frame-scanner.ts";

const codeAt = 4;
const codeLength = 4;

/**
 * Keeps the code of upstream's GOAWAY (RFC 9113 §6.8) from node:http2: told of an error it would throw away at once what it has read and not handed on,
 * whole answers too. So it is told NO_ERROR, and what the error ends is ended by us.
 */
export class LastCode {
  /** Of the last GOAWAY. */
  code = 0;
  private payload = 0;
  private readonly frames = new FrameScanner((part) => this.takePart(part));

  /** Bytes that upstream says, all of them and in their order. */
  take(bytes: Buffer): void {
    this.frames.scan(bytes);
  }

  private takePart({ type, bytes, from, to, isFirst }: FramePart): void {
    if (type !== frameTypes.goaway) return;
    if (isFirst) {
      this.payload = 0;
      this.code = 0;
    }
    for (let at = from; at < to && this.payload < codeAt + codeLength; at += 1, this.payload += 1) {
      if (this.payload < codeAt) continue;
      this.code = this.code * 256 + bytes.readUInt8(at);
      bytes.writeUInt8(0, at);
    }
  }
}
