// How a verdict compares with the truth of its row, and the sums.
import { clopperPearson } from "../../dist/math/proportion.js";

/**
 * `right` · `wrong`: decided, and the other way (or decided where nothing can be known) · `astray`: violated, but not by the claim that is broken, or undecided for another reason than the row names
 * · `undecided`: inconclusive where it can be decided · `busy`: inconclusive because this machine was too busy to judge by.
 */
export function scoreOf({ expect, claim, reason }, seen) {
  if (seen.verdict === "inconclusive" && /quiet(er)? machine/.test(seen.nextStep ?? "")) return "busy";
  if (seen.verdict !== expect) return seen.verdict === "inconclusive" ? "undecided" : "wrong";
  if (expect === "violated" && claim !== undefined && !seen.claims.some((one) => one.claim === claim && one.verdict === "violated")) return "astray";
  if (expect === "inconclusive" && reason !== undefined && !new RegExp(reason, "i").test(seen.reason)) return "astray";
  return "right";
}

const marks = { right: "✔", wrong: "✘ WRONG", astray: "✘ astray", undecided: "? undecided", busy: "~ busy", failed: "! failed", skipped: "- skipped" };

export function lineOf({ id, turn, expect, verdict, score, reason, ms, claims = [] }) {
  const took = ms === undefined ? "" : `  ${(ms / 1000).toFixed(1)} s`;
  const head = `${marks[score].padEnd(12)} ${id.padEnd(6)}${turn > 1 ? ` #${turn}` : ""} expected ${expect.padEnd(12)} got ${verdict.padEnd(12)}${took}`;
  if (score === "right") return head;
  if (score === "busy") return `${head}\n    ${reason}`;
  const telling = claims.filter((one) => one.verdict !== "held").map((one) => `\n      ${one.claim}: ${one.verdict}, ${one.reason}`);
  return `${head}\n    ${reason}${score === "skipped" ? "" : telling.join("")}`;
}

/** Sums over all results, in lines. */
export function tellScore(results) {
  const of = (score) => results.filter((one) => one.score === score);
  const ran = results.filter(({ score }) => score !== "skipped");
  const lines = [
    "",
    `${ran.length} runs of ${new Set(ran.map(({ id }) => id)).size} rows: ${of("right").length} right, ${of("wrong").length} wrong, ${of("astray").length} right for another reason, ${of("undecided").length} inconclusive where it can be decided, ${of("busy").length} because this machine was too busy, ${of("failed").length} failed`,
    `false verdicts: ${share(of("wrong").length, ran.length)}`,
  ];
  for (const score of ["wrong", "astray", "undecided", "busy", "failed"]) if (of(score).length > 0) lines.push(`${score}: ${idsOf(of(score))}`);
  const why = groups(of("skipped"));
  for (const [reason, rows] of why) lines.push(`skipped ${rows.length} (${reason}): ${idsOf(rows)}`);
  return lines;
}

/** How often each row that ran more than once came out wrong or undecided. */
export function tellCalibration(results) {
  const byRow = new Map();
  for (const one of results) if (one.score !== "skipped") byRow.set(one.id, [...(byRow.get(one.id) ?? []), one]);
  return [...byRow].filter(([, runs]) => runs.length > 1).map(([id, runs]) => {
    const count = (score) => runs.filter((one) => one.score === score).length;
    return `${id.padEnd(6)} ${runs.length} runs, ${count("right")} right, ${count("undecided")} undecided, ${count("busy")} too busy, wrong ${share(count("wrong"), runs.length)}`;
  });
}

function share(k, n) {
  const { lo, hi } = clopperPearson(k, n, 0.975);
  const percent = (value) => `${(100 * value).toFixed(2)}%`;
  return `${k} of ${n} (${n === 0 ? "nothing ran" : `${percent(k / n)}, 95% interval ${percent(lo)} to ${percent(hi)}`})`;
}

function idsOf(results) {
  const times = new Map();
  for (const { id } of results) times.set(id, (times.get(id) ?? 0) + 1);
  return [...times].map(([id, n]) => (n === 1 ? id : `${id} ×${n}`)).join(", ");
}

function groups(results) {
  const byReason = new Map();
  for (const one of results) byReason.set(one.reason, [...(byReason.get(one.reason) ?? []), one]);
  return byReason;
}
