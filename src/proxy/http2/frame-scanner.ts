/** Types of frames that are looked at (RFC 9113 §6). */
export const frameTypes = { headers: 0x1, reset: 0x3, settings: 0x4, goaway: 0x7, continuation: 0x9 } as const;

/** A part of a frame's payload, from `from` to before `to`. */
export interface FramePart {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** Whether the payload begins, and whether it ends with this part. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const headLength = 9;

/** Follows the frames of one direction (RFC 9113 §4.1), however their bytes are cut. */
export class FrameScanner {
  private readonly onPart: (part: FramePart) => void;
  private readonly head = Buffer.alloc(headLength);
  private headCame = 0;
  private left = 0;
  private isFirst = true;

  constructor(onPart: (part: FramePart) => void) {
    this.onPart = onPart;
  }

  /** The head of a frame has begun to come, and not come whole. */
  get isInHead(): boolean {
    return this.headCame > 0 && this.headCame < headLength;
  }

  scan(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.headCame < headLength) {
        at += this.takeHead(bytes, at);
        if (this.headCame < headLength) return;
      }
      const to = at + Math.min(this.left, bytes.length - at);
      this.left -= to - at;
      const isLast = this.left === 0;
      this.onPart({ type: this.head.readUInt8(3), flags: this.head.readUInt8(4), stream: this.head.readUInt32BE(5) & 0x7fffffff, bytes, from: at, to, isFirst: this.isFirst, isLast });
      this.isFirst = isLast;
      if (isLast) this.headCame = 0;
      at = to;
    }
  }

  /** Returns how many bytes it took. */
  private takeHead(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.head, this.headCame, at, at + headLength - this.headCame);
    this.headCame += taken;
    if (this.headCame === headLength) this.left = this.head.readUIntBE(0, 3);
    return taken;
  }
}
