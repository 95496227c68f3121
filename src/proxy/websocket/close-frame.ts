/** A Close frame (RFC 6455 §5.5.1). With `maskingKey` (4 bytes) as a client sends it. */
export function encodeClose({ code, reason }: { readonly code: number; readonly reason: string }, maskingKey?: Uint8Array): Buffer {
  const text = Buffer.from(reason);
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code);
  text.copy(payload, 2);
  if (maskingKey === undefined) return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), maskingKey, payload.map((byte, i) => byte ^ maskingKey[i % 4]!)]);
}
