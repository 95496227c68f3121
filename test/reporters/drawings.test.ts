import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { report } from "../../src/hypotheses/report.ts";
import type { Series } from "../../src/model/hypothesis-type.ts";
import type { Report } from "../../src/model/report.ts";
import type { RequestDrawn, Verdict } from "../../src/model/verdict.ts";
import { text } from "../../src/reporters/text.ts";
import { observe } from "../support/hand-made.ts";
import { fc, runs } from "../support/properties.ts";

const verdict: Verdict = { name: "the one", type: "pattern", faults: ["outage"], verdict: "held", expected: "It holds", observed: {}, samples: 100, reason: "It held.", equivalentTo: [], claims: [], evidence: [] };
/** before 0..10 s, during 10..20 s with the fault, after 20..30 s. */
const empty: Report = {
  ...report(observe({})),
  phases: [{ name: "before", epoch: 1, startMs: 0, endMs: 10_000 }, { name: "during", epoch: 1, startMs: 10_000, endMs: 20_000 }, { name: "after", epoch: 1, startMs: 20_000, endMs: 30_000 }],
  faults: [{ name: "outage", type: "down", epoch: 1, startMs: 10_000, endMs: 20_000, eligible: 9, applied: 9, felt: 9, missed: { match: 0, window: 0, ordinal: 0, rate: 0 } }],
  steadyState: [],
  issues: [],
};
const span = (state: string, startMs: number, endMs: number): Report["timeline"]["states"][number]["spans"][number] => ({ state, startMs, endMs });
const breaker = [span("closed", 10_000, 12_000), span("open", 12_000, 15_000), span("half-open", 15_000, 15_040), span("open", 15_040, 21_000), span("closed", 21_000, 30_000)];
const flow: readonly Series[] = [
  { name: "requests", unit: "perSecond", points: [[0, 20], [30_000, 0]] },
  { name: "calls", unit: "perSecond", points: [[0, 20], [10_000, 60], [12_000, 0], [15_010, 5], [15_210, 0], [21_000, 20], [30_000, 0]] },
];

function withDrawing(drawn: { readonly series?: readonly Series[]; readonly states?: typeof breaker; readonly typical?: RequestDrawn }, base = empty): Report {
  const { series = [], states = [], typical } = drawn;
  return { ...base, hypotheses: [{ ...verdict, ...(typical !== undefined && { typical }) }], timeline: { startMs: 0, binMs: 500, probes: [], proxies: [], states: states.length === 0 ? [] : [{ hypothesis: "the one", spans: states }], series: [{ hypothesis: "the one", series }] } };
}

/** The lines of the hypothesis' own drawings. */
function drawingOf(shown: Report, options: { readonly width?: number; readonly colour?: boolean; readonly verbose?: boolean } = {}): readonly string[] {
  const lines = text.render([shown], { width: 80, colour: false, verbose: false, ...options }).split("\n");
  const from = lines.findIndex((line) => line.trim() === "It holds");
  const to = lines.indexOf("Faults");
  return lines.slice(from + 2, to < 0 ? undefined : to - 1);
}

const row = (lines: readonly string[], label: string): string => lines.find((line) => line.trimStart().startsWith(`${label} `)) ?? "";

describe("the drawing of a breaker", () => {
  const lines = drawingOf(withDrawing({ series: flow, states: breaker }));
  const first = (label: string, glyph: string): number => row(lines, label).indexOf(glyph);

  test("takes eight lines: times, phases, the fault, a lane for each state, what was asked and what was called", () => {
    expect(lines.map((line) => line.trim().split(" ")[0])).toEqual([expect.stringContaining("╷"), "phase", "outage", "closed", "half-open", "open", "requests", "calls"]);
  });

  test("has the phase, the fault and the first state begin in one column, and the state after it where the calls end", () => {
    expect(first("phase", "├during")).toBe(first("outage", "▓"));
    expect(first("closed", "─")).toBe(first("outage", "▓"));
    expect(first("open", "━")).toBe(row(lines, "closed").indexOf("─ ") + 1);
    expect(row(lines, "calls")[first("open", "━") - 1]).toBe("█");
    expect(row(lines, "calls")[first("open", "━") + 1]).toBe("·");
  });

  test("shows a trial shorter than a column in one column, of the state and of the calls, and it parts the lane of open", () => {
    const column = first("half-open", "◇");
    expect(row(lines, "half-open").match(/◇+/g)).toEqual(["◇"]);
    expect(row(lines, "calls")[column]).toBe("▁");
    expect(row(lines, "calls").slice(column - 3, column + 4)).toBe("···▁···");
    expect(row(lines, "open")[column]).toBe(" ");
  });

  test("marks the opening and the closing with their times, over their columns", () => {
    const times = lines[0] ?? "";
    expect(times.indexOf("╷12s")).toBe(first("open", "━"));
    expect(times.indexOf("╷21s")).toBe(row(lines, "closed").lastIndexOf(" ─") + 1);
  });

  test("draws requests and calls on one scale, and says the most of each beside it", () => {
    expect(row(lines, "requests")).toMatch(/▃{20,} 20\/s$/);
    expect(row(lines, "calls")).toMatch(/▃+▆?█+▄?·+▁·+▂?▃+ ≤ 60\/s$/);
  });

  test("says the same without colour as with it", () => {
    const shown = withDrawing({ series: flow, states: breaker });
    const coloured = text.render([shown], { width: 80, colour: true, verbose: false });
    expect(stripVTControlCharacters(coloured)).toBe(text.render([shown], { width: 80, colour: false, verbose: false }));
    expect(lines.join("")).not.toContain("\u001B");
  });

  test("keeps its lines at 40 columns", () => {
    const narrow = drawingOf(withDrawing({ series: flow, states: breaker }), { width: 40 });
    expect(narrow).toHaveLength(8);
    expect(row(narrow, "half-open")).toContain("◇");
  });
});

