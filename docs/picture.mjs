// Draws terminal output with its colours as an SVG: FORCE_COLOR=1 chaos report JOURNAL | node docs/picture.mjs > docs/report.svg
import { text as readAll } from "node:stream/consumers";

const colours = { 30: "#484f58", 31: "#ff7b72", 32: "#3fb950", 33: "#d29922", 34: "#58a6ff", 35: "#bc8cff", 36: "#39c5cf", 37: "#b1bac4", 90: "#6e7681", 91: "#ffa198", 92: "#56d364", 93: "#e3b341", 94: "#79c0ff", 95: "#d2a8ff", 96: "#56d4dd", 97: "#f0f6fc" };
const [charWidth, lineHeight, margin] = [8.43, 18, 20];
const escape = (s) => s.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A line as runs of one style each: [{ text, column, style }]. SGR state goes on from line to line. */
function runsOf(line, state) {
  const runs = [];
  let column = 0;
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    const codes = /^\x1b\[([\d;]*)m$/.exec(part);
    if (codes !== null) for (const code of codes[1].split(";")) apply(Number(code), state);
    else if (part !== "") {
      runs.push({ text: part, column, style: { ...state } });
      column += [...part].length;
    }
  }
  return runs;
}

function apply(code, state) {
  if (code === 0) Object.assign(state, { colour: undefined, bold: false, dim: false });
  else if (code === 1) state.bold = true;
  else if (code === 2) state.dim = true;
  else if (code === 22) Object.assign(state, { bold: false, dim: false });
  else if (code === 39) state.colour = undefined;
  else if (colours[code] !== undefined) state.colour = colours[code];
}

function drawRun({ text, column, style }, y) {
  if (text.trim() === "") return "";
  const attributes = [
    `x="${(margin + column * charWidth).toFixed(1)}" y="${y}" textLength="${([...text].length * charWidth).toFixed(1)}"`,
    `fill="${style.colour ?? "#c9d1d9"}"`,
    style.bold ? 'font-weight="bold"' : "",
    style.dim ? 'opacity="0.65"' : "",
  ];
  return `<text ${attributes.filter(Boolean).join(" ")} xml:space="preserve">${escape(text)}</text>`;
}

const lines = (await readAll(process.stdin)).trimEnd().split("\n");
const state = {};
const rows = lines.map((line) => runsOf(line, state));
const columns = Math.max(...rows.flat().map((run) => run.column + [...run.text].length));
const [width, height] = [Math.ceil(columns * charWidth + 2 * margin), lines.length * lineHeight + 2 * margin];
process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
${rows.map((runs, i) => runs.map((run) => drawRun(run, margin + 14 + i * lineHeight)).join("")).join("\n")}
</svg>
`);
