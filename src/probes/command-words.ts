/**
 * Splits a command line into words as a POSIX shell would, without a shell: blanks separate, 'single' quotes are literal,
 * "double" quotes and backslashes as in POSIX 2.2; nothing is expanded. `${…}` is kept whole, so that a value with blanks stays one word.
 * Returns what is wrong, as a string, when a quote is not closed.
 */
export function splitWords(line: string): readonly string[] | string {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const piece = pieceAt(line, i);
    if (piece === undefined) return `the ${char} at character ${i + 1} is not closed`;
    word = (word ?? "") + piece.text;
    i = piece.end;
  }
  return word === undefined ? words : [...words, word];
}

/** The quoted, escaped, template or plain piece that starts at `i`, and where it ends. */
function pieceAt(line: string, i: number): { readonly text: string; readonly end: number } | undefined {
  const char = line.charAt(i);
  if (char === "\\") return { text: line.charAt(i + 1), end: i + 1 };
  if (char === "'" || line.startsWith("${", i)) {
    const end = line.indexOf(char === "'" ? "'" : "}", i + 1);
    if (end < 0) return undefined;
    return { text: char === "'" ? line.slice(i + 1, end) : line.slice(i, end + 1), end };
  }
  return char === '"' ? doubleQuoted(line, i + 1) : { text: char, end: i };
}

function doubleQuoted(line: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let text = "";
  for (let i = start; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === '"') return { text, end: i };
    const escaped = char === "\\" && /["\\$`]/.test(line.charAt(i + 1));
    text += escaped ? line.charAt(++i) : char;
  }
  return undefined;
}
