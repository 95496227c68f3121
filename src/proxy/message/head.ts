import { CR, LF } from "../http1/bytes.ts";

/** The head of a message, line by line as it came: what is not changed goes on as it is, in its order and case. */
export interface MessageHead {
  /** Of a request `method SP target SP version`, of an answer `version SP status SP reason`. */
  readonly startLine: string;
  readonly lines: readonly string[];
}

/** Header → its new value; null: it is taken out. */
export type HeaderChanges = Readonly<Record<string, string | null>>;

/** The head that stands whole at the start of the bytes of a message, and where its body begins. */
export function readHead(bytes: Buffer): { readonly head: MessageHead; readonly bodyAt: number } {
  let start = 0;
  // Empty lines may stand before it (RFC 9112 §2.2).
  while (bytes[start] === CR || bytes[start] === LF) start++;
  const end = bytes.indexOf("\r\n\r\n", start);
  const [startLine = "", ...lines] = bytes.toString("latin1", start, end).split("\r\n");
  return { head: { startLine, lines }, bodyAt: end + 4 };
}

export function writeHead({ startLine, lines }: MessageHead): Buffer {
  return Buffer.from(`${[startLine, ...lines].join("\r\n")}\r\n\r\n`, "latin1");
}

/** Name and value of each line. */
export function fieldsOf(lines: readonly string[]): readonly (readonly [name: string, value: string])[] {
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

/** The lines of what Node calls raw: names and values by turns. */
export function linesOf(raw: readonly string[]): readonly string[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${raw[i + 1] ?? ""}`] : []));
}

/** The values of all headers of a lower-case name, joined with ", "; undefined when there is none. */
export function valueOf(lines: readonly string[], name: string): string | undefined {
  const values = fieldsOf(lines).flatMap(([found, value]) => (found.toLowerCase() === name ? [value] : []));
  return values.length === 0 ? undefined : values.join(", ");
}

/** A changed header stays in the place and case of its first line, the others of its name go; a new one comes last. */
export function editLines(lines: readonly string[], changes: HeaderChanges): readonly string[] {
  const left = new Map(Object.entries(changes).map(([name, value]) => [name.toLowerCase(), { name, value }]));
  const done = new Set<string>();
  const edited = lines.flatMap((line) => {
    const name = line.slice(0, line.indexOf(":"));
    const key = name.toLowerCase();
    const change = left.get(key);
    if (change === undefined) return [line];
    if (done.has(key) || change.value === null) return [];
    done.add(key);
    return [`${name}: ${change.value}`];
  });
  const added = [...left].flatMap(([key, { name, value }]) => (done.has(key) || value === null ? [] : [`${name}: ${value}`]));
  return [...edited, ...added];
}
