import { ChaosError } from "../model/error.ts";
import type { Event, JournalHeader } from "../model/event.ts";
import { decodeEvent, decodeHeader } from "./codec.ts";

/**
 * Reads a journal line by line; it is never held whole.
 * A last line that was cut off (the run was killed as it wrote) is left out; a bad line elsewhere throws ChaosError `journal-unreadable`.
 */
export async function readJournal(lines: AsyncIterable<string>): Promise<{ readonly header: JournalHeader; readonly events: AsyncIterable<Event> }> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true || first.value === "") {
    throw new ChaosError("journal-unreadable", "expected a journal, got an empty file", { hint: "the run was ended before it began: run it again" });
  }
  return { header: decodeHeader(first.value), events: eventsOf(iterator) };
}

async function* eventsOf(iterator: AsyncIterator<string>): AsyncIterable<Event> {
  let lineNumber = 1;
  let next = await iterator.next();
  while (next.done !== true) {
    const line = next.value;
    lineNumber += 1;
    next = await iterator.next();
    const isLast = next.done === true;
    if (isLast && isCutOff(line)) return;
    yield decodeEvent(line, lineNumber);
  }
}

/** Only a whole line ends the object that it began. */
function isCutOff(line: string): boolean {
  try {
    JSON.parse(line);
    return false;
  } catch {
    return true;
  }
}
