/** How much of the client's bytes a silent connection still takes. */
export class Mute {
  private leftBytes = Number.POSITIVE_INFINITY;

  /** No more than so many bytes are taken from now on. */
  takesOnly(bytes: number): void {
    this.leftBytes = Math.min(this.leftBytes, bytes);
  }

  /** Counts bytes that were taken; false: no more are. */
  takes(bytes: number): boolean {
    this.leftBytes -= bytes;
    return this.leftBytes > 0;
  }
}