describe("the curve of a figure", () => {
  test("is not drawn where a hypothesis has none", () => {
    expect(drawingOf(withDrawing({ states: breaker }))).toEqual([]);
  });

  test("with a limit has the limit on the edge of a line, and what is above it on the lines above", () => {
    const over: Series = { name: "in flight", unit: "count", limit: 10, points: [[0, 2], [12_000, 10], [15_000, 16], [18_000, 0], [30_000, 0]] };
    const lines = drawingOf(withDrawing({ series: [over] }));
    const curve = lines.slice(lines.findIndex((line) => line.includes("in flight")));
    expect(curve).toHaveLength(4);
    expect(curve[0]).toMatch(/in flight +▂+ +≤ 16$/);
    expect(curve[2]).toMatch(/▔+█+▔+ limit 10$/);
    expect(curve[3]).toMatch(/▄+█+·+$/);
    const within = drawingOf(withDrawing({ series: [{ ...over, points: [[0, 2], [12_000, 9], [18_000, 0]] }] }));
    expect(row(within, "in flight")).toMatch(/▔+▅+▔+ limit 10$/);
  });

  test("with a limit tells a long name and its numbers on the lines beside it, where there is no margin", () => {
    const lines = drawingOf(withDrawing({ series: [{ name: "calls live on payments", unit: "count", limit: 10, points: [[0, 5]] }] }), { width: 40 });
    expect(lines.slice(-4).map((line) => line.slice(4, 17).trim())).toEqual(["calls live on", "payments", "limit 10", "≤ 5"]);
  });

  test("of a share has all of it for its scale, and says from where to where it went", () => {
    expect(row(drawingOf(withDrawing({ series: [{ name: "served", unit: "share", points: [[0, 0.5], [12_000, 0.25]] }] })), "served")).toMatch(/▄+▃?▂+ 25\.\.50%$/);
  });

  test("shows the most of a count in each column, however short it was", () => {
    expect(row(drawingOf(withDrawing({ series: [{ name: "queued", unit: "count", points: [[0, 0], [14_000, 8], [14_001, 0]] }] })), "queued")).toMatch(/·█·+ ≤ 8$/);
  });

  test("of several epochs is one curve", () => {
    const twice: readonly Series[] = [{ name: "queued", unit: "count", points: [[0, 1], [15_000, 0]] }, { name: "queued", unit: "count", points: [[16_000, 1], [30_000, 0]] }];
    expect(row(drawingOf(withDrawing({ series: twice })), "queued")).toMatch(/█+·+█+ ≤ 1$/);
  });

  test("gives way to others beyond eight lines, unless all is asked for", () => {
    const many = Array.from({ length: 12 }, (_, i): Series => ({ name: `figure ${i}`, unit: "count", points: [[0, i]] }));
    expect(drawingOf(withDrawing({ series: many }))).toHaveLength(8);
    expect(drawingOf(withDrawing({ series: many }), { verbose: true })).toHaveLength(15);
  });
});

