import { z } from "zod";
import type { ProbeAnswer, ProbeType } from "../model/probe-type.ts";
import { splitWords } from "./command-words.ts";
import { blameBy, gradeBy } from "./grading.ts";
import { excerpt, explainText, textFault, textOrTest } from "./text-test.ts";

const keepBytes = 64 * 1024;

/** A list is run as it is; a text is split as a shell would, without a shell. */
export const commandWords = z.union([z.string().min(1), z.array(z.union([z.string(), z.number()])).min(1)])
  .meta({ description: "a list (no shell), or a text that is split as a shell would, still no shell unless shell: true" });

/** The words of a command as the author wrote it; with `shell` one line for the shell. A string says what is wrong. */
export function wordsOf(command: z.infer<typeof commandWords>, shell: boolean): readonly string[] | string {
  if (typeof command !== "string") return shell && command.length > 1 ? "shell: true takes the command as one text, got a list" : command.map(String);
  const words = shell ? [command] : splitWords(command);
  return words.length === 0 ? "expected a command, got blanks" : words;
}

const expectation = z.strictObject({
  exit: z.union([z.int().min(0).max(255), z.array(z.int().min(0).max(255)).min(1)]).default(0).meta({ description: "exit code, or a list of them" }),
  stdout: textOrTest.optional().meta({ description: "the whole output without the last line break, or {contains, matches}" }),
});
type Expectation = z.infer<typeof expectation>;

const params = z.strictObject({
  command: commandWords,
  shell: z.boolean().default(false).meta({ description: "run by the system's shell" }),
  cwd: z.string().optional().meta({ description: "working directory, relative to the file" }),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional().meta({ description: "added to the environment of chaos" }),
  expect: expectation.prefault({}).meta({ description: "what makes a run of the command good" }),
  degraded: expectation.optional().meta({ description: "what is acceptable while a fault is in force" }),
}).transform((given, context) => {
  const words = wordsOf(given.command, given.shell);
  if (typeof words !== "string") return { ...given, command: words };
  context.addIssue({ code: "custom", message: words, path: ["command"] });
  return z.NEVER;
});
type CommandParams = z.infer<typeof params>;

/** Runs a command. */
export const command: ProbeType<CommandParams> = {
  type: "command",
  summary: "Runs a command, and grades its exit code and output.",
  params,
  example: 'command: [node, probes/queue-depth.mjs]\nexpect: { exit: 0, stdout: { matches: "^[0-9]$" } }\n',
  explain: (params) => `run ${params.command.join(" ")}; good: ${explainExpectation(params.expect)}${params.degraded === undefined ? "" : `; degraded: ${explainExpectation(params.degraded)}`}`,
  ask: ({ command, shell, cwd, env }) => ({
    kind: "command",
    command,
    shell,
    ...(cwd === undefined ? {} : { cwd }),
    env: Object.fromEntries(Object.entries(env ?? {}).map(([name, value]) => [name, String(value)])),
    keepBytes,
  }),
  grade: (params, answer) => gradeBy(faultOf, params, answer),
  blame: (params, answer) => blameBy(faultOf, params, answer),
};

function codesOf({ exit }: Expectation): readonly number[] {
  return typeof exit === "number" ? [exit] : exit;
}

function faultOf(expect: Expectation, { exitCode, stdout = "" }: ProbeAnswer): string | undefined {
  const output = stdout.replace(/\r?\n$/, "");
  if (exitCode === undefined || !codesOf(expect).includes(exitCode)) {
    return `expected exit ${codesOf(expect).join(" or ")}, got ${exitCode ?? "none"}${output === "" ? "" : `: ${excerpt(output)}`}`;
  }
  const wanted = expect.stdout === undefined ? undefined : textFault(expect.stdout, output);
  return wanted === undefined ? undefined : `expected the output to be ${wanted}, got "${excerpt(output)}"`;
}

function explainExpectation(expect: Expectation): string {
  return `exit ${codesOf(expect).join(" or ")}${expect.stdout === undefined ? "" : `, the output ${explainText(expect.stdout)}`}`;
}
