/** How many of the first places 0..length−1 a condition holds for; it must hold for all of them up to some place, and for none after. */
export function partitionPoint(length: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
