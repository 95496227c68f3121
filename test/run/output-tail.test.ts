import { describe, expect, test } from "vitest";
import { OutputTail } from "../../src/run/output-tail.ts";

/** Whether a promise has been settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe("OutputTail", () => {
  test("gives the last lines, the one that has begun too", () => {
    const tail = new OutputTail();
    tail.add("one\ntwo\r\nth");
    tail.add("ree");
    expect(tail.last(2)).toEqual(["two", "three"]);
    expect(tail.last(9)).toEqual(["one", "two", "three"]);
  });

  test("keeps no more than 40 lines of 500 characters, however much comes", () => {
    const tail = new OutputTail();
    for (let i = 0; i < 1000; i++) tail.add(`${i} ${"x ".repeat(1000)}\n`);
    tail.add("y ".repeat(500_000));
    const lines = tail.last(Number.POSITIVE_INFINITY);
    expect(lines.length).toBe(41);
    expect(lines[0]).toMatch(/^960 [x ]+$/);
    expect(Math.max(...lines.map((line) => line.length))).toBe(500);
  });

  test.each([
    ["line", ["\n"]],
    ["line that ends later", [" ", "\n"]],
    ["line that goes on", [""]],
  ])("cuts a %s between words: half a secret would not be known for one", (_, ends) => {
    const words = Array.from({ length: 100 }, (_, i) => `its-s3cret-${i}`);
    const tail = new OutputTail();
    tail.add(words.join(" "));
    for (const end of ends) tail.add(end);
    const [line = ""] = tail.last(1);
    expect(line).toContain("…");
    for (const word of line.trim().split(" ")) expect([...words, "…"]).toContain(word);
  });

  test.each([1, 2, 3, 7, 100])("finds a text that comes %i characters at a time", async (step) => {
    const tail = new OutputTail();
    const found = tail.seek("now listening");
    const text = "starting\nit is now listening on 1\n";
    const end = text.indexOf("listening") + "listening".length;
    const add = (from: number, to: number): void => {
      for (let at = from; at < to; at += step) tail.add(text.slice(at, Math.min(at + step, to)));
    };
    add(0, end - 1);
    expect(await isSettled(found)).toBe(false);
    add(end - 1, text.length);
    expect(await isSettled(found)).toBe(true);
  });

  test("finds a text that is longer than what is kept of a line", async () => {
    const tail = new OutputTail();
    const sought = "z".repeat(700);
    const found = tail.seek(sought);
    for (const letter of `${"y".repeat(50)}${sought}`) tail.add(letter);
    expect(await isSettled(found)).toBe(true);
  });
});
