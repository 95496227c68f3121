const keptLines = 40;
const keptCharacters = 500;

/** The last lines that a service wrote, and what is looked for in all that it writes; bounded, however much comes. */
export class OutputTail {
  readonly #lines: string[] = [];
  #begun = "";
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
    this.#begun = lines.pop() ?? "";
    // What is sought may yet be completed by the next chunk.
    const kept = Math.max(keptCharacters, this.#sought?.text.length ?? 0);
    if (this.#begun.length > kept) this.#begun = this.#begun.slice(-kept);
    this.#lines.push(...lines.slice(-keptLines).map((line) => line.trimEnd().slice(0, keptCharacters)));
    this.#lines.splice(0, Math.max(0, this.#lines.length - keptLines));
  }

  /** The last lines, oldest first. */
  last(count: number): readonly string[] {
    return [...this.#lines, this.#begun.trimEnd()].filter((line) => line !== "").slice(-count);
  }

  #search(lines: readonly string[]): void {
    if (this.#sought === undefined || !lines.join("\n").includes(this.#sought.text)) return;
    this.#sought.found();
    this.#sought = undefined;
  }
}
