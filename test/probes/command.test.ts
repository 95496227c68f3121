import { describe, expect, test } from "vitest";
import { command } from "../../src/probes/command.ts";

describe("what a command probe runs", () => {
  test.each([
    [{ command: ["node", "a b.mjs", 3] }, { command: ["node", "a b.mjs", "3"], shell: false }],
    [{ command: "node 'a b.mjs'" }, { command: ["node", "a b.mjs"], shell: false }],
    [{ command: "a | b", shell: true }, { command: ["a | b"], shell: true }],
    [{ command: ["a | b"], shell: true, cwd: "x", env: { N: 3 } }, { command: ["a | b"], cwd: "x", env: { N: "3" } }],
  ])("%j", (given, call) => {
    expect(command.ask(command.params.parse(given))).toMatchObject({ kind: "command", ...call });
  });

  test("is the same after its parameters have been parsed again", () => {
    for (const given of [{ command: "a 'b c'" }, { command: "a | b", shell: true }]) {
      const once = command.params.parse(given);
      expect(command.params.parse(once)).toEqual(once);
    }
  });

  test("is refused when it cannot be split, is empty, or is a list for the shell", () => {
    for (const [given, message] of [[{ command: "a 'b" }, /not closed/], [{ command: " " }, /got blanks/], [{ command: ["a", "b"], shell: true }, /as one text/]] as const) {
      const result = command.params.safeParse(given);
      expect(result.error?.issues[0]).toMatchObject({ path: ["command"], message: expect.stringMatching(message) as string });
    }
  });
});

describe("the grade of a command", () => {
  const depth = command.params.parse({ command: "depth", expect: { stdout: { matches: "^[0-9]$" } }, degraded: { exit: [0, 3] } });

  test("goes by exit code and output, without the last line break", () => {
    expect(command.grade(depth, { exitCode: 0, stdout: "7\n" })).toBe("good");
    expect(command.grade(depth, { exitCode: 0, stdout: "70\n" })).toBe("degraded");
    expect(command.grade(depth, { exitCode: 3, stdout: "" })).toBe("degraded");
    expect(command.grade(depth, { exitCode: 1, stdout: "" })).toBe("bad");
    expect(command.grade(depth, { failure: "timeout" })).toBe("bad");
  });

  test("is blamed on what was expected", () => {
    expect(command.blame(depth, { exitCode: 1, stdout: "no queue\n" })).toBe("expected exit 0, got 1: no queue");
    expect(command.blame(depth, { exitCode: 0, stdout: "70\n" })).toBe('expected the output to be a text that matches /^[0-9]$/, got "70"');
    expect(command.blame(depth, {})).toBe("expected exit 0, got none");
  });
});
