import { skipSpace, trimSpace } from "./field-values.ts";

/** The values of all headers of a lower-case name, joined with ", "; undefined when there is none. `lines` as the scanner found them. */
export function findHeader(bytes: Buffer, base: number, lines: readonly number[], name: string): string | undefined {
  let found: string | undefined;
  for (let i = 3; i < lines.length; i += 3) {
    const start = base + lines[i]!;
    const colon = base + lines[i + 1]!;
    if (colon - start !== name.length || bytes.toString("latin1", start, colon).toLowerCase() !== name) continue;
    const end = base + lines[i + 2]!;
    const from = skipSpace(bytes, colon + 1, end);
    const value = bytes.toString("latin1", from, trimSpace(bytes, from, end));
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}
