/** A field's name as it is written: behind a brace as the first, or behind a comma; and whether its number is a time. */
interface Name {
  readonly field: string;
  readonly first: Uint8Array;
  readonly next: Uint8Array;
  readonly isTime: boolean;
  /** What stood behind it last: records of a kind have the same fields in the same order. */
  follower: Name | undefined;
}

const names = new Map<string, Name>();
/** Fields are few; names that come from users, such as those of probes, are not kept without end. */
const mostNames = 1000;

/** 1 for the characters of ASCII that a text of JSON has as they are. */
const isPlain = new Uint8Array(128).map((_, code) => (code >= 32 && code < 127 && code !== 34 && code !== 92 ? 1 : 0));

const word = (text: string): Uint8Array => Buffer.from(text, "latin1");
const words = { null: word("null"), true: word("true"), false: word("false"), none: word("{}") };
const code = { quote: 34, comma: 44, dot: 46, zero: 48, open: 91, close: 93, brace: 125, lineBreak: 10 };

/** More than any number or word has bytes. */
const shortBytes = 32;

/**
 * Plain data as lines of JSON, as JSON.stringify gives it, but with times (fields whose name ends with Ms) rounded to three decimals (1 µs).
 * Made as bytes, because a text is made of hundreds of small ones and then of bytes anyway.
 */
export class JsonLines {
  readonly #size: number;
  #bytes: Uint8Array;
  #length = 0;
  /** What was taken last. */
  #taken: Uint8Array | undefined;

  /** `size`: bytes of memory to begin with; it grows. */
  constructor(size: number) {
    this.#size = size;
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  add(value: unknown): void {
    this.#value(value);
    this.#byte(code.lineBreak);
  }

  /** All lines so far. They may be read until the next are taken. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    const before = this.#taken;
    this.#taken = this.#bytes;
    // What had to grow is not kept.
    this.#bytes = before?.length === this.#size ? before : Buffer.allocUnsafeSlow(this.#size);
    this.#length = 0;
    return taken;
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#copy(value ? words.true : words.false);
      case "object":
        return value === null ? this.#copy(words.null) : Array.isArray(value) ? this.#list(value) : this.#object(value);
      default:
        return this.#copy(words.null);
    }
  }

  #object(fields: object): void {
    const start = this.#length;
    let before: Name | undefined;
    for (const field in fields) {
      const value: unknown = fields[field as keyof typeof fields];
      if (value === undefined || typeof value === "function" || typeof value === "symbol") continue;
      const name: Name = before?.follower?.field === field ? before.follower : nameOf(field, before);
      this.#copy(before === undefined ? name.first : name.next);
      before = name;
      if (name.isTime && typeof value === "number") this.#time(value);
      else this.#value(value);
    }
    if (this.#length === start) this.#copy(words.none);
    else this.#byte(code.brace);
  }

  #list(items: readonly unknown[]): void {
    this.#byte(code.open);
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.#byte(code.comma);
      this.#value(items[i]);
    }
    this.#byte(code.close);
  }

  #time(ms: number): void {
    const thousandths = Math.round(ms * 1000);
    // Beyond, a part of the number would not be one of 31 bits: some three weeks.
    if (!(thousandths >= 0 && thousandths < 2e12)) return this.#number(thousandths / 1000);
    const whole = Math.floor(thousandths / 1000);
    this.#digits(whole);
    let rest = thousandths - whole * 1000;
    if (rest === 0) return;
    const bytes = this.#bytes;
    bytes[this.#length++] = code.dot;
    for (let unit = 100; rest > 0; unit /= 10) {
      const digit = Math.floor(rest / unit);
      bytes[this.#length++] = code.zero + digit;
      rest -= digit * unit;
    }
  }

  #number(value: number): void {
    if (value >= 0 && value < 2 ** 31 && Math.floor(value) === value) this.#digits(value);
    else this.#ascii(Number.isFinite(value) ? String(value) : "null");
  }

  /** Of a whole number below 2³¹; leaves room for its decimals. */
  #digits(value: number): void {
    const bytes = this.#roomFor(shortBytes);
    let rest = value | 0;
    let end = this.#length + 1;
    for (let power = 10; power <= rest; power *= 10) end++;
    this.#length = end;
    do {
      const tens = (rest / 10) | 0;
      bytes[--end] = code.zero + rest - tens * 10;
      rest = tens;
    } while (rest > 0);
  }

  #text(text: string): void {
    const { length } = text;
    const bytes = this.#roomFor(length + 2);
    let at = this.#length;
    bytes[at++] = code.quote;
    for (let i = 0; i < length; i++) {
      const character = text.charCodeAt(i);
      if (character > 127 || isPlain[character] === 0) return this.#copy(Buffer.from(JSON.stringify(text)));
      bytes[at++] = character;
    }
    bytes[at++] = code.quote;
    this.#length = at;
  }

  #ascii(text: string): void {
    const bytes = this.#roomFor(text.length);
    for (let i = 0; i < text.length; i++) bytes[this.#length++] = text.charCodeAt(i);
  }

  #copy(source: Uint8Array): void {
    const { length } = source;
    const bytes = this.#roomFor(length);
    let at = this.#length;
    // Names are short: to hand them to the runtime costs more.
    if (length > 64) bytes.set(source, at);
    else for (let i = 0; i < length; i++) bytes[at++] = source[i]!;
    this.#length += length;
  }

  #byte(byte: number): void {
    this.#roomFor(1)[this.#length++] = byte;
  }

  #roomFor(length: number): Uint8Array {
    if (this.#length + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow((this.#length + length) * 2);
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}

function nameOf(field: string, before: Name | undefined): Name {
  const name = names.get(field) ?? makeName(field);
  if (before !== undefined) before.follower = name;
  return name;
}

function makeName(field: string): Name {
  const quoted = JSON.stringify(field);
  const name: Name = { field, first: Buffer.from(`{${quoted}:`), next: Buffer.from(`,${quoted}:`), isTime: field.endsWith("Ms"), follower: undefined };
  if (names.size < mostNames) names.set(field, name);
  return name;
}
