import type { Api } from "../api.ts";
import type { Command, Output } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { paint } from "../paint.ts";
import { wrap } from "../wrap.ts";

/** One line of a list: what users write, and what it is. */
interface Row {
  readonly name: string;
  readonly note: string;
  readonly summary: string;
}

const kinds: Readonly<Record<string, (api: Api) => readonly Row[]>> = {
  faults: (api) => api.faultTypes.map(({ type, layer, summary }) => ({ name: type, note: layer ?? "", summary })),
  probes: (api) => api.probeTypes.map(({ type, summary }) => ({ name: type, note: "", summary })),
  hypotheses: (api) => api.hypothesisTypes.map(({ type, summary }) => ({ name: type, note: "", summary })),
  reporters: (api) => api.reporters.map(({ format, summary }) => ({ name: format, note: "", summary })),
};

export const list: Command = {
  name: "list",
  summary: "list what an experiment can be made of",
  arguments: [{ usage: "[kind]", summary: `${Object.keys(kinds).join(", ")} (default: all)` }],
  options: [],
  examples: ["chaos list", "chaos list faults"],
  act: async (context, [kind]) => {
    const api = await context.api();
    if (kind !== undefined && !Object.hasOwn(kinds, kind)) {
      throw new api.ChaosError("usage", `expected ${Object.keys(kinds).join(", ")}, got "${kind}"`, { hint: "chaos list, without a kind, lists them all" });
    }
    const sections = Object.entries(kinds).filter(([name]) => kind === undefined || name === kind);
    context.stdout.write(sections.map(([name, rows]) => section(kind === undefined ? name : undefined, rows(api), context.stdout)).join("\n"));
    return exitCodes.ok;
  },
};

function section(title: string | undefined, rows: readonly Row[], { colour, width }: Output): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const noteWidth = Math.max(...rows.map(({ note }) => note.length));
  const indent = 2 + nameWidth + 2 + (noteWidth === 0 ? 0 : noteWidth + 2);
  const lines = rows.map(({ name, note, summary }) => {
    const head = `  ${paint(colour, "cyan", name.padEnd(nameWidth))}  ${noteWidth === 0 ? "" : `${paint(colour, "dim", note.padEnd(noteWidth))}  `}`;
    return head + wrap(summary, Math.max(20, width - indent)).join(`\n${" ".repeat(indent)}`);
  });
  return `${[...(title === undefined ? [] : [paint(colour, "bold", title)]), ...lines].join("\n")}\n`;
}
