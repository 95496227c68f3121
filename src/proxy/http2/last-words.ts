import { http2Codes } from "../../faults/http2-codes.ts";
import { FrameScanner, frameTypes } from "./frame-scanner.ts";
import type { FramePart } from "./frame-scanner.ts";

const codeAt = 4;
const reasonAt = 8;

/**
 * Hears in what a session of node:http2 says that it has ended itself, by a GOAWAY (RFC 9113 §5.4.1). For some breaches of the protocol, such as a
 * frame that is too large, that is the only sign: it reads on, heeds nothing more, emits nothing, and its connection stays.
 */
export class LastWords {
  private readonly heard: (why: string) => void;
  private readonly frames = new FrameScanner((part) => this.hearPart(part));
  /** Codes that are said on our behalf. */
  private readonly expected = new Set([0]);
  private payload: Buffer = Buffer.alloc(0);
  private prefaceLeft: number;

  /** `preface`: bytes that come before the first frame. */
  constructor(heard: (why: string) => void, preface = 0) {
    this.heard = heard;
    this.prefaceLeft = preface;
  }

  expect(code: number): void {
    this.expected.add(code);
  }

  /** Bytes that the session says, all of them and in their order. */
  hear(bytes: Buffer): void {
    const from = Math.min(this.prefaceLeft, bytes.length);
    this.prefaceLeft -= from;
    this.frames.scan(bytes.subarray(from));
  }

  private hearPart({ type, bytes, from, to, isFirst, isLast }: FramePart): void {
    if (type !== frameTypes.goaway) return;
    const part = bytes.subarray(from, to);
    this.payload = Buffer.concat(isFirst ? [part] : [this.payload, part]);
    if (!isLast) return;
    const code = this.payload.readUInt32BE(codeAt);
    const why = this.payload.toString("latin1", reasonAt) || (http2Codes[code] ?? `code ${code}`);
    // Behind what is being done with these bytes.
    if (!this.expected.has(code)) queueMicrotask(() => this.heard(why));
  }
}
