/** The part of a head that has come, while the rest has not. Grows by doubling, so that a head in one-byte packets costs no more than its length. */
export class HeadCarry {
  length = 0;
  private bytes: Buffer | undefined;

  /** All that has come of the head and what followed in the last packet; valid until `clear`, and after it no byte of it is overwritten. */
  append(packet: Buffer): Buffer {
    const needed = this.length + packet.length;
    if (this.bytes === undefined || this.bytes.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(1024, needed * 2));
      this.bytes?.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    packet.copy(this.bytes, this.length);
    this.length = needed;
    return this.bytes.subarray(0, needed);
  }

  clear(): void {
    this.length = 0;
    this.bytes = undefined;
  }
}
