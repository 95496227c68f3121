import type { Random } from "../../model/fault-type.ts";

/** Changes a share of the bytes of data, drawn one by one: from one to the next it skips as many as a geometric draw says, which costs nothing for those between. */
export class Corruption {
  private readonly share: number;
  private readonly random: Random;
  /** Bytes of data that stay as they are before the next that changes. */
  private skip: number;

  constructor(share: number, random: Random) {
    this.share = share;
    this.random = random;
    this.skip = this.drawSkip();
  }

  /** The same bytes when none of them changes, else a copy: the bytes may be someone else's too. */
  apply(bytes: Buffer, spans: readonly number[]): Buffer {
    let changed: Buffer | undefined;
    for (let s = 0; s < spans.length; s += 2) {
      const [start = 0, end = 0] = spans.slice(s, s + 2);
      let at = start + this.skip;
      for (; at < end; at += 1 + this.drawSkip()) {
        changed ??= Buffer.from(bytes);
        // Any other value, each as likely.
        changed[at]! ^= 1 + Math.floor(this.random() * 255);
      }
      this.skip = at - end;
    }
    return changed ?? bytes;
  }

  private drawSkip(): number {
    if (this.share >= 1) return 0;
    return this.share <= 0 ? Number.POSITIVE_INFINITY : Math.floor(Math.log(1 - this.random()) / Math.log1p(-this.share));
  }
}
