/** Opcodes of data frames (RFC 6455 §5.2); those of control frames have the bit 8. */
const continuation = 0x0;
const binary = 0x2;
const close = 0x8;
const pong = 0xa;

const longestHeaderBytes = 14;
const longestControlBytes = 125;

/** What a step over the bytes came to: more bytes are needed for a header, a header is whole, payload of the frame, or no frame at all. */
export type Step = "more" | "header" | "payload" | "invalid";

export interface ScannerOptions {
  /** The frames come from the client, and so are masked. */
  readonly masked: boolean;
  /** Extensions were agreed on, which give the reserved bits a meaning. */
  readonly extended: boolean;
}

/** Finds the frames in the bytes of one direction of a WebSocket, however they are split (RFC 6455 §5.2). Reads headers only. */
export class FrameScanner {
  /** Offset behind the last step. */
  end = 0;
  /** Messages whose first frame has begun. */
  messages = 0;
  /** Of the frame under way: bytes of its payload that have not come. */
  payloadLeft = 0;
  /** The frame whose header came last is the first of a message. */
  isFirst = false;
  /** It is the last of a message. */
  isLast = false;
  isControl = false;
  isClose = false;
  /** Of a first frame: the message is compressed (RFC 7692 §6). */
  isCompressed = false;
  private readonly options: ScannerOptions;
  private readonly header = Buffer.alloc(longestHeaderBytes);
  private have = 0;
  private need = 2;
  private isInMessage = false;

  constructor(options: ScannerOptions) {
    this.options = options;
  }

  /** Part of a header has come. */
  get isInHeader(): boolean {
    return this.have > 0;
  }

  /** Goes on in `bytes[at..]`, which is not empty, up to `end`. */
  step(bytes: Buffer, at: number): Step {
    if (this.payloadLeft > 0) {
      const length = Math.min(this.payloadLeft, bytes.length - at);
      this.payloadLeft -= length;
      this.end = at + length;
      return "payload";
    }
    let next = at;
    while (this.have < this.need && next < bytes.length) {
      this.header[this.have++] = bytes[next++]!;
      if (this.have === 2) this.need = headerLength(this.header[1]!);
    }
    this.end = next;
    if (this.have < this.need) return "more";
    this.have = 0;
    this.need = 2;
    return this.read() ? "header" : "invalid";
  }

  private read(): boolean {
    const first = this.header[0]!;
    const second = this.header[1]!;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    const reserved = first & 0x70;
    this.isControl = opcode >= close;
    this.isClose = opcode === close;
    this.isFirst = !this.isControl && opcode !== continuation;
    this.isLast = !this.isControl && isFinal;
    this.isCompressed = (first & 0x40) !== 0;
    this.payloadLeft = payloadLength(this.header);
    if (((second & 0x80) !== 0) !== this.options.masked || (reserved !== 0 && !this.options.extended)) return false;
    if (opcode > pong || (opcode > binary && opcode < close) || this.payloadLeft > Number.MAX_SAFE_INTEGER) return false;
    if (this.isControl) return isFinal && this.payloadLeft <= longestControlBytes;
    // A message goes on in continuation frames only, and nothing else does (§5.4).
    if (this.isFirst === this.isInMessage) return false;
    this.isInMessage = !isFinal;
    if (this.isFirst) this.messages++;
    return true;
  }
}

/** Two bytes, then an extended length of 2 or 8, then a masking key of 4. */
function headerLength(second: number): number {
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
}

function payloadLength(header: Buffer): number {
  const length = header[1]! & 0x7f;
  if (length < 126) return length;
  return length === 126 ? header.readUInt16BE(2) : header.readUInt32BE(2) * 2 ** 32 + header.readUInt32BE(6);
}
