import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";

export const explain: Command = {
  name: "explain",
  summary: "say what a fault, probe or hypothesis type means and takes",
  arguments: [{ usage: "<type>", summary: "such as latency, fault/reset or hypothesis/retry" }],
  options: [],
  examples: ["chaos explain circuit-breaker", "chaos explain fault/reset"],
  act: async (context, [type = ""]) => {
    const { explainType } = await context.api();
    context.stdout.write(`${explainType(type).trimEnd()}\n`);
    return exitCodes.ok;
  },
};
