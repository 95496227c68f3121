/** Sorts row numbers in place, keeping the order of equals: a merge sort beside one array of its size, where the engine's own would box every number. */
export function sortRows<R extends Uint32Array>(rows: R, compare: (a: number, b: number) => number): R {
  const scratch = new Uint32Array(rows.length);
  for (let width = 1; width < rows.length; width *= 2) {
    for (let from = 0; from + width < rows.length; from += 2 * width) mergeRuns(rows, scratch, from, from + width, Math.min(from + 2 * width, rows.length), compare);
  }
  return rows;
}

/** Two sorted neighbours become one. */
function mergeRuns(rows: Uint32Array, scratch: Uint32Array, from: number, middle: number, to: number, compare: (a: number, b: number) => number): void {
  // Most rows come nearly in order.
  if (compare(rows[middle - 1] ?? 0, rows[middle] ?? 0) <= 0) return;
  scratch.set(rows.subarray(from, middle), from);
  for (let left = from, right = middle, at = from; left < middle; at += 1) {
    const isLeft = right >= to || compare(scratch[left] ?? 0, rows[right] ?? 0) <= 0;
    rows[at] = (isLeft ? scratch[left++] : rows[right++]) ?? 0;
  }
}
