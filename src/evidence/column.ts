type Numbers = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array;

const chunkBits = 14;
const chunkRows = 2 ** chunkBits;

const make = {
  f64: () => new Float64Array(chunkRows),
  f32: () => new Float32Array(chunkRows),
  u32: () => new Uint32Array(chunkRows),
  u16: () => new Uint16Array(chunkRows),
  u8: () => new Uint8Array(chunkRows),
};

/** A growing column of numbers, in chunks so that a million rows cost their bytes and no more. */
export class Column {
  readonly #make: () => Numbers;
  readonly #chunks: Numbers[] = [];
  #length = 0;

  constructor(kind: keyof typeof make) {
    this.#make = make[kind];
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const at = this.#length++;
    if ((at & (chunkRows - 1)) === 0) this.#chunks.push(this.#make());
    this.set(at, value);
  }

  /** NaN for a row that does not exist. */
  get(row: number): number {
    return this.#chunks[row >>> chunkBits]?.[row & (chunkRows - 1)] ?? Number.NaN;
  }

  set(row: number, value: number): void {
    const chunk = this.#chunks[row >>> chunkBits];
    if (chunk !== undefined) chunk[row & (chunkRows - 1)] = value;
  }
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
