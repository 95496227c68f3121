// Results in a file of JSON lines, so that a long benchmark can be taken up again.
import { open, readFile } from "node:fs/promises";

/** What a file of results holds; nothing when it is not there yet. A last line that was cut off is left out. */
export async function readResults(file) {
  if (file === undefined) return [];
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** Appends results, line by line; without a file, nothing. */
export class ResultLog {
  #file;

  constructor(path) {
    this.#file = path === undefined ? undefined : open(path, "a");
  }

  async add(result) {
    await (await this.#file)?.appendFile(`${JSON.stringify(result)}\n`);
  }

  async close() {
    await (await this.#file)?.close();
  }
}