describe("the drawing of a typical request", () => {
  const call = (startMs: number, endMs: number, more: Partial<RequestDrawn["calls"][number]> = {}): RequestDrawn["calls"][number] => ({ startMs, endMs, end: "complete", status: 503, ...more });
  const typical: RequestDrawn = { probe: "checkout", proxy: "payments", n: 7, among: 40, dueMs: 1000, answeredMs: 2000, status: 200, calls: [call(1000, 1200, { end: "client-left" }), call(1300, 1500), call(1700, 1990, { status: 200 })] };
  const lines = drawingOf(withDrawing({ typical }));

  test("names the request and how many it stands for", () => {
    expect(lines[0]?.trim()).toBe("request 7 of checkout, typical of 40: 3 calls to payments");
  });

  test("labels each pause in ms, how long each call took, and how it ended", () => {
    expect(row(lines, "call 1")).toMatch(/█ +200ms {2}gave up$/);
    expect(row(lines, "call 2")).toMatch(/╌+█+ +100ms {2}200ms {2}status 503$/);
    expect(row(lines, "call 3")).toMatch(/╌+█+ +200ms {2}290ms {2}status 200$/);
    expect(row(lines, "answer")).toMatch(/◆ +1s {2}status 200$/);
  });

  test("has every pause begin where the call before ends, and the bars as long as the calls", () => {
    const [one, two, three] = ["call 1", "call 2", "call 3"].map((label) => row(lines, label));
    expect(two?.indexOf("╌")).toBe((one?.lastIndexOf("█") ?? 0) + 1);
    expect(three?.indexOf("╌")).toBe((two?.lastIndexOf("█") ?? 0) + 1);
    const length = (line = ""): number => line.split("█").length - 1;
    expect(Math.abs(length(one) - length(two))).toBeLessThanOrEqual(1);
    expect(length(three) / length(two)).toBeCloseTo(1.45, 0);
  });

  test("keeps pauses and times at 40 columns", () => {
    const narrow = drawingOf(withDrawing({ typical }), { width: 40 });
    expect(row(narrow, "call 2")).toMatch(/╌█+ +100ms {2}200ms$/);
    expect(narrow.every((line) => line.length <= 40)).toBe(true);
  });

  test("of many calls tells the first and the last, and how many are between, in eight lines", () => {
    const many = { ...typical, more: 50, calls: Array.from({ length: 30 }, (_, i) => call(1000 + i * 10, 1005 + i * 10)) };
    const drawn = drawingOf(withDrawing({ typical: many }));
    expect(drawn).toHaveLength(8);
    expect(drawn.join("\n")).toContain("76 more");
    expect(drawn[0]).toContain("80 calls");
  });

  test("says that it was never answered, and that calls overlap", () => {
    const { answeredMs: _, status: __, ...open } = typical;
    const drawn = drawingOf(withDrawing({ typical: { ...open, calls: [call(1000, 1500), call(1200, 1600, { end: "open" })] } }));
    expect(row(drawn, "call 2")).toMatch(/▒ +-300ms {2}400ms {2}unfinished$/);
    expect(row(drawn, "answer")).toMatch(/^ +answer +never$/);
  });
});

describe("any drawing", () => {
  const ms = fc.integer({ min: 0, max: 30_000 });
  const series = fc.record({
    name: fc.string({ minLength: 1, maxLength: 40 }), unit: fc.constantFrom("count", "ms", "share", "perSecond"),
    points: fc.array(fc.tuple(ms, fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 60 }).map((points) => points.toSorted(([a], [b]) => a - b)),
  });
  const limited = fc.tuple(series, fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined })).map(([one, limit]): Series => ({ ...one, ...(limit !== undefined && { limit }) }));
  const states = fc.array(fc.tuple(fc.constantFrom("closed", "open", "half-open", "odd"), ms), { maxLength: 20 })
    .map((changes) => changes.toSorted(([, a], [, b]) => a - b)).map((changes) => changes.map(([state, startMs], i) => span(state, startMs, changes[i + 1]?.[1] ?? 30_000)));
  const calls = fc.array(fc.tuple(ms, fc.nat(5000), fc.constantFrom("complete", "client-left", "open")), { maxLength: 12 })
    .map((all) => all.toSorted(([a], [b]) => a - b).map(([startMs, length, end]) => ({ startMs, endMs: startMs + length, end } as const)));

  test("stays within its width, leaves no blank at the end of a line, and is the same in colour", () => {
    fc.assert(fc.property(fc.integer({ min: 40, max: 120 }), fc.array(limited, { maxLength: 4 }), states, calls, fc.boolean(), (width, drawn, spans, made, verbose) => {
      const shown = withDrawing({ series: drawn, states: spans, typical: { probe: "checkout", proxy: "payments", n: 1, among: 1, dueMs: made[0]?.startMs ?? 0, calls: made } });
      const plain = text.render([shown], { width, colour: false, verbose });
      expect(plain.split("\n").filter((line) => line.length > Math.min(100, width) || /\s$/.test(line))).toEqual([]);
      expect(plain).not.toMatch(/NaN|undefined|Infinity|\u001B/);
      expect(stripVTControlCharacters(text.render([shown], { width, colour: true, verbose }))).toBe(plain);
    }), runs(200));
  });
});
