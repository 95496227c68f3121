/** Tables as plain text for the terminal and as Markdown. */

export function textTable(head, rows) {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ").trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

export function markdownTable(head, rows) {
  return [head, head.map((_, i) => (i === 0 ? "---" : "--:")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

export const number = (value, digits = 0) => (value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits));

export function ratioCell(ratio) {
  if (ratio === undefined) return "–";
  return Number.isFinite(ratio.hi) ? `${ratio.mean.toFixed(2)} (${ratio.lo.toFixed(2)}–${ratio.hi.toFixed(2)})` : ratio.mean.toFixed(2);
}

export const intervalCell = (interval) => (interval === undefined ? "–" : `${number(interval.value, 1)} (${number(interval.lo, 1)} to ${number(interval.hi, 1)})`);
