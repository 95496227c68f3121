import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { columnsOf, outputOf, wantsColour } from "../../src/cli/terminal.ts";

describe("colours", () => {
  test.each([
    ["are on at a terminal", { isTTY: true }, {}, [], true],
    ["are off when piped", {}, {}, [], false],
    ["are off with --no-color", { isTTY: true }, { FORCE_COLOR: "1" }, ["run", "--no-color"], false],
    ["are off with NO_COLOR, also against FORCE_COLOR", { isTTY: true }, { NO_COLOR: "1", FORCE_COLOR: "1" }, [], false],
    ["do not mind an empty NO_COLOR", { isTTY: true }, { NO_COLOR: "" }, [], true],
    ["are on in a pipe with FORCE_COLOR", {}, { FORCE_COLOR: "1" }, [], true],
    ["are off with FORCE_COLOR=0", { isTTY: true }, { FORCE_COLOR: "0" }, [], false],
    ["are off at a dumb terminal", { isTTY: true }, { TERM: "dumb" }, [], false],
  ])("%s", (_claim, stream, env, argv, expected) => {
    expect(wantsColour(stream, env, argv)).toBe(expected);
  });
});

describe("the width", () => {
  test.each([
    ["is the terminal's", { columns: 132 }, { COLUMNS: "60" }, 132],
    ["is COLUMNS without a terminal", {}, { COLUMNS: "60" }, 60],
    ["is 80 when nobody knows", {}, { COLUMNS: "wide" }, 80],
    ["is 80 when the terminal says 0", { columns: 0 }, {}, 80],
    ["is never below 40", { columns: 7 }, {}, 40],
  ])("%s", (_claim, stream, env, expected) => {
    expect(columnsOf(stream, env)).toBe(expected);
  });
});

test.each([[80, true], [0, false]])("lines are drawn anew at a terminal of %i columns: %s", (columns, live) => {
  expect(outputOf(Object.assign(new PassThrough(), { isTTY: true, columns }), {}, []).live).toBe(live);
});

describe("what cannot be written", () => {
  const streamOf = (): PassThrough => {
    const stream = new PassThrough();
    outputOf(stream, {}, []);
    return stream;
  };
  const failed = (code: string): Error => Object.assign(new Error(code), { code });

  test.each(["EPIPE", "EIO"])("%s, a reader or a terminal that went away, is dropped", (code) => {
    expect(() => streamOf().emit("error", failed(code))).not.toThrow();
  });

  test("for want of room is no silence", () => {
    expect(() => streamOf().emit("error", failed("ENOSPC"))).toThrow("ENOSPC");
  });
});
