/** What has been started and how to undo it; undone in reverse, each whatever became of the others. */
export class Undo {
  readonly #steps: { readonly what: string; readonly undo: () => Promise<void> }[] = [];

  add(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /** Returns what could not be undone, with the reason. */
  async all(): Promise<readonly string[]> {
    const left: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const { what, undo } = step;
      await undo().catch((error: unknown) => void left.push(`${what}: ${error instanceof Error ? error.message : String(error)}`));
    }
    return left;
  }
}
