import type { Paint, Style } from "./paint.ts";
import { cut } from "./wrap.ts";

/** One character of a drawing and how it is painted. */
export interface Cell {
  readonly glyph: string;
  readonly style: readonly Style[];
}

/** One line of a drawing. */
export interface Row {
  readonly label: string;
  readonly cells: readonly Cell[];
  /** What the right margin says, where there is one. */
  readonly note: string;
}

/** How a width is shared between what stands left of a drawing, the drawing, and its right margin. */
export interface Frame {
  readonly indent: number;
  readonly labelWidth: number;
  readonly columns: number;
  /** 0: no margin. */
  readonly noteWidth: number;
}

export const blank: Cell = { glyph: " ", style: [] };

export function blanks(columns: number): Cell[] {
  return Array.from({ length: columns }, () => blank);
}

export function cellsOf(text: string, style: readonly Style[]): readonly Cell[] {
  return Array.from(text, (glyph) => ({ glyph, style }));
}

export function frameOf(width: number, labels: readonly string[], indent: number): Frame {
  const noteWidth = width >= 72 ? 10 : 0;
  const labelWidth = Math.min(Math.max(...labels.map((label) => label.length)), width >= 72 ? 18 : Math.floor(width / 3));
  const columns = width - indent - labelWidth - 1 - (noteWidth === 0 ? 0 : noteWidth + 1);
  return { indent, labelWidth, columns: Math.max(10, columns), noteWidth };
}

export function printRow({ label, cells, note }: Row, { indent, labelWidth, noteWidth }: Frame, paint: Paint): string {
  const margin = noteWidth === 0 || note === "" ? "" : ` ${paint(["dim"], cut(note, noteWidth))}`;
  // Blanks that are painted could not be trimmed.
  const drawn = margin === "" ? cells.slice(0, cells.findLastIndex(({ glyph }) => glyph !== " ") + 1) : cells;
  return `${" ".repeat(indent)}${cut(label, labelWidth).padEnd(labelWidth)} ${paintCells(drawn, paint)}${margin}`.trimEnd();
}

/** The line of times above a drawing. */
export function printTicks(ticks: string, { indent, labelWidth }: Frame, paint: Paint): string {
  return paint(["dim"], `${" ".repeat(indent + labelWidth)} ${ticks}`.trimEnd());
}

/** Neighbours of one style are painted together. */
function paintCells(cells: readonly Cell[], paint: Paint): string {
  let [text, run, style] = ["", "", [] as readonly Style[]];
  for (const cell of cells) {
    if (cell.style.join() !== style.join()) {
      text += paint(style, run);
      run = "";
      style = cell.style;
    }
    run += cell.glyph;
  }
  return text + paint(style, run);
}
