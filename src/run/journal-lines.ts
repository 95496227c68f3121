import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ChaosError } from "../model/error.ts";

/** Hands the lines of a journal file to `read`. Throws ChaosError `journal-unreadable` when there is no such file. */
export async function withLines<T>(path: string, read: (lines: AsyncIterable<string>) => Promise<T>): Promise<T> {
  const input = createReadStream(path);
  // Lines of an input that fails end without a word.
  const failed = new Promise<never>((_, reject) => {
    input.once("error", (error) => reject(new ChaosError("journal-unreadable", `the journal cannot be read: ${error.message}`, { hint: "a run writes it to .chaos/<run>/, or where --journal says", cause: error })));
  });
  try {
    return await Promise.race([read(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })), failed]);
  } finally {
    input.destroy();
  }
}
