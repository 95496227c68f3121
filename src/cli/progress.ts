import ora from "ora";
import type { Api, Event, Plan } from "./api.ts";
import type { Output } from "./command.ts";
import { paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { ProgressView } from "./progress-view.ts";
import type { Figures } from "./progress-view.ts";

/** How often the live line is drawn anew; it shares its thread with what is measured. */
const redrawMs = 200;

/** Says how one run goes, on stderr. */
export interface Progress {
  event(event: Event): void;
  /** Takes the live line away. */
  finish(): void;
}

type Format = Pick<Api, "formatQuantity" | "Histogram">;

/** A heading, then on a terminal one live line, elsewhere one line per finished phase; nothing when `quiet`. */
export function showProgress(plan: Plan, api: Format, output: Output, options: { readonly quiet: boolean; readonly nth: number; readonly of: number }): Progress {
  if (options.quiet) return { event: () => undefined, finish: () => undefined };
  const view = new ProgressView(plan, api);
  output.write(`${printable(headingOf(plan, api, options))}\n`);
  return output.live ? liveLine(view, api, output) : plainLines(view, api, output);
}

function headingOf(plan: Plan, api: Format, { nth, of }: { readonly nth: number; readonly of: number }): string {
  const lasts = api.formatQuantity("duration", plan.schedule.findLast(({ ifViolated }) => ifViolated !== true)?.endMs ?? 0);
  return `${of > 1 ? `[${nth}/${of}] ` : ""}${plan.experiment.title} (${lasts}, seed ${plan.seed})`;
}

function plainLines(view: ProgressView, api: Format, output: Output): Progress {
  return {
    event: (event) => {
      const ended = view.add(event);
      if (ended === undefined || ended.phase.name === "pause") return;
      const name = phaseName(ended.phase.name, ended.phase.epoch);
      const figures = ended.figures === undefined ? "" : figuresText(ended.figures, api);
      output.write(`  ${name.padEnd(8)} ${api.formatQuantity("duration", ended.phase.durationMs).padStart(6)}  ${figures}`.trimEnd().concat("\n"));
    },
    finish: () => undefined,
  };
}

function liveLine(view: ProgressView, api: Format, output: Output): Progress {
  const startedAt = performance.now();
  // Of the last event, so that time goes on between events without a clock of the run.
  let seen = { atMs: 0, now: startedAt };
  const nowMs = (): number => seen.atMs + (performance.now() - seen.now);
  const draw = (): string => fit(partsOf(view, api, nowMs()), output.width - 3, output.colour);
  const spinner = ora({
    stream: process.stderr,
    // Raw mode would take Ctrl-C away from the terminal.
    discardStdin: false,
    isEnabled: true,
    color: output.colour ? "cyan" : false,
    spinner: { interval: redrawMs, frames: ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"] },
    text: view.preparing,
  }).start();
  const timer = setInterval(() => { spinner.text = draw(); }, redrawMs);
  return {
    event: (event) => {
      view.add(event);
      if (event.atMs > seen.atMs) seen = { atMs: event.atMs, now: performance.now() };
    },
    finish: () => {
      clearInterval(timer);
      spinner.stop();
    },
  };
}

/** The live line, most important first: what does not fit is left out from the end. */
function partsOf(view: ProgressView, api: Format, nowMs: number): readonly string[] {
  const { phase } = view;
  if (phase === undefined) return [view.leftMs(nowMs) === undefined ? view.preparing : "finishing"];
  const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1000))}s`;
  const figures = view.figures(nowMs);
  return [
    `${phaseName(phase.name, phase.epoch)} ${seconds(Math.min(nowMs - phase.startMs, phase.durationMs))}/${api.formatQuantity("duration", phase.durationMs)}`,
    `${seconds(view.leftMs(nowMs) ?? 0)} left`,
    ...(figures === undefined ? [] : [figuresText(figures, api)]),
    ...(view.faultsInForce.length === 0 ? [] : [`fault ${view.faultsInForce.join(", ")}`]),
  ];
}

function fit(parts: readonly string[], width: number, colour: boolean): string {
  const separator = " · ";
  const kept: string[] = [];
  let used = 0;
  for (const part of parts) {
    used += part.length + (kept.length === 0 ? 0 : separator.length);
    if (used > width && kept.length > 0) break;
    kept.push(part.slice(0, width));
  }
  return kept.join(paint(colour, "dim", separator));
}

function phaseName(name: string, epoch: number): string {
  return epoch > 1 ? `${name} ${epoch}` : name;
}

function figuresText({ probe, goodShare, degradedShare, p95Ms }: Figures, api: Format): string {
  const degraded = degradedShare === 0 ? "" : `, ${api.formatQuantity("share", degradedShare)} degraded`;
  return `${probe} ${api.formatQuantity("share", goodShare)} good${degraded}, p95 ${api.formatQuantity("duration", p95Ms)}`;
}
