import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";

export const schema: Command = {
  name: "schema",
  summary: "print the JSON Schema of experiment files, or of proxy files, for editors",
  arguments: [{ usage: "[kind]", summary: "experiment (default) or proxies" }],
  options: [],
  examples: ["chaos schema > experiment.schema.json", "chaos schema proxies > proxies.schema.json"],
  act: async (context, [kind = "experiment"]) => {
    const { ChaosError, experimentJsonSchema, proxyFileJsonSchema } = await context.api();
    if (kind !== "experiment" && kind !== "proxies") throw new ChaosError("usage", `expected experiment or proxies, got "${kind}"`, { hint: "chaos schema prints that of experiments" });
    context.stdout.write(`${JSON.stringify(kind === "proxies" ? proxyFileJsonSchema() : experimentJsonSchema(), null, 2)}\n`);
    return exitCodes.ok;
  },
};
