const keptLines = 40;
const keptCharacters = 500;

/** The last lines that a service wrote, and what is looked for in all that it writes; bounded, however much comes. */
export class OutputTail {
  readonly #lines: string[] = [];
  #begun = "";
  #isCut = false;
  #sought: { readonly text: string; readonly found: () => void } | undefined;

  /** Resolves when the text has come, cut over any number of chunks; to be called before the first. */
  seek(text: string): Promise<void> {
    return new Promise((found) => {
      this.#sought = { text, found };
    });
  }

  add(chunk: string): void {
    const lines = (this.#begun + chunk).split("\n");
    this.#search(lines);
    if (this.#isCut && lines.length > 1) [lines[0], this.#isCut] = [withoutBeginning(lines[0] ?? ""), false];
    this.#begun = lines.pop() ?? "";
    // What is sought may yet be completed by the next chunk.
    const kept = Math.max(keptCharacters, this.#sought?.text.length ?? 0);
    if (this.#begun.length > kept) [this.#begun, this.#isCut] = [this.#begun.slice(-kept), true];
    this.#lines.push(...lines.slice(-keptLines).map((line) => beginning(line.trimEnd())));
    this.#lines.splice(0, Math.max(0, this.#lines.length - keptLines));
  }

  /** The last lines, oldest first. */
  last(count: number): readonly string[] {
    const begun = this.#begun.trimEnd();
    return [...this.#lines, this.#isCut ? withoutBeginning(begun) : begun].filter((line) => line !== "").slice(-count);
  }

  #search(lines: readonly string[]): void {
    if (this.#sought === undefined || !lines.join("\n").includes(this.#sought.text)) return;
    this.#sought.found();
    this.#sought = undefined;
  }
}

/* Lines are cut between words: half a secret would not be known for one, and be written down. */

function beginning(line: string): string {
  return line.length > keptCharacters ? line.slice(0, keptCharacters).replace(/\S+$/, "…") : line;
}

function withoutBeginning(line: string): string {
  return line.replace(/^\S+/, "…");
}
