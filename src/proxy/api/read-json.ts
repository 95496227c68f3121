import type { Json } from "../../model/json.ts";

/** One JSON value as it stands in a text: keys in their order, numbers as they are written. */
export type Written =
  | { readonly kind: "null" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "array"; readonly items: readonly Written[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [key: string, value: Written])[] };

/** Nobody nests so deep, and each level takes of the stack. */
const deepest = 1000;

/** What is wrong with a text, in the words of Go's decoder. */
export class JsonSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonSyntaxError";
  }
}

/** Reads the first value of a text; what follows it is not looked at. Throws JsonSyntaxError with what Go's decoder would say of it. */
export function readJson(text: string): Written {
  const reader = new Reader(text);
  reader.skipSpace();
  if (reader.isAtEnd()) throw new JsonSyntaxError("EOF");
  return reader.value(0);
}

/** The value as plain data. Of keys that stand twice the last one counts. */
export function plainJson(written: Written): Json {
  switch (written.kind) {
    case "null": return null;
    case "number": return Number(written.text);
    case "array": return written.items.map(plainJson);
    case "object": return Object.fromEntries(written.entries.map(([key, value]) => [key, plainJson(value)]));
    default: return written.value;
  }
}

const literals = [["true", { kind: "bool", value: true }], ["false", { kind: "bool", value: false }], ["null", { kind: "null" }]] as const;
const spaces = " \t\r\n";
const digits = "0123456789";

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skipSpace(): void {
    while (!this.isAtEnd() && spaces.includes(this.#next())) this.#at += 1;
  }

  value(depth: number): Written {
    if (depth > deepest) throw new JsonSyntaxError("exceeded max depth");
    const first = this.#next();
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"') return { kind: "string", value: this.#string() };
    if (first === "-" || digits.includes(first)) return this.#number();
    const literal = literals.find(([word]) => word[0] === first);
    if (literal === undefined) throw this.#unexpected("looking for beginning of value");
    this.#word(literal[0]);
    return literal[1];
  }

  #object(depth: number): Written {
    const entries: (readonly [string, Written])[] = [];
    this.#at += 1;
    this.skipSpace();
    while (entries.length > 0 || this.#next() !== "}") {
      if (this.#next() !== '"') throw this.#unexpected("looking for beginning of object key string");
      const key = this.#string();
      this.skipSpace();
      if (this.#next() !== ":") throw this.#unexpected("after object key");
      this.#at += 1;
      this.skipSpace();
      entries.push([key, this.value(depth + 1)]);
      this.skipSpace();
      if (this.#next() === "}") break;
      if (this.#next() !== ",") throw this.#unexpected("after object key:value pair");
      this.#at += 1;
      this.skipSpace();
    }
    this.#at += 1;
    return { kind: "object", entries };
  }

  #array(depth: number): Written {
    const items: Written[] = [];
    this.#at += 1;
    this.skipSpace();
    while (items.length > 0 || this.#next() !== "]") {
      items.push(this.value(depth + 1));
      this.skipSpace();
      if (this.#next() === "]") break;
      if (this.#next() !== ",") throw this.#unexpected("after array element");
      this.#at += 1;
      this.skipSpace();
    }
    this.#at += 1;
    return { kind: "array", items };
  }

  #string(): string {
    const start = this.#at;
    let isEscaped = false;
    this.#at += 1;
    for (let character = this.#next(); character !== '"'; character = this.#next()) {
      if (character < " ") throw this.#unexpected("in string literal");
      this.#at += 1;
      if (character !== "\\") continue;
      isEscaped = true;
      const code = this.#next();
      if (!'bfnrt\\/"u'.includes(code)) throw this.#unexpected("in string escape code");
      this.#at += 1;
      if (code === "u") this.#hex();
    }
    this.#at += 1;
    const value = isEscaped ? unescape(this.#text.slice(start, this.#at)) : this.#text.slice(start + 1, this.#at - 1);
    // Half a pair is no character, and cannot be written down again.
    return value.replaceAll(/\p{Surrogate}/gu, "\u{fffd}");
  }

  #hex(): void {
    for (let digit = 0; digit < 4; digit++) {
      if (!/[\da-f]/i.test(this.#next())) throw this.#unexpected("in \\u hexadecimal character escape");
      this.#at += 1;
    }
  }

  #number(): Written {
    const start = this.#at;
    if (this.#next() === "-") this.#at += 1;
    if (!digits.includes(this.#next())) throw this.#unexpected("in numeric literal");
    if (this.#next() === "0") this.#at += 1;
    else this.#digits();
    if (this.#peek() === ".") {
      this.#at += 1;
      if (!digits.includes(this.#next())) throw this.#unexpected("after decimal point in numeric literal");
      this.#digits();
    }
    if (this.#peek() === "e" || this.#peek() === "E") {
      this.#at += 1;
      if (this.#next() === "+" || this.#next() === "-") this.#at += 1;
      if (!digits.includes(this.#next())) throw this.#unexpected("in exponent of numeric literal");
      this.#digits();
    }
    return { kind: "number", text: this.#text.slice(start, this.#at) };
  }

  #digits(): void {
    while (this.#peek() !== "" && digits.includes(this.#peek())) this.#at += 1;
  }

  #word(word: string): void {
    for (const character of word) {
      if (this.#next() !== character) throw this.#unexpected(`in literal ${word} (expecting '${character}')`);
      this.#at += 1;
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  /** Where something has to come. */
  #next(): string {
    if (this.isAtEnd()) throw new JsonSyntaxError("unexpected EOF");
    return this.#peek();
  }

  #unexpected(where: string): JsonSyntaxError {
    return new JsonSyntaxError(`invalid character ${quoted(this.#text.slice(this.#at, this.#at + 2))} ${where}`);
  }
}

function unescape(literal: string): string {
  const value: unknown = JSON.parse(literal);
  return typeof value === "string" ? value : "";
}

const shortEscapes: Readonly<Record<string, string>> = { "\u0007": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", "'": "\\'" };

/** The first byte of a text as Go quotes it: it reads bytes, and takes each for a character. */
function quoted(text: string): string {
  const byte = Buffer.from(text)[0] ?? 0;
  const character = String.fromCodePoint(byte);
  const hex = byte.toString(16).padStart(2, "0");
  const shown = shortEscapes[character] ?? (byte < 0x20 || byte === 0x7f ? `\\x${hex}` : byte >= 0x80 && (byte <= 0xa0 || byte === 0xad) ? `\\u00${hex}` : character);
  return `'${shown}'`;
}
