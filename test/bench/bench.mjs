/**
 * Measures the lanes against a bare net pipe and against other proxies, interleaved in one run.
 *
 *     node test/bench/bench.mjs [--quick] [--rounds N] [--seconds N] [--only throughput,latency,bulk,injected,start,toxics,control,workers]
 *         [--peers "net pipe;chaos http1"]
 *
 * Needs a build. nginx and toxiproxy-server are measured where they are on the PATH; `workers` takes Node 22.12 or newer, and is measured only when asked for.
 * Prints text to the terminal's stderr as it goes, and at the end all tables as text, then as Markdown.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureBulk } from "./measure-bulk.mjs";
import { measureControl } from "./measure-control.mjs";
import { measureInjected } from "./measure-injected.mjs";
import { measureLatency } from "./measure-latency.mjs";
import { measureStart } from "./measure-start.mjs";
import { measureThroughput } from "./measure-throughput.mjs";
import { measureToxics } from "./measure-toxics.mjs";
import { measureWorkers } from "./measure-workers.mjs";
import { startPeers } from "./peers.mjs";
import { pinned, startProgram, stopAll } from "./processes.mjs";
import { markdownTable, textTable } from "./table.mjs";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    seconds: { type: "string" },
    only: { type: "string", default: "throughput,latency,bulk,injected,start,toxics,control" },
    peers: { type: "string" },
  },
});
const options = {
  quick: values.quick,
  rounds: Number(values.rounds ?? (values.quick ? 3 : 15)),
  seconds: Number(values.seconds ?? (values.quick ? 1 : 3)),
};
const measures = { throughput: measureThroughput, latency: measureLatency, bulk: measureBulk, injected: measureInjected, start: measureStart, toxics: measureToxics, control: measureControl, workers: measureWorkers };
/** Those that start what they measure themselves. */
const alone = ["injected", "start", "toxics", "control", "workers"];
const chosen = values.only.split(",").map((name) => [name, measures[name]]);
for (const [name, measure] of chosen) if (measure === undefined) throw new Error(`expected --only of ${Object.keys(measures).join(", ")}, got "${name}"`);

const folder = mkdtempSync(join(tmpdir(), "chaos-bench-"));
const say = (text) => process.stderr.write(`${text}\n`);
process.on("SIGINT", () => process.exit(130));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

try {
  const upstream = await startProgram("upstream.mjs", {}, { core: 1 });
  const load = await startProgram("load.mjs", {}, { core: 1 });
  const { peers, skipped } = await startPeers({ upstreamPort: upstream.port, folder, wanted: chosen.every(([name]) => alone.includes(name)) ? [] : values.peers?.split(";") });
  const tables = [];
  for (const [, measure] of chosen) tables.push(await measure({ peers, load, upstream, folder, options, say }));
  const about = [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    pinned ? "The proxy has a core of its own; load and upstream share another." : "Nothing is pinned: proxy, load and upstream share the cores.",
    ...skipped.map(({ peer, why }) => `Skipped ${peer}: ${why}.`),
  ];
  console.log([...about, ...tables.flatMap(({ title, note, head, rows }) => ["", title, note, "", textTable(head, rows)])].join("\n"));
  console.log(["", ...about.map((line) => `${line}  `), ...tables.flatMap(({ title, note, head, rows }) => ["", `### ${title}`, "", note, "", markdownTable(head, rows)])].join("\n"));
} finally {
  await stopAll();
}
process.exit();
