import { constants } from "node:http2";
import { http2Codes } from "../../faults/http2-codes.ts";
import { FrameScanner, frameTypes } from "./frame-scanner.ts";
import type { FramePart } from "./frame-scanner.ts";

const codeAt = 4;
const reasonAt = 8;

export interface LastWordsListener {
  /** It has ended the session, and says why. */
  readonly ended: (why: string) => void;
  /** It has reset a stream with ENHANCE_YOUR_CALM, which may have been asked of it. */
  readonly calmed: (stream: number) => void;
}

/**
 * Hears in what a session of node:http2 says that it has ended itself, by a GOAWAY (RFC 9113 §5.4.1). For some breaches of the protocol, such as a
 * frame that is too large, that is the only sign: it reads on, heeds nothing more, emits nothing, and its connection stays. So it is for a stream with
 * a head that is beyond its limits.
 */
export class LastWords {
  private readonly listener: LastWordsListener;
  private readonly frames = new FrameScanner((part) => this.hearPart(part));
  /** Codes that are said on our behalf. */
  private readonly expected = new Set([0]);
  private payload: Buffer = Buffer.alloc(0);
  private prefaceLeft: number;

  /** `preface`: bytes that come before the first frame. */
  constructor(listener: LastWordsListener, preface = 0) {
    this.listener = listener;
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

  private hearPart({ type, stream, bytes, from, to, isFirst, isLast }: FramePart): void {
    if (type !== frameTypes.goaway && type !== frameTypes.reset) return;
    const part = bytes.subarray(from, to);
    this.payload = Buffer.concat(isFirst ? [part] : [this.payload, part]);
    if (!isLast) return;
    if (type === frameTypes.reset) {
      if (this.payload.readUInt32BE(0) === constants.NGHTTP2_ENHANCE_YOUR_CALM) this.listener.calmed(stream);
      return;
    }
    const code = this.payload.readUInt32BE(codeAt);
    const why = this.payload.toString("latin1", reasonAt) || (http2Codes[code] ?? `code ${code}`);
    // Behind what is being done with these bytes.
    if (!this.expected.has(code)) queueMicrotask(() => this.listener.ended(why));
  }
}
