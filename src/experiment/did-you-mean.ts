/** Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, neighbours swapped. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row[j] = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + (same ? 0 : 1), swapped);
    }
  }
  return cell(a.length, b.length);
}

/** Case and separators do not count: `slow_body`, `slowBody` and `slow-body` are the same word. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, "");
}

function begins(word: string, start: string): boolean {
  return start.length >= 4 && word.startsWith(start);
}

/** The known word nearest to what was written, when it is near enough to be meant. */
export function closest(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of known) {
    const candidate = plain(name);
    const distance = editDistance(wanted, candidate);
    const near = distance <= Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3)) || begins(candidate, wanted) || begins(wanted, candidate);
    if (near && distance < candidate.length && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

/** A hint for an unknown word: the nearest known one, else all of them. */
export function suggest(word: string, known: Iterable<string>): string {
  const names = [...known];
  const near = closest(word, names);
  if (near !== undefined) return `did you mean "${near}"?`;
  return names.length === 0 ? "there is none" : `known: ${names.join(", ")}`;
}

/** The same for a word of a short list, which is shown in any case. */
export function suggestAmong(word: string, known: readonly string[], meant?: string): string {
  const near = meant !== undefined && known.includes(meant) ? meant : closest(word, known);
  return `${near === undefined ? "" : `did you mean "${near}"? `}known: ${known.join(", ")}`;
}
