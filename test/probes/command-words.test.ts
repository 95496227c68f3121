import { describe, expect, test } from "vitest";
import { splitWords } from "../../src/probes/command-words.ts";

describe("splitting a command line", () => {
  test.each([
    ["node app.mjs --port 3", ["node", "app.mjs", "--port", "3"]],
    ["  a\t b\n", ["a", "b"]],
    [`echo 'a "b" $c'`, ["echo", `a "b" $c`]],
    [String.raw`echo "a \"b\" \$c \n" d\ e`, ["echo", String.raw`a "b" $c \n`, "d e"]],
    [`a'b'"c"d ''`, ["abcd", ""]],
    ["curl ${services.a.url}/x ${env with blanks}", ["curl", "${services.a.url}/x", "${env with blanks}"]],
    ["", []],
  ])("reads %j as a shell would", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each(["a 'b", 'a "b', "a ${b"])("says where the quote of %j begins that is not closed", (line) => {
    expect(splitWords(line)).toMatch(/character 3 is not closed/);
  });
});
