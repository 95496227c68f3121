/** Breaks a text into lines of at most `width` columns at spaces; words longer than a line are cut. */
export function wrap(text: string, width: number): readonly string[] {
  const room = Math.max(10, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((part) => part !== "")) {
    let rest = word;
    if (line !== "" && line.length + 1 + rest.length > room) {
      lines.push(line);
      line = "";
    }
    while (rest.length > room) {
      lines.push(rest.slice(0, room));
      rest = rest.slice(room);
    }
    line = line === "" ? rest : `${line} ${rest}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** Wraps with a first-line lead such as `→ `, the other lines set in under it. */
export function hang(lead: string, text: string, width: number, indent = ""): readonly string[] {
  return wrap(text, width - indent.length - lead.length).map((line, i) => `${indent}${i === 0 ? lead : " ".repeat(lead.length)}${line}`);
}

/** Cuts to `width` columns, showing that something is missing. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
