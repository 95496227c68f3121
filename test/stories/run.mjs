// Runs every experiment as it stands and on each of its broken switches, and checks outcome and the hypothesis that names the defect.
// Takes about ten minutes. Usage: npm run stories [-- NAME …] (only stories whose file or variables contain a NAME).
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const here = new URL(".", import.meta.url);
const bin = fileURLToPath(new URL("../../bin/chaos.js", here));
const all = JSON.parse(await readFile(new URL("stories.json", here), "utf8"));
const wanted = process.argv.slice(2);
const stories = all.filter((story) => wanted.every((word) => nameOf(story).includes(word)));

let failed = 0;
for (const story of stories) {
  const problems = await tell(story);
  failed += problems.length > 0 ? 1 : 0;
  console.log(`${problems.length > 0 ? "✘" : "✔"} ${nameOf(story)}${problems.map((p) => `\n    ${p}`).join("")}`);
}
console.log(`${stories.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function nameOf({ file, vars = [] }) {
  return [file, ...vars].join(" ");
}

async function tell({ file, vars = [], outcome, names = [] }) {
  const path = fileURLToPath(new URL(`../../experiments/${file}.yaml`, here));
  const run = await execa("node", [bin, "run", path, ...vars.flatMap((v) => ["--var", v]), "--report", "json", "--quiet"], { reject: false });
  if (!run.stdout.startsWith("{")) return [`no report, exit ${run.exitCode}: ${run.stderr.slice(0, 500)}`];
  const report = JSON.parse(run.stdout);
  const verdictOf = (type) => report.hypotheses.filter((h) => h.type === type);
  const wrong = names.filter((type) => !verdictOf(type).some((h) => h.verdict === "violated"));
  const all = report.hypotheses.map((h) => `${h.name}: ${h.verdict} (${h.reason})`);
  return [
    ...(report.outcome === outcome ? [] : [`expected ${outcome}, got ${report.outcome} (exit ${run.exitCode}): ${report.because ?? ""}`, ...all]),
    ...wrong.map((type) => `expected ${type} to be violated: ${verdictOf(type).map((h) => `${h.verdict}, ${h.reason}`)}`),
  ];
}
