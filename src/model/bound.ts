/** A claimed range of one number, as written: `"<= 250ms"`, `">= 99%"`, `"== 3"`, `"1.5s..3s"`. JSON-safe: an absent side is open. */
export interface Bound {
  /** As the author wrote it, for reports. */
  readonly text: string;
  /** In base units: ms, share 0..1, factor, per second, bytes, or a count. */
  readonly min?: number;
  readonly max?: number;
  /** True for `<` and `>`: the end itself is outside. */
  readonly minOpen?: boolean;
  readonly maxOpen?: boolean;
}
