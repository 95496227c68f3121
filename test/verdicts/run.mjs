// The verdict benchmark: services whose right answer is known, real libraries in them, run through the tool, scored. Usage: npm run bench:verdicts -- [options]
//   --only B01,B1*,retries   rows by id, pattern or family      --tag T            rows with that tag            --list     the rows, run none
//   --times N                each row N times in a row          --rounds N         all rows N times              --smoke    some rows, under 3 minutes
//   --jobs J                 so many rows at once               --starved          a busy loop per core meanwhile
//   --latency-x2             the dependency twice as slow       --replicas N       N replicas of each service
//   --again N                a row that this machine was too busy for is run up to N times more (default 1)
//   --resume FILE            results are appended there; rows done are not run again        --shard I/N   the I-th part of N
//   --keep DIR               keeps the journals                 --record           writes the small set of journals that the tests judge again
// Exit code 1 when a verdict is wrong, astray, or a run failed.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { readOptions } from "./options.mjs";
import { readResults, ResultLog } from "./results.mjs";
import { record } from "./record.mjs";
import { chooseRows, loadRows } from "./rows.mjs";
import { runRow, stopAll } from "./run-row.mjs";
import { lineOf, tellCalibration, tellScore } from "./score.mjs";
import { installSystems, lacksFor } from "./systems.mjs";

const options = readOptions(process.argv.slice(2));
const rows = chooseRows(await loadRows(), options);
if (options.list) {
  for (const { id, expect, tags, why } of rows) console.log(`${id.padEnd(6)} ${expect.padEnd(12)} ${why}${tags.length > 0 ? ` [${tags.join(" ")}]` : ""}`);
  console.log(`${rows.length} rows`);
  process.exit(0);
}
installSystems();

const hogs = options.starved ? Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" })) : [];
process.on("exit", () => hogs.forEach((hog) => hog.kill("SIGKILL")));
const stop = { asked: false };
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    stop.asked = true;
    await stopAll();
    process.exitCode = 130;
  });
}

const turns = Array.from({ length: options.rounds }, (_, round) => rows.flatMap((row) => Array.from({ length: options.times }, (_, time) => ({ row, turn: round * options.times + time + 1 })))).flat();
const done = await readResults(options.resume);
const log = new ResultLog(options.resume);
const results = turns.flatMap(({ row, turn }) => done.filter((one) => one.id === row.id && one.turn === turn));
const left = turns.filter(({ row, turn }) => !done.some((one) => one.id === row.id && one.turn === turn));
await Promise.all(Array.from({ length: options.jobs }, async () => {
  for (let next = left.shift(); next !== undefined && !stop.asked; next = left.shift()) await settle(next);
}));
await log.close();
hogs.forEach((hog) => hog.kill("SIGKILL"));
if (!stop.asked) {
  if (options.times * options.rounds > 1) console.log(["", ...tellCalibration(results)].join("\n"));
  console.log(tellScore(results).join("\n"));
  if (results.some(({ score }) => ["wrong", "astray", "failed"].includes(score))) process.exitCode = 1;
}

/** One run; one more where it failed, or on a machine that was too busy to judge by or for what a row that cannot be decided is to show. A wrong verdict stands. */
async function attempt(row, turn) {
  for (let again = options.again; ; again -= 1) {
    const result = await (options.record ? record(row) : runRow(row, { turn, variation: options.variation, keep: options.keep }));
    const isLuck = ["busy", "failed"].includes(result.score) || (result.score === "astray" && result.verdict === "inconclusive" && result.isDisturbed);
    if (!isLuck || again === 0 || stop.asked) return result;
  }
}

async function settle({ row, turn }) {
  const { id, family, expect } = row;
  const lack = lacksFor(row, options.variations);
  const result = lack === undefined
    ? await attempt(row, turn)
    : { id, family, turn, expect, verdict: "none", score: "skipped", reason: lack };
  if (stop.asked) return;
  results.push(result);
  if (lack === undefined) await log.add(result);
  console.log(lineOf(result));
}
