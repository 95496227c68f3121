import { randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuv";
const processPart = randomBytes(5);
let count = randomBytes(3).readUIntBE(0, 3);

/** A name for one request in the form of an xid: 20 characters that hold the second, this process and a count, so that they sort by time. */
export function nextRequestId(nowMs = Date.now()): string {
  count = (count + 1) % 2 ** 24;
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(Math.floor(nowMs / 1000) % 2 ** 32, 0);
  processPart.copy(bytes, 4);
  bytes.writeUIntBE(count, 9, 3);
  return inBase32(bytes);
}

/** Five bits a character; the last holds what is left. */
function inBase32(bytes: Buffer): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31];
}
