import type { Outcome, Report } from "../model/report.ts";
import type { Reporter } from "../model/reporter.ts";
import { format } from "../units/format.ts";
import { concludeSuite, isSingle } from "./suite.ts";
import { drawTime } from "./text/drawing.ts";
import { paintWith } from "./text/paint.ts";
import type { Style } from "./text/paint.ts";
import { tellFaults, tellHypotheses, tellIssues, tellSteadyState } from "./text/sections.ts";
import type { Page } from "./text/sections.ts";
import { hang, wrap } from "./text/wrap.ts";

/** For people: one headline, a drawing on one time axis, and why. */
export const text: Reporter = {
  format: "text",
  summary: "For people: the verdict, a timeline and the reasons (default)",
  render(reports, options) {
    const page: Page = { width: Math.max(40, Math.min(100, options.width)), paint: paintWith(options.colour), verbose: options.verbose };
    const pages = reports.map((report) => renderOne(printable(report), page));
    const single = isSingle(reports, options);
    const rule = page.paint(["dim"], "═".repeat(page.width));
    const all = single ? pages : [...pages, renderSuite(reports.map(printable), page)];
    return `${all.map((lines) => lines.join("\n")).join(`\n\n${rule}\n\n`)}\n`;
  },
};

const badges: Readonly<Record<Outcome, { readonly word: string; readonly symbol: string; readonly style: Style }>> = {
  held: { word: "HELD", symbol: "✔", style: "green" },
  violated: { word: "VIOLATED", symbol: "✘", style: "red" },
  inconclusive: { word: "INCONCLUSIVE", symbol: "?", style: "yellow" },
  "baseline-not-met": { word: "NOT STEADY BEFORE", symbol: "✘", style: "yellow" },
  "guard-stopped": { word: "STOPPED BY A GUARD", symbol: "✘", style: "red" },
  failed: { word: "FAILED", symbol: "✘", style: "red" },
  interrupted: { word: "INTERRUPTED", symbol: "✘", style: "yellow" },
};

const exitWords: Readonly<Record<Outcome, string>> = {
  held: "all held",
  violated: "violated",
  inconclusive: "not shown",
  "baseline-not-met": "the steady state did not hold before",
  "guard-stopped": "a guard or maxDuration ended the injection",
  failed: "the run could not be carried out",
  interrupted: "interrupted, cleaned up",
};

function renderOne(report: Report, page: Page): readonly string[] {
  const { width } = page;
  const sections = [
    headline(report, page),
    drawTime(report, width, page.paint),
    tellSteadyState(report.steadyState, page),
    tellHypotheses(report, page),
    tellFaults(report.faults, page),
    tellIssues(report, page),
    footer(report, page),
  ];
  return sections.filter(({ length }) => length > 0).flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}

function headline(report: Report, { width, paint, verbose }: Page): readonly string[] {
  const { word, symbol, style } = badges[report.outcome];
  const description = verbose && report.description !== undefined ? wrap(report.description, width - 2).map((line) => paint(["dim"], `  ${line}`)) : [];
  const why = report.because ?? summary(report);
  const lead = `${symbol} ${word}  `;
  const isShort = lead.length <= 16;
  const lines = hang("", why, width, isShort ? " ".repeat(lead.length) : "  ");
  const badge = paint([style, "bold"], `${symbol} ${word}`);
  return [
    ...wrap(report.title, width).map((line) => paint(["bold"], line)),
    ...description,
    ...(isShort ? lines.map((line, i) => (i === 0 ? `${badge}  ${line.trimStart()}` : line)) : [badge, ...lines]),
  ];
}

/** What was shown when all held. */
function summary({ hypotheses, steadyState }: Report): string {
  const parts = [
    ...(hypotheses.length === 0 ? [] : [hypotheses.length === 1 ? "The hypothesis held" : hypotheses.length === 2 ? "Both hypotheses held" : `All ${hypotheses.length} hypotheses held`]),
    ...(steadyState.some(({ met }) => met === true) ? [`${hypotheses.length === 0 ? "The" : "the"} steady state held before and after`] : []),
  ];
  return parts.length === 0 ? "Nothing was violated." : `${parts.join(", and ")}.`;
}

function footer(report: Report, { width, paint }: Page): readonly string[] {
  const items = [`seed ${report.seed}`, `run ${report.runId}`, format("duration", report.durationMs), `confidence ${format("share", report.confidence)}`, `chaos ${report.tool.version}`];
  return [...wrap(items.join(" · ").replaceAll(" ", "\u00A0").replaceAll("\u00A0·\u00A0", " · "), width).map((line) => paint(["dim"], line.replaceAll("\u00A0", " "))), paint(["dim"], `exit ${report.exitCode}: ${exitWords[report.outcome]}`)];
}

/** The last page of a series: each experiment on one line, and what it comes to. */
function renderSuite(reports: readonly Report[], { width, paint }: Page): readonly string[] {
  const { outcome, exitCode } = concludeSuite(reports);
  const lines = reports.flatMap((report) => {
    const { symbol, style, word } = badges[report.outcome];
    return hang("", `${report.title} (${word.toLowerCase()})`, width - 2, "  ").map((line, i) => (i === 0 ? `${paint([style], symbol)} ${line.trimStart()}` : line));
  });
  const count = reports.length === 1 ? "1 experiment" : `${reports.length} experiments`;
  return [paint(["bold"], count), ...lines, "", paint([badges[outcome].style, "bold"], `exit ${exitCode}: ${exitWords[outcome]}`)];
}

/** Texts that came from services may hold anything: no control character of theirs reaches the terminal, and no line break the layout. */
function printable(report: Report): Report {
  const cleaned: Report = JSON.parse(JSON.stringify(report, (_key, value: unknown) => (typeof value === "string" ? value.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ") : value)));
  return cleaned;
}
