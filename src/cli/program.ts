import { Command as Program, CommanderError, Option } from "commander";
import type { Argument } from "commander";
import type { Command, Context, Given } from "./command.ts";
import { exitCodes } from "./exit-code.ts";

const exitCodeLines = [
  "0    held                        4    no steady state before",
  "1    violated                    5    stopped by a guard",
  "2    wrong file or option        6    failed",
  "3    inconclusive                130  interrupted, cleaned up",
];

/** Reads the arguments and carries the command out; the only user of commander. Returns the exit code. */
export async function carryOut(commands: readonly Command[], context: Context, argv: readonly string[], version: string): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = new Program("chaos")
    .description("Prove that services survive failure: inject faults, witness every call, judge by evidence.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this, or the help of a command")
    .helpCommand(false)
    .addHelpText("after", `\nExit codes:\n${exitCodeLines.map((line) => `  ${line}`).join("\n")}`);
  prepare(program, context);
  for (const command of commands) add(program, command, context, (code) => { exitCode = code; });
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.refused;
    throw error;
  }
  return exitCode;
}

function add(parent: Program, command: Command, context: Context, tell: (exitCode: number) => void): void {
  const sub = parent.command(command.name).aliases([...(command.aliases ?? [])]).summary(command.summary).description(command.summary).helpCommand(false);
  for (const { usage, summary } of command.arguments) sub.argument(usage, summary);
  for (const { flags, summary, repeatable } of command.options) sub.addOption(option(flags, summary, repeatable === true));
  prepare(sub, context);
  for (const inner of command.commands ?? []) add(sub, inner, context, tell);
  if (command.notes !== undefined) sub.addHelpText("after", `\n${command.notes.join("\n")}`);
  if (command.examples.length > 0) sub.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join("\n")}`);
  if (command.act !== undefined) sub.action(async () => tell((await command.act?.(context, sub.args, given(sub.optsWithGlobals()))) ?? exitCodes.ok));
}

/** Commander must neither end the process nor write past the context. */
function prepare(program: Program, { stdout, stderr }: Context): void {
  program
    .option("--verbose", "all that is known")
    .option("--no-color", "no colours; NO_COLOR and FORCE_COLOR count too")
    .exitOverride()
    .configureHelp({ minWidthToWrap: 20, subcommandTerm: (sub) => [sub.name(), ...(sub.commands.length > 0 ? [sub.registeredArguments.length > 0 ? "[command]" : "<command>"] : []), ...sub.registeredArguments.map(argumentTerm)].join(" ") })
    .showHelpAfterError("(--help shows what there is)")
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.width,
      getErrHelpWidth: () => stderr.width,
      getOutHasColors: () => stdout.colour,
      getErrHasColors: () => stderr.colour,
    });
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "…" : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function option(flags: string, summary: string, repeatable: boolean): Option {
  const made = new Option(flags, summary);
  return repeatable ? made.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]) : made;
}

function given(options: Readonly<Record<string, unknown>>): Given {
  const valueOf = (name: string): unknown => options[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())];
  return {
    text: (name) => {
      const value = valueOf(name);
      return typeof value === "string" ? value : undefined;
    },
    texts: (name) => {
      const value = valueOf(name);
      return Array.isArray(value) ? value.map(String) : [];
    },
    flag: (name) => valueOf(name) === true,
  };
}
