/** Carries changes out one after another for each name, and at once where their names differ. */
export class ChangeQueue {
  /** The last change asked for, by name; it settles and never fails. */
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for all earlier changes of these names. What `change` throws is thrown, and hinders no later one. */
  async run<T>(names: readonly string[], change: () => Promise<T>): Promise<T> {
    const before = [...new Set(names)].flatMap((name) => this.#last.get(name) ?? []);
    const done = Promise.all(before).then(change);
    const settled = done.then(ignore, ignore);
    for (const name of names) this.#last.set(name, settled);
    try {
      return await done;
    } finally {
      for (const name of names) if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }
}

function ignore(): void {
  // The one who asked for it is told.
}
