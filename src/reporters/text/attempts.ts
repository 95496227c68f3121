import type { ExchangeEnd } from "../../model/event.ts";
import type { RequestDrawn } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { columnOf, columnsOf, labelsAt } from "./axis.ts";
import type { Axis } from "./axis.ts";
import { blanks, cellsOf, printRow, printTicks } from "./cell.ts";
import type { Cell, Frame } from "./cell.ts";
import type { Paint, Style } from "./paint.ts";
import { hang } from "./wrap.ts";

type DrawnCall = RequestDrawn["calls"][number];

/** More calls than this are told by the first and the last of them. */
const mostCalls = 5;

const endWords: Readonly<Record<ExchangeEnd, string>> = {
  complete: "answered", "client-left": "gave up", "upstream-lost": "lost", "upstream-unreachable": "refused", dropped: "dropped", reset: "reset", rejected: "rejected", tunnel: "tunnel", open: "unfinished",
};

interface Line {
  readonly label: string;
  readonly cells: readonly Cell[];
  /** The pause before, how long it took, and how it ended. */
  readonly columns: readonly [string, string, string];
  readonly style: readonly Style[];
}

/** One request call by call on an axis of ms since it was due, with the pauses between. */
export function drawAttempts(request: RequestDrawn, { width, paint }: { readonly width: number; readonly paint: Paint }): readonly string[] {
  const { calls, dueMs, answeredMs } = request;
  if (calls.length === 0) return [];
  const endMs = Math.max(...calls.map((call) => call.endMs), answeredMs ?? dueMs);
  const draft = linesOf(request, { startMs: dueMs, endMs, columns: 1 });
  const isNarrow = width < 60;
  const heads = isNarrow ? ["pause", "took"] : ["pause", "took", "ended"];
  const sizes = heads.map((head, i) => Math.max(head.length, ...draft.map(({ columns }) => (columns[i] ?? "").length)));
  const tableWidth = sizes.reduce((sum, size) => sum + size + 2, 0);
  const labelWidth = Math.max(...draft.map(({ label }) => label.length));
  const frame: Frame = { indent: 4, labelWidth, noteWidth: 0, columns: Math.max(6, Math.min(72, width - 4 - labelWidth - 1 - tableWidth)) };
  const axis: Axis = { startMs: dueMs, endMs: Math.max(endMs, dueMs + 1), columns: frame.columns };
  const table = (texts: readonly string[]): string => sizes.map((size, i) => `  ${i < 2 ? (texts[i] ?? "").padStart(size) : (texts[i] ?? "")}`).join("");
  return [
    ...hang("", titleOf(request), width, "    ").map((line) => paint(["dim"], line)),
    printTicks(`${ticks(axis).padEnd(frame.columns)}${table(heads)}`, frame, paint),
    ...linesOf(request, axis).map(({ label, cells, columns, style }) => printRow({ label, cells: [...cells, ...cellsOf(table(columns), style)], note: "" }, frame, paint)),
  ];
}

function titleOf({ probe, proxy, n, among, calls, more = 0 }: RequestDrawn): string {
  const count = calls.length + more;
  return `request ${n} of ${probe}, typical of ${among}: ${count} call${count === 1 ? "" : "s"} to ${proxy}`;
}

function linesOf({ calls, more = 0, dueMs, answeredMs, status }: RequestDrawn, axis: Axis): readonly Line[] {
  const all = calls.map((call, i) => lineOf(call, calls[i - 1], i + 1, axis));
  const count = calls.length + more;
  const hidden = count > mostCalls ? count - mostCalls : 0;
  const first = hidden > 0 ? all.slice(0, mostCalls - 2) : all;
  const last = hidden > 0 ? all.slice(-1) : [];
  const left = hidden === 0 ? [] : [{ label: "  ⋮", cells: midway(`${count - first.length - last.length} more`, axis), columns: ["", "", ""] as const, style: ["dim"] as const }];
  const isAnswered = answeredMs !== undefined;
  const column = isAnswered ? Math.min(axis.columns - 1, columnOf(axis, answeredMs)) : 0;
  const mark = isAnswered ? [...cellsOf("╌".repeat(column), ["dim"]), ...cellsOf("◆", ["bold"]), ...blanks(axis.columns - column - 1)] : blanks(axis.columns);
  return [...first, ...left, ...last, { label: "answer", cells: mark, columns: ["", isAnswered ? format("duration", answeredMs - dueMs) : "never", isAnswered && status !== undefined ? `status ${status}` : ""], style: [] }];
}

function lineOf(call: DrawnCall, before: DrawnCall | undefined, nth: number, axis: Axis): Line {
  const [from, to] = columnsOf(axis, call.startMs, call.endMs);
  const pauseFrom = before === undefined ? from : Math.min(from, columnsOf(axis, before.startMs, before.endMs)[1]);
  const isServed = call.end === "complete" && (call.status ?? 0) < 500;
  const bar = cellsOf((call.end === "open" ? "▒" : "█").repeat(to - from), [isServed ? "green" : "red"]);
  const cells = [...blanks(pauseFrom), ...cellsOf("╌".repeat(from - pauseFrom), ["dim"]), ...bar, ...blanks(axis.columns - to)];
  const ended = call.end === "complete" && call.status !== undefined ? `status ${call.status}` : endWords[call.end];
  return { label: `call ${nth}`, cells, columns: [before === undefined ? "" : format("duration", call.startMs - before.endMs), format("duration", call.endMs - call.startMs), ended], style: [] };
}

/** A text in the middle of the axis. */
function midway(text: string, { columns }: Axis): readonly Cell[] {
  return cellsOf(text.padStart(Math.floor((columns + text.length) / 2)).padEnd(columns).slice(0, columns), ["dim"]);
}

/** Round times since the request was due, evenly apart, as many as have room. */
function ticks(axis: Axis): string {
  const spanMs = axis.endMs - axis.startMs;
  const room = Math.max(1, Math.floor(axis.columns / 12));
  const stepMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000].find((ms) => spanMs / ms <= room) ?? spanMs;
  const labels = Array.from({ length: Math.floor(spanMs / stepMs) + 1 }, (_, i) => ({ atMs: axis.startMs + i * stepMs, text: i === 0 ? "0" : format("duration", i * stepMs) }));
  return labelsAt(axis, labels.filter(({ atMs, text }) => columnOf(axis, atMs) + text.length <= axis.columns));
}
