/** A frame as a test writes it. */
export interface Frame {
  readonly opcode: number;
  readonly final: boolean;
  readonly payload: Buffer;
  readonly reserved?: number;
}

export const text = 0x1;
export const continuation = 0x0;

/** A frame on the wire (RFC 6455 §5.2); with `mask` as a client sends it. */
export function encodeFrame({ opcode, final, payload, reserved = 0 }: Frame, mask?: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (mask === undefined ? 0 : 0x80) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) head.writeUInt16BE(length, 2);
  return mask === undefined ? Buffer.concat([head, payload]) : Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4]!)]);
}

/** A whole text message in one frame, as a server sends it. */
export function message(words: string): Buffer {
  return encodeFrame({ opcode: text, final: true, payload: Buffer.from(words) });
}
