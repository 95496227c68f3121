import type { Json } from "../../model/json.ts";

/** What is to become of values in a JSON text, by JSON pointer (RFC 6901). */
export interface JsonChanges {
  /** New values, of what is there and of members that are not; `-` in place of an index is behind the last. */
  readonly set: Readonly<Record<string, Json>>;
  readonly remove: readonly string[];
}

/** A member of an object, or an item of a list: where it begins (with its name), where its value does, where it ends, and its neighbours. */
interface Entry {
  readonly start: number;
  readonly valueAt: number;
  readonly end: number;
  /** Where the one before it ends. */
  readonly beforeEnd: number | undefined;
  /** Where the one behind it begins. */
  nextStart?: number;
}

/** What an object or a list holds. */
interface Contents {
  /** The entry of the name that was looked for; of names that stand twice the last counts, as for JSON.parse. */
  readonly entry: Entry | undefined;
  readonly count: number;
  /** Where the last one ends. */
  readonly lastEnd: number | undefined;
}

/**
 * The text with the changes made; all else stays as it is, letter for letter: numbers that no double holds, the order of names, white space.
 * Undefined when nothing is there to be changed. Throws SyntaxError when the text is no JSON.
 */
export function editJson(text: string, { set, remove }: JsonChanges): string | undefined {
  JSON.parse(text);
  let edited: string | undefined;
  for (const [pointer, value] of Object.entries(set)) edited = setAt(edited ?? text, tokensOf(pointer), JSON.stringify(value)) ?? edited;
  for (const pointer of remove) edited = removeAt(edited ?? text, tokensOf(pointer)) ?? edited;
  return edited;
}

function tokensOf(pointer: string): readonly string[] {
  return pointer.split("/").slice(1).map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function setAt(text: string, tokens: readonly string[], value: string): string | undefined {
  const last = tokens.at(-1);
  if (last === undefined) return splice(text, skipSpace(text, 0), valueEnd(text, skipSpace(text, 0)), value);
  const parentAt = find(text, tokens.slice(0, -1));
  if (parentAt === undefined || (text[parentAt] !== "{" && text[parentAt] !== "[")) return undefined;
  const { entry, count, lastEnd } = lookInto(text, parentAt, last);
  if (entry !== undefined) return splice(text, entry.valueAt, entry.end, value);
  if (text[parentAt] === "[" && last !== "-" && last !== String(count)) return undefined;
  const added = text[parentAt] === "[" ? value : `${JSON.stringify(last)}:${value}`;
  return lastEnd === undefined ? splice(text, parentAt + 1, parentAt + 1, added) : splice(text, lastEnd, lastEnd, `,${added}`);
}

function removeAt(text: string, tokens: readonly string[]): string | undefined {
  const last = tokens.at(-1);
  const parentAt = find(text, tokens.slice(0, -1));
  if (last === undefined || parentAt === undefined) return undefined;
  const { entry } = lookInto(text, parentAt, last);
  if (entry === undefined) return undefined;
  if (entry.nextStart !== undefined) return splice(text, entry.start, entry.nextStart, "");
  return splice(text, entry.beforeEnd ?? entry.start, entry.end, "");
}

/** Where the value begins that the tokens lead to. */
function find(text: string, tokens: readonly string[]): number | undefined {
  let at: number | undefined = skipSpace(text, 0);
  for (const token of tokens) {
    at = lookInto(text, at, token).entry?.valueAt;
    if (at === undefined) return undefined;
  }
  return at;
}

/** Nothing is in what is neither object nor list. The text is known to be JSON: only what ends things is looked for, and of millions of entries none is kept. */
function lookInto(text: string, at: number, wanted: string): Contents {
  const isObject = text.charCodeAt(at) === OPEN_BRACE;
  let entry: Entry | undefined;
  let count = 0;
  let lastEnd: number | undefined;
  if (!isObject && text.charCodeAt(at) !== OPEN_BRACKET) return { entry, count, lastEnd };
  const index = /^(?:0|[1-9]\d*)$/.test(wanted) ? Number(wanted) : -1;
  let i = skipSpace(text, at + 1);
  while (!isClosing(text.charCodeAt(i))) {
    // Behind an item that was found, and the beginning of the next, nothing of a list is asked for.
    if (!isObject && entry?.nextStart !== undefined) break;
    const start = i;
    let isWanted = count === index;
    if (isObject) {
      const nameEnd = stringEnd(text, i);
      isWanted = isNamed(text.slice(i, nameEnd), wanted);
      i = skipSpace(text, skipSpace(text, nameEnd) + 1);
    }
    const end = valueEnd(text, i);
    if (isWanted) entry = { start, valueAt: i, end, beforeEnd: lastEnd };
    else if (entry !== undefined) entry.nextStart ??= start;
    count++;
    lastEnd = end;
    i = skipSpace(text, end);
    if (text.charCodeAt(i) === COMMA) i = skipSpace(text, i + 1);
  }
  return { entry, count, lastEnd };
}

function isNamed(literal: string, name: string): boolean {
  return literal.includes("\\") ? JSON.parse(literal) === name : literal.slice(1, -1) === name;
}

/** Behind the value that begins there. */
function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return stringEnd(text, at);
  let i = at;
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    while (i < text.length && !isAfterWord(text.charCodeAt(i))) i++;
    return i;
  }
  let depth = 0;
  do {
    const sign = text.charCodeAt(i);
    if (sign === QUOTE) i = stringEnd(text, i) - 1;
    else if (sign === OPEN_BRACE || sign === OPEN_BRACKET) depth++;
    else if (isClosing(sign)) depth--;
    i++;
  } while (depth > 0);
  return i;
}

function stringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && isSpace(text.charCodeAt(i))) i++;
  return i;
}

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

function isSpace(sign: number): boolean {
  return sign === 32 || sign === 10 || sign === 13 || sign === 9;
}

function isClosing(sign: number): boolean {
  return sign === CLOSE_BRACKET || sign === CLOSE_BRACE;
}

/** Ends a number or a word. */
function isAfterWord(sign: number): boolean {
  return sign === COMMA || isClosing(sign) || isSpace(sign);
}

function splice(text: string, start: number, end: number, middle: string): string {
  return text.slice(0, start) + middle + text.slice(end);
}
