import { describe, expect, it } from "vitest";
import { copying, lending } from "../../src/proxy/read-memory.ts";

type Reader = ReturnType<typeof lending>;

const nextOf = ({ buffer }: Reader): Uint8Array => (typeof buffer === "function" ? buffer() : buffer);

/** A read that fills so much of the memory that the reader gives. */
function read(reader: Reader, text: string, length?: number): void {
  const memory = nextOf(reader);
  const bytes = length ?? memory.length;
  memory.fill(text.charCodeAt(0), 0, bytes);
  reader.callback(bytes, memory);
}

describe("lending", () => {
  it("copies small reads, so that the shared memory is free for other connections", () => {
    const taken: Buffer[] = [];
    const reader = lending((bytes) => taken.push(bytes) < 0);
    read(reader, "a", 1000);
    read(reader, "b", 1000);
    expect(taken.map(String)).toEqual(["a".repeat(1000), "b".repeat(1000)]);
  });

  it("uses memory again only when it was given back", () => {
    const taken: Buffer[] = [];
    let givesBack = true;
    const reader = lending((bytes) => {
      taken.push(bytes);
      return givesBack;
    });
    read(reader, "a");
    const own = nextOf(reader);
    read(reader, "b");
    expect(nextOf(reader)).toBe(own);
    givesBack = false;
    read(reader, "c");
    expect(nextOf(reader)).not.toBe(own);
    read(reader, "d");
    expect(taken.at(-2)?.every((byte) => byte === 0x63)).toBe(true);
  });

  it("keeps no memory of its own for a stream that has become a trickle", () => {
    const others = lending(() => true);
    const reader = lending(() => false);
    read(reader, "a");
    read(reader, "b", 10);
    expect(nextOf(reader)).toBe(nextOf(others));
  });
});

describe("copying", () => {
  it("leaves what was taken as it was, whatever is read next", () => {
    const taken: Buffer[] = [];
    const reader = copying((bytes) => taken.push(bytes));
    read(reader, "a");
    read(reader, "b", 5);
    expect(taken[0]?.every((byte) => byte === 0x61)).toBe(true);
  });
});
