/** How long the command takes to say anything, against Node doing nothing. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median, ratio } from "./statistics.mjs";
import { number, ratioCell } from "./table.mjs";

const bin = fileURLToPath(new URL("../../bin/chaos.js", import.meta.url));

export async function measureStart({ options, say }) {
  say("start");
  const commands = [{ name: "node -e 0", args: ["-e", "0"] }, { name: "chaos --help", args: [bin, "--help"] }];
  const seen = new Map(commands.map(({ name }) => [name, []]));
  for (let round = 0; round < (options.quick ? 5 : 20); round++) {
    for (const { name, args } of commands) {
      const startMs = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      seen.get(name).push(performance.now() - startMs);
    }
  }
  return {
    title: "Start",
    note: "Wall time of the process; median of alternating runs.",
    head: ["command", "ms", "to node -e 0"],
    rows: commands.map(({ name }) => [name, number(median(seen.get(name)), 1), ratioCell(ratio(seen.get(name), seen.get("node -e 0")))]),
  };
}
