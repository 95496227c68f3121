import { keyedRandom } from "../../src/math/random.ts";

/** Choices that a key alone determines. */
export class Draw {
  private readonly random: () => number;

  constructor(...key: readonly (string | number)[]) {
    this.random = keyedRandom(...key);
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** From `min` to `max` texts, one behind the other. */
  times(min: number, max: number, make: () => string): string {
    let text = "";
    for (let n = min + this.below(max - min + 1); n > 0; n--) text += make();
    return text;
  }

  /** The bytes cut into packets: one, single bytes, or anything between. */
  packets(bytes: Buffer): readonly Buffer[] {
    const most = this.pick([1, 7, 40, 200, Number.POSITIVE_INFINITY]);
    const packets: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, most === Number.POSITIVE_INFINITY ? bytes.length : at + 1 + this.below(most));
      packets.push(bytes.subarray(at, end));
      at = end;
    }
    return packets;
  }
}
