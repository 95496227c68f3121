type Numbers = Float64Array | Float32Array | Uint32Array | Uint16Array;

const chunkBits = 14;
const chunkRows = 2 ** chunkBits;

// No more kinds than these: code that meets more than four kinds of array is compiled for none of them.
const make = {
  f64: () => new Float64Array(chunkRows),
  f32: () => new Float32Array(chunkRows),
  u32: () => new Uint32Array(chunkRows),
  u16: () => new Uint16Array(chunkRows),
};

/**
 * A growing column of numbers, in chunks so that a million rows cost their bytes and no more.
 * A chunk in which every row says "none" (NaN in floats, else 0) costs nothing: most columns of most runs are such.
 */
export class Column {
  readonly #make: () => Numbers;
  readonly #none: number;
  readonly #chunks: (Numbers | undefined)[] = [];
  #length = 0;

  constructor(kind: keyof typeof make) {
    this.#make = make[kind];
    this.#none = kind === "f64" || kind === "f32" ? Number.NaN : 0;
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const at = this.#length++;
    if ((at & (chunkRows - 1)) === 0) this.#chunks.push(undefined);
    this.set(at, value);
  }

  /** NaN for a row that does not exist. */
  get(row: number): number {
    if (row >= this.#length) return Number.NaN;
    return this.#chunks[row >>> chunkBits]?.[row & (chunkRows - 1)] ?? this.#none;
  }

  set(row: number, value: number): void {
    if (row >= this.#length) return;
    const place = row >>> chunkBits;
    let chunk = this.#chunks[place];
    if (chunk === undefined) {
      if (Object.is(value, this.#none)) return;
      chunk = this.#make();
      if (this.#none !== 0) chunk.fill(this.#none);
      this.#chunks[place] = chunk;
    }
    chunk[row & (chunkRows - 1)] = value;
  }

  /** All rows in ascending order. */
  sorted(): Float64Array {
    const all = new Float64Array(this.#length).fill(this.#none);
    for (const [place, chunk] of this.#chunks.entries()) {
      const from = place * chunkRows;
      if (chunk !== undefined) all.set(chunk.subarray(0, Math.min(chunkRows, all.length - from)), from);
    }
    return all.sort();
  }
}

/** Rows that need not be held: asked by place, as an array is. */
export interface Rows<T> {
  readonly length: number;
  at(place: number): T | undefined;
}

/** The rows for which a condition holds, in order. */
export function rowsWhere(length: number, isWanted: (row: number) => boolean): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(length);
  let found = 0;
  for (let row = 0; row < length; row += 1) if (isWanted(row)) rows[found++] = row;
  return found === length ? rows : rows.slice(0, found);
}

/** Texts as small numbers; 0 is "none". Beyond `limit` different ones the text is not kept. */
export class Texts {
  readonly #limit: number;
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [""];

  constructor(limit: number) {
    this.#limit = limit;
  }

  number(text: string | undefined): number {
    if (text === undefined) return 0;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length > this.#limit) return 0;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  text(number: number): string | undefined {
    return number === 0 ? undefined : this.#texts[number];
  }
}
