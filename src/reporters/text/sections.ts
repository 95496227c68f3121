import type { Report, SteadyStateReport } from "../../model/report.ts";
import type { ClaimVerdict, Verdict, VerdictWord } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { drawAttempts } from "./attempts.ts";
import { drawLanes } from "./lanes.ts";
import type { Paint, Style } from "./paint.ts";
import { cut, flow, hang } from "./wrap.ts";

const symbols: Readonly<Record<VerdictWord, string>> = { held: "✔", violated: "✘", inconclusive: "?" };
const verdictStyle: Readonly<Record<VerdictWord, readonly Style[]>> = { held: ["green"], violated: ["red"], inconclusive: ["yellow"] };

export interface Page {
  readonly width: number;
  readonly paint: Paint;
  readonly verbose: boolean;
}

function heading(text: string, { paint }: Page): string {
  return paint(["bold"], text);
}

/** One line per probe and phase; what is claimed comes first, with its bound. */
export function tellSteadyState(rows: readonly SteadyStateReport[], page: Page): readonly string[] {
  if (rows.length === 0) return [];
  const names = rows.map(({ probe, phase, epoch }) => `${probe} ${phase}${epoch > 1 ? ` ${epoch}` : ""}`);
  const nameWidth = Math.max(...names.map(({ length }) => length));
  return [heading("Steady state", page), ...rows.flatMap((row, i) => tellGate(row, (names[i] ?? "").padEnd(nameWidth), page))];
}

function tellGate(row: SteadyStateReport, name: string, page: Page): readonly string[] {
  const { paint } = page;
  const mark = row.met === undefined ? paint(["dim"], "·") : row.met ? paint(["green"], "✔") : paint(["red"], "✘");
  const claimed = new Set(row.claims.map(({ metric }) => metric));
  const items = [
    ...row.claims.map(({ metric, observed, expected, met }) => ({ plain: `${metric} ${observed} (${expected})`, style: met ? ([] as const) : (["red"] as const) })),
    ...(row.successShare === undefined || claimed.has("success") ? [] : [{ plain: `success ${format("share", row.successShare)}`, style: ["dim"] as const }]),
    ...(row.p95Ms === undefined || claimed.has("p95") ? [] : [{ plain: `p95 ${format("duration", row.p95Ms)}`, style: ["dim"] as const }]),
    { plain: `${row.n} requests${row.pending > 0 ? `, ${row.pending} pending` : ""}`, style: ["dim"] as const },
    ...(row.met === undefined ? [{ plain: "not judged", style: ["dim"] as const }] : []),
  ];
  // Where names leave little room they stand on lines of their own.
  const isNarrow = page.width - name.length < 48;
  const indent = isNarrow ? 6 : 4 + name.length + 2;
  const lines = flow(items.map(({ plain, style }) => ({ plain, painted: paint(style, plain) })), page.width - indent);
  const reasons = row.claims.flatMap(({ met, reason }) => (met || reason === undefined || !reason.includes("samples") ? [] : hang("", reason, page.width, " ".repeat(indent))));
  const { commonBlame, bad } = row;
  if (commonBlame !== undefined) reasons.push(...hang("", `${commonBlame.count} of ${bad} bad answers: ${commonBlame.blame}`, page.width, " ".repeat(indent)));
  const [first, ...more] = isNarrow ? ["", ...lines] : lines;
  return [`  ${mark} ${isNarrow ? cut(name.trimEnd(), page.width - 4) : `${name}  ${first ?? ""}`}`, ...more.map((line) => `${" ".repeat(indent)}${line}`), ...reasons];
}

/** What was claimed, and of each claim what was seen; for what is not held why, the witnesses, and what to do. */
export function tellHypotheses(report: Report, page: Page): readonly string[] {
  const { hypotheses } = report;
  if (hypotheses.length === 0) return [];
  return [heading("Hypotheses", page), ...hypotheses.flatMap((verdict, i) => [...(i > 0 ? [""] : []), ...tellVerdict(report, verdict, page)])];
}

function tellVerdict(report: Report, verdict: Verdict, page: Page): readonly string[] {
  const { paint, width } = page;
  const style = verdictStyle[verdict.verdict];
  const kind = verdict.name === verdict.type || verdict.name.startsWith(`${verdict.type}-`) ? "" : ` ${paint(["dim"], `(${verdict.type})`)}`;
  const counted = `${verdict.samples} samples${verdict.correlation === undefined ? "" : `, joined by ${verdict.correlation}`}`;
  const openWords = verdict.verdict === "held" ? [] : hang("", verdict.reason, width, "    ").map((line) => paint(style, line));
  return [
    `  ${paint([...style, "bold"], symbols[verdict.verdict])} ${paint(["bold"], verdict.name)}${kind} ${paint(style, verdict.verdict)}${width < 60 ? "" : paint(["dim"], `  ${counted}`)}`,
    ...hang("", verdict.expected, width, "    ").map((line) => paint(["dim"], line)),
    ...openWords,
    ...tellClaims(verdict.claims, page),
    ...(verdict.verdict === "violated" || page.verbose ? verdict.evidence.slice(0, page.verbose ? 50 : 5).flatMap(({ atMs, what }) => hang("· ", `at ${format("duration", atMs)} ${what}`, width, "      ").map((line) => paint(["dim"], line))) : []),
    ...(verdict.equivalentTo.length === 0 ? [] : hang("≈ ", `seen from outside the same as ${verdict.equivalentTo.join(", ")}`, width, "    ").map((line) => paint(["dim"], line))),
    ...(verdict.nextStep === undefined ? [] : hang("→ ", verdict.nextStep, width, "    ")),
    ...[drawLanes(report, verdict, page), verdict.typical === undefined ? [] : drawAttempts(verdict.typical, page)].flatMap((drawing) => (drawing.length === 0 ? [] : ["", ...drawing])),
  ];
}

