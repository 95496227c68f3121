/** Longer lines are cut around the place. */
const maxColumns = 120;

/** The line of a place with its neighbours, numbered, and carets under the place; line and column count from 1. */
export function codeFrame(text: string, at: { readonly line: number; readonly column: number; readonly length: number }): string {
  const lines = text.split(/\r?\n/);
  const first = Math.max(1, at.line - 1);
  const last = Math.min(lines.length, at.line + 1);
  const gutter = String(last).length;
  const cut = at.column > maxColumns - 20 ? at.column - 40 : 0;
  const rows: string[] = [];
  for (let number = first; number <= last; number++) {
    const content = lines[number - 1] ?? "";
    if (number !== at.line && content.trim() === "") continue;
    const shown = content.slice(cut, cut + maxColumns).replaceAll("\t", " ");
    rows.push(`${number === at.line ? ">" : " "} ${String(number).padStart(gutter)} | ${shown}`.trimEnd());
    if (number !== at.line) continue;
    const room = Math.max(1, shown.trimEnd().length - (at.column - 1 - cut));
    rows.push(`  ${" ".repeat(gutter)} | ${" ".repeat(at.column - 1 - cut)}${"^".repeat(Math.max(1, Math.min(at.length, room)))}`);
  }
  return rows.join("\n");
}
