// One row, run through the real tool as a process of its own.
import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { experimentOf } from "./experiment.mjs";
import { scoreOf } from "./score.mjs";

const bin = fileURLToPath(new URL("../../bin/chaos.js", import.meta.url));
const running = new Set();
const stop = { asked: false };

/** What was seen of one run: { id, turn, expect, verdict, score, claims, reason, nextStep, isDisturbed, ms }. `keep`: a folder that its journal is copied to. */
export async function runRow(row, { turn = 1, variation = {}, keep } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "chaos-verdict-"));
  const startedMs = performance.now();
  try {
    const [file, reportFile, journal] = ["experiment.yaml", "report.json", "journal.ndjson"].map((name) => join(folder, name));
    await writeFile(file, JSON.stringify(experimentOf(row, variation), undefined, 1));
    const said = await ask(["run", file, "--report", `json=${reportFile}`, "--journal", journal, "--quiet"], folder);
    const report = await readFile(reportFile, "utf8").then(JSON.parse, () => undefined);
    if (keep !== undefined) {
      await mkdir(keep, { recursive: true });
      await copyFile(journal, join(keep, `${row.id}-${turn}.ndjson`)).catch(() => {});
    }
    return { ...readResult(row, report, said), turn, ms: Math.round(performance.now() - startedMs) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a report says of a row. */
function readResult(row, report, said = { code: 0, stderr: "" }) {
  const { id, family, expect } = row;
  const judged = report?.hypotheses?.[0];
  const isRun = judged !== undefined && !["failed", "interrupted"].includes(report.outcome);
  if (!isRun) return { id, family, expect, verdict: "none", score: "failed", reason: (report?.because ?? said.stderr.trim().slice(0, 600)) || `exit ${said.code}` };
  const { verdict, reason, nextStep, observed, claims } = judged;
  const result = { id, family, expect, verdict, reason, ...(nextStep !== undefined && { nextStep }), observed, claims: claims.map((one) => ({ claim: one.claim, verdict: one.verdict, observed: one.observed, reason: one.reason })), outcome: report.outcome, isDisturbed: report.issues.some(({ code }) => code === "disturbed") };
  return { ...result, score: scoreOf(row, result) };
}

/** Ends every run that is under way, lets each clean up, and waits for them. */
export async function stopAll() {
  stop.asked = true;
  await Promise.all([...running].map(({ child, done }) => {
    child.kill("SIGINT");
    return done;
  }));
}

async function ask(args, cwd) {
  if (stop.asked) return { code: 130, stderr: "" };
  // In a group of its own: an interrupt at the terminal reaches it once, through us.
  const child = spawn(process.execPath, [bin, ...args], { cwd, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr = `${stderr}${chunk}`.slice(-4000)));
  const done = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stderr }));
  });
  const one = { child, done };
  running.add(one);
  return done.finally(() => running.delete(one));
}
