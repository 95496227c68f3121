import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Command } from "../command.ts";
import { messageOf, systemCode } from "../error-text.ts";
import { exitCodes } from "../exit-code.ts";
import { starterExperiment } from "../starter-experiment.ts";

export const init: Command = {
  name: "init",
  summary: "write a commented experiment to start from",
  arguments: [{ usage: "[file]", summary: "where to (default: experiment.yaml); an existing file is left alone" }],
  options: [],
  examples: ["chaos init", "chaos init chaos/checkout.yaml"],
  act: async (context, [file = "experiment.yaml"]) => {
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, starterExperiment, { flag: "wx" });
    } catch (error) {
      const { ChaosError } = await context.api();
      const exists = systemCode(error) === "EEXIST";
      throw exists
        ? new ChaosError("file-exists", `expected a new file, but ${file} exists and is left as it is`, { hint: "give another name: chaos init my-experiment.yaml", cause: error })
        : new ChaosError("not-writable", `expected to write ${file}: ${messageOf(error)}`, { hint: "name a file in a folder that this user may write to", cause: error });
    }
    context.stdout.write(`wrote ${file}\n\nNext: fit it to your service, then\n  chaos validate ${file}\n  chaos plan ${file}\n  chaos run ${file}\n`);
    return exitCodes.ok;
  },
};
