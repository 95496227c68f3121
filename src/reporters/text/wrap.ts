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

/** Puts items on as many lines as they need, three blanks apart, never breaking one. */
export function flow(items: readonly { readonly plain: string; readonly painted: string }[], width: number): readonly string[] {
  const lines: string[] = [];
  let used = 0;
  for (const { plain, painted } of items) {
    const fits = lines.length > 0 && used + 3 + plain.length <= width;
    if (fits) lines[lines.length - 1] += `   ${painted}`;
    else lines.push(painted);
    used = fits ? used + 3 + plain.length : plain.length;
  }
  return lines;
}
