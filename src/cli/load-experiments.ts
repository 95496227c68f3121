import type { Api, Experiment, Issue, Json } from "./api.ts";
import type { Context, Given } from "./command.ts";
import { issueCount, issueText } from "./issue-text.ts";
import type { Output } from "./command.ts";
import { readText } from "./read-text.ts";
import { readVars } from "./vars.ts";

/** One document of a file, ready to be planned. */
export interface LoadedExperiment {
  readonly file: string;
  readonly document: number;
  readonly experiment: Experiment;
  /** Warnings of this document. */
  readonly issues: readonly Issue[];
}

export interface Loaded {
  readonly experiments: readonly LoadedExperiment[];
  /** Of all files, in the order given. */
  readonly issues: readonly Issue[];
  /** Whether any issue is an error: then nothing may run. */
  readonly refused: boolean;
}

/** The options by which experiments are read and chosen. */
export const loadOptions = [
  { flags: "--var <name=value>", summary: "set ${vars.name}", repeatable: true },
  { flags: "--var-file <file>", summary: "set ${vars.…} from a YAML or JSON file", repeatable: true },
] as const;

export const onlyOption = { flags: "--only <tag>", summary: "only experiments with this tag", repeatable: true } as const;

/** Reads and validates every file, and leaves out experiments that no `--only` names. */
export async function loadExperiments(api: Api, context: Context, files: readonly string[], given: Given): Promise<Loaded> {
  const vars: Readonly<Record<string, Json>> = await readVars(api, context, given);
  const issues: Issue[] = [];
  const experiments: LoadedExperiment[] = [];
  for (const file of files) {
    const text = await readText(context, file, "an experiment file");
    if (typeof text !== "string") {
      issues.push(text);
      continue;
    }
    const parsed = api.parse(text, { file, env: context.env, vars });
    issues.push(...parsed.issues);
    for (const { document, experiment, issues: own } of parsed.documents) if (experiment !== undefined) experiments.push({ file, document, experiment, issues: own });
  }
  const tags = given.texts("only");
  const chosen = tags.length === 0 ? experiments : experiments.filter(({ experiment }) => experiment.tags.some((tag) => tags.includes(tag)));
  if (chosen.length === 0 && issues.every(({ severity }) => severity === "warning")) issues.push(nothingChosen(experiments, tags));
  return { experiments: chosen, issues, refused: issues.some(({ severity }) => severity === "error") };
}

function nothingChosen(experiments: readonly LoadedExperiment[], tags: readonly string[]): Issue {
  const known = [...new Set(experiments.flatMap(({ experiment }) => experiment.tags))].sort();
  return {
    code: "nothing-selected",
    severity: "error",
    message: tags.length === 0 ? "expected at least one experiment, got none" : `no experiment has the tag ${tags.join(" or ")}`,
    hint: known.length === 0 ? "none of these files has tags" : `the tags are: ${known.join(", ")}`,
  };
}

/** Prints what was found; nothing when all is well. */
export function printIssues(issues: readonly Issue[], output: Output): void {
  for (const issue of issues) output.write(`${issueText(issue, output)}\n`);
  if (issues.length > 0) output.write(`${issueCount(issues)}\n`);
}
