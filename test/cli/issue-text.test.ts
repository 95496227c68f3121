import { describe, expect, test } from "vitest";
import type { Issue } from "../../src/cli/api.ts";
import { issueCount, issueText } from "../../src/cli/issue-text.ts";

const line = `  shop: { type: http, url: "http://127.0.0.1/", timeout: 2s, load: 50/s, expect: { status: 200 } }`;
const issue: Issue = {
  code: "some-code", severity: "warning", file: "x.yaml", line: 24, column: 59,
  message: "the probe shop gives up after 2s, and slow delays by 2s: answers that wait for it are never seen",
  hint: "make it longer", frame: `  23 | probes:\n> 24 | ${line}\n     | ${" ".repeat(58)}^^`,
};

describe("an issue", () => {
  test("keeps its first line whole where there is no terminal", () => {
    const [first, ...rest] = issueText(issue, { colour: false, live: false, width: 60 }).split("\n");
    expect(first).toBe(`x.yaml:24:59: warning: ${issue.message} [some-code]`);
    expect(rest).toContain("  help: make it longer");
    expect(rest).toContain(`> 24 | ${line}`);
  });

  test.each([40, 60, 80])("fits a terminal of %i columns, and shows the place", (width) => {
    const text = issueText(issue, { colour: false, live: true, width });
    expect(Math.max(...text.split("\n").map((shown) => shown.length))).toBeLessThanOrEqual(width);
    const [source = "", caret = ""] = text.split("\n").filter((shown) => /^> 24|\^/.test(shown));
    expect(source.slice(caret.indexOf("^"), caret.lastIndexOf("^") + 1)).toBe(line.slice(58, 60));
  });

  test("is coloured in its parts only", () => {
    const text = issueText(issue, { colour: true, live: false, width: 80 });
    expect(text).toContain("\u001B[33mwarning\u001B[39m: the probe");
    expect(text).toContain("\u001B[1mx.yaml:24:59\u001B[22m: ");
  });

  test("takes no control character of anybody's to the terminal, and keeps its lines", () => {
    const text = issueText({ code: "x", severity: "error", file: "a\u001B[2J.yaml", message: "it wrote:\n  \u001B]0;title\u0007 \u009B5n", hint: "\u202Ebackwards", frame: "> 1 | \u001B[31m" }, { colour: false, live: false, width: 80 });
    expect(text).toBe("a [2J.yaml: error: it wrote:\n   ]0;title   5n [x]\n> 1 |  [31m\n  help:  backwards\n");
  });

  test("without a place begins with its severity", () => {
    expect(issueText({ code: "usage", severity: "error", message: "wrong" }, { colour: false, live: false, width: 80 })).toBe("error: wrong [usage]\n");
  });
});

test("issues are counted by severity", () => {
  expect(issueCount([issue, issue, { ...issue, severity: "error" }])).toBe("1 error, 2 warnings");
  expect(issueCount([])).toBe("");
});
