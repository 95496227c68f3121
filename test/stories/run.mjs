// Runs every experiment as it stands and on each of its broken switches, and checks outcome and the hypothesis that names the defect.
// Takes about a quarter of an hour. Usage: npm run stories [-- [--starved] NAME …] (only stories whose file or variables contain each NAME).
// With --starved, busy loops take every processor meanwhile: then a story may stay undecided too, but never come out the other way.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const here = new URL(".", import.meta.url);
const bin = fileURLToPath(new URL("../../bin/chaos.js", here));
const all = JSON.parse(await readFile(new URL("stories.json", here), "utf8"));
const isStarved = process.argv.includes("--starved");
const wanted = process.argv.slice(2).filter((word) => word !== "--starved");
const stories = all.filter((story) => wanted.every((word) => nameOf(story).includes(word)));

const undecided = ["inconclusive", "baseline-not-met", "guard-stopped"];
const hogs = isStarved ? Array.from({ length: 2 * availableParallelism() }, () => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" })) : [];
const stopHogs = () => hogs.forEach((hog) => hog.kill("SIGKILL"));
process.on("exit", stopHogs);

let failed = 0;
for (const story of stories) {
  const problems = await tell(story);
  failed += problems.length > 0 ? 1 : 0;
  console.log(`${problems.length > 0 ? "✘" : "✔"} ${nameOf(story)}${problems.map((p) => `\n    ${p}`).join("")}`);
}
console.log(`${stories.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
// They are what keeps this process from ending.
stopHogs();

function nameOf({ file, vars = [] }) {
  return [file, ...vars].join(" ");
}

async function tell({ file, vars = [], outcome, names = [] }) {
  const path = fileURLToPath(new URL(`../../experiments/${file}.yaml`, here));
  const run = await execa("node", [bin, "run", path, ...vars.flatMap((v) => ["--var", v]), "--report", "json", "--quiet"], { reject: false });
  if (!run.stdout.startsWith("{")) return [`no report, exit ${run.exitCode}: ${run.stderr.slice(0, 500)}`];
  const report = JSON.parse(run.stdout);
  if (isStarved && undecided.includes(report.outcome)) {
    console.log(`  undecided: ${report.outcome}, ${report.because ?? ""}`);
    return [];
  }
  const verdictOf = (type) => report.hypotheses.filter((h) => h.type === type);
  const wrong = names.filter((type) => !verdictOf(type).some((h) => h.verdict === "violated"));
  const all = report.hypotheses.map((h) => `${h.name}: ${h.verdict} (${h.reason})`);
  return [
    ...(report.outcome === outcome ? [] : [`expected ${outcome}, got ${report.outcome} (exit ${run.exitCode}): ${report.because ?? ""}`, ...all]),
    ...wrong.map((type) => `expected ${type} to be violated: ${verdictOf(type).map((h) => `${h.verdict}, ${h.reason}`)}`),
  ];
}
