/** The nearest number of 32 bits, with as few digits as tell it apart: what Toxiproxy's clients read back. */
export function asFloat32(value: number): number {
  const nearest = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(nearest.toPrecision(digits));
    if (Math.fround(short) === nearest) return short;
  }
  return Number(nearest.toPrecision(9));
}
