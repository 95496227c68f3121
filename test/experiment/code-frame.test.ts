import { describe, expect, test } from "vitest";
import { codeFrame } from "../../src/experiment/code-frame.ts";

describe("a code frame", () => {
  test("shows the line with its neighbours and carets under the place", () => {
    expect(codeFrame("a: 1\nb: two\nc: 3\n", { line: 2, column: 4, length: 3 })).toBe("  1 | a: 1\n> 2 | b: two\n    |    ^^^\n  3 | c: 3");
  });

  test("of the first and the last line has one neighbour, and blank neighbours are left out", () => {
    expect(codeFrame("a: 1\n\n", { line: 1, column: 1, length: 1 })).toBe("> 1 | a: 1\n    | ^");
    expect(codeFrame("a: 1\nb: 2", { line: 2, column: 4, length: 99 })).toBe("  1 | a: 1\n> 2 | b: 2\n    |    ^");
  });

  test("aligns line numbers, tabs and Windows line ends", () => {
    const text = Array.from({ length: 10 }, (_, i) => `\tkey${i}: 1`).join("\r\n");
    expect(codeFrame(text, { line: 9, column: 2, length: 4 })).toBe("   8 |  key7: 1\n>  9 |  key8: 1\n     |  ^^^^\n  10 |  key9: 1");
  });

  test("cuts a long line around the place", () => {
    const frame = codeFrame(`${"x".repeat(500)}wrong${"y".repeat(500)}`, { line: 1, column: 501, length: 5 });
    const [source = "", carets = ""] = frame.split("\n");
    expect(source.length).toBeLessThan(130);
    expect(source.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("wrong");
  });

  test("points somewhere even where there is nothing", () => {
    expect(codeFrame("", { line: 1, column: 1, length: 0 })).toBe("> 1 |\n    | ^");
  });
});
