/** A wildcard with the plain text behind it. */
interface Part {
  readonly wildcard: string;
  readonly text: string;
}

/**
 * Tests whole texts against a glob. `**` stands for anything, and between slashes for a single slash too; `*` for anything, where `bound` is given for
 * anything without it. Takes time in proportion to the text, which is for callers to choose: a regular expression may try for seconds.
 */
export function compileGlob(glob: string, bound?: "/"): (text: string) => boolean {
  const [start = "", ...rest] = glob.split(/(\/\*\*+\/|\*\*+|\*)/);
  const parts: Part[] = [];
  for (let i = 0; i < rest.length; i += 2) parts.push({ wildcard: rest[i]!, text: rest[i + 1]! });
  return (text) => {
    if (parts.length === 0 || !text.startsWith(start)) return text === start;
    let reached: readonly number[] = [start.length];
    for (const part of parts) reached = follow(part, text, reached, bound);
    return reached.at(-1) === text.length;
  };
}

/** Where in the text one may be behind the part, in order, when it begins at one of `from`. */
function follow({ wildcard, text: wanted }: Part, text: string, from: readonly number[], bound: "/" | undefined): readonly number[] {
  if (wildcard === "*") return ends(text, wanted, from, bound);
  if (wildcard.startsWith("*")) return ends(text, wanted, from, undefined);
  return ends(text, `/${wanted}`, from.filter((at) => text[at] === "/"), undefined);
}

/** Behind each `wanted` that comes after one of `from` with no `bound` between them; each is looked at once. */
function ends(text: string, wanted: string, from: readonly number[], bound: "/" | undefined): readonly number[] {
  const found: number[] = [];
  let next = -1;
  let seenTo = -1;
  for (const start of from) {
    if (start <= seenTo) continue;
    const boundAt = bound === undefined ? -1 : text.indexOf(bound, start);
    seenTo = boundAt < 0 ? text.length : boundAt;
    if (next < start) next = indexOf(text, wanted, start);
    for (; next <= seenTo; next = indexOf(text, wanted, next + 1)) found.push(next + wanted.length);
  }
  return found;
}

/** Infinity: nowhere. */
function indexOf(text: string, wanted: string, from: number): number {
  const at = from > text.length ? -1 : text.indexOf(wanted, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}
