import { constants } from "node:http2";
import { FrameScanner, frameTypes } from "./frame-scanner.ts";
import type { FramePart } from "./frame-scanner.ts";

const settingLength = 6;
const ack = 0x1;

/**
 * Tells a caller how many streams upstream takes, in place of how many we take. Told by node:http2 itself a lower number would be in force at once, and what
 * the caller had sent before it knew would be refused: so what is enforced stays, and what is told is written over it.
 */
export class AnnouncedStreams {
  private atMost: number;
  private readonly frames = new FrameScanner((part) => this.amendPart(part));

  constructor(atMost: number) {
    this.atMost = atMost;
  }

  /** Whether that is news, to be told by settings that are sent now. */
  change(atMost: number): boolean {
    const isNew = atMost !== this.atMost;
    this.atMost = atMost;
    return isNew;
  }

  /** Bytes that the session says, all of them and in their order. */
  amend(bytes: Buffer): void {
    this.frames.scan(bytes);
  }

  private amendPart({ type, flags, bytes, from, to, isFirst, isLast }: FramePart): void {
    if (type !== frameTypes.settings || (flags & ack) !== 0 || !isFirst || !isLast) return;
    for (let at = from; at + settingLength <= to; at += settingLength) {
      if (bytes.readUInt16BE(at) === constants.NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) bytes.writeUInt32BE(this.atMost, at + 2);
    }
  }
}