function tellClaims(claims: readonly ClaimVerdict[], page: Page): readonly string[] {
  const { paint, width, verbose } = page;
  const size = (part: (claim: ClaimVerdict) => string): number => Math.max(0, ...claims.map((claim) => part(claim).length));
  const [names, seen, asked] = [size(({ claim }) => claim), size(({ observed }) => observed), size(({ expected }) => expected)];
  const isTable = 6 + names + 2 + seen + 2 + asked <= width;
  return claims.flatMap((claim) => {
    const mark = paint(verdictStyle[claim.verdict], symbols[claim.verdict]);
    const observed = paint(claim.verdict === "held" ? [] : verdictStyle[claim.verdict], isTable ? claim.observed.padStart(seen) : claim.observed);
    const expected = paint(["dim"], claim.expected);
    const more = verbose ? hang("", claim.reason, width, "        ").map((line) => paint(["dim"], line)) : [];
    if (isTable) return [`    ${mark} ${claim.claim.padEnd(names)}  ${observed}  ${expected}`, ...more];
    const fits = 6 + claim.claim.length + 1 + claim.observed.length + 3 + claim.expected.length <= width;
    return [...(fits ? [`    ${mark} ${claim.claim} ${observed} ${paint(["dim"], `(${claim.expected})`)}`] : [`    ${mark} ${claim.claim} ${observed}`, ...hang("", claim.expected, width, "      ").map((line) => paint(["dim"], line))]), ...more];
  });
}

/** How many calls each fault could have hit, did hit, and how many callers noticed. */
export function tellFaults(faults: Report["faults"], page: Page): readonly string[] {
  if (faults.length === 0) return [];
  const { paint } = page;
  const lines = faults.flatMap((fault) => {
    const name = `${fault.name}${fault.epoch > 1 ? ` (epoch ${fault.epoch})` : ""}`;
    const where = fault.proxy ?? fault.service;
    const about = `${fault.type}${where === undefined ? "" : ` on ${where}`}${fault.startMs === undefined ? "" : `, ${format("duration", fault.startMs)} to ${fault.endMs === undefined ? "the end" : format("duration", fault.endMs)}`}`;
    const counts = `${fault.eligible} eligible · ${fault.applied} applied · ${fault.felt} felt`;
    const missed = Object.entries(fault.missed).filter(([, count]) => count > 0).map(([why, count]) => `${count} by ${why}`).join(", ");
    const first = `  ${name}  ${about}`;
    const second = missed === "" ? counts : `${counts} · not hit: ${missed}`;
    return [...(first.length <= page.width ? [`  ${paint(["magenta"], name)}  ${paint(["dim"], about)}`] : [`  ${paint(["magenta"], name)}`, ...hang("", about, page.width, "    ").map((line) => paint(["dim"], line))]), ...hang("", second, page.width, "    ")];
  });
  return [heading("Faults", page), ...lines];
}

export function tellIssues({ file, issues, services }: Report, page: Page): readonly string[] {
  const { paint, width } = page;
  const dead = services.filter(({ exitedAtMs }) => exitedAtMs !== undefined);
  if (issues.length === 0 && dead.length === 0) return [];
  return [
    heading("Take note", page),
    ...dead.flatMap((service) => tellDead(service, page)),
    ...issues.flatMap(({ message, hint, severity, line, column }) => [...hang("! ", `${line === undefined ? "" : `${file}:${line}:${column ?? 1}: `}${message}`, width, "  ").map((line) => paint(severity === "error" ? ["red"] : ["yellow"], line)), ...(hint === undefined ? [] : hang("→ ", hint, width, "    "))]),
  ];
}

/** How a service ended, and what it said last. */
function tellDead({ name, replica, exitedAtMs, code, signal, lastLines }: Report["services"][number], { paint, width }: Page): readonly string[] {
  const how = signal === undefined ? (code === undefined ? "" : ` with exit code ${code}`) : ` by ${signal}`;
  const words = lastLines === undefined ? "" : lastLines.length === 0 ? "; it wrote nothing" : "; its last lines:";
  return [
    ...hang("✘ ", `${name}${replica > 1 ? `#${replica}` : ""} ended by itself at ${format("duration", exitedAtMs ?? 0)}${how}${words}`, width, "  ").map((line) => paint(["red"], line)),
    ...(lastLines ?? []).flatMap((line) => hang("", line, width, "      ").map((part) => paint(["dim"], part))),
  ];
}
