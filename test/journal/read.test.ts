import { describe, expect, test } from "vitest";
import type { Event } from "../../src/model/event.ts";
import { encodeHeader } from "../../src/journal/codec.ts";
import { readJournal } from "../../src/journal/read.ts";
import { header, lineOf } from "./header.ts";

const events: readonly Event[] = [1, 2, 3].map((seq) => ({ kind: "max-duration", seq, atMs: seq }));

async function* linesOf(lines: readonly string[]): AsyncIterable<string> {
  yield* lines;
}

async function read(lines: readonly string[]): Promise<readonly Event[]> {
  const journal = await readJournal(linesOf(lines));
  const found: Event[] = [];
  for await (const event of journal.events) found.push(event);
  return found;
}

describe("readJournal", () => {
  const lines = [encodeHeader(header), ...events.map(lineOf)];

  test("gives the header and every event in order", async () => {
    expect((await readJournal(linesOf(lines))).header).toEqual(header);
    expect(await read(lines)).toEqual(events);
  });

  test("leaves out a last line that was cut off, at any place", async () => {
    const last = lines.at(-1) ?? "";
    for (let length = 0; length < last.length; length++) {
      expect(await read([...lines.slice(0, -1), last.slice(0, length)])).toEqual(events.slice(0, -1));
    }
  });

  test("refuses a bad line in the middle and names it", async () => {
    await expect(read([lines[0] ?? "", lines[1] ?? "", "{oops", lines[3] ?? ""])).rejects.toThrow(/journal, line 3: expected a JSON object/);
  });

  test("refuses a last line that is whole and yet no event", async () => {
    await expect(read([...lines, '{"kind":"x"}'])).rejects.toThrow(/line 5/);
  });

  test.each([[[]], [[""]]])("says that %j is an empty file", async (empty) => {
    await expect(read(empty)).rejects.toThrow(/empty file/);
  });

  test("holds no more than one line beyond the event it gives", async () => {
    let taken = 0;
    const counted = async function* (): AsyncIterable<string> {
      for (const line of lines) {
        taken += 1;
        yield line;
      }
    };
    const journal = await readJournal(counted());
    for await (const event of journal.events) expect(taken).toBeLessThanOrEqual(event.seq + 2);
    expect(taken).toBe(lines.length);
  });
});
