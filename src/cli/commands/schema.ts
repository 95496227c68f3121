import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";

export const schema: Command = {
  name: "schema",
  summary: "print the JSON Schema of experiment files, for editors",
  arguments: [],
  options: [],
  examples: ["chaos schema > experiment.schema.json"],
  act: async (context) => {
    const { experimentJsonSchema } = await context.api();
    context.stdout.write(`${JSON.stringify(experimentJsonSchema(), null, 2)}\n`);
    return exitCodes.ok;
  },
};
