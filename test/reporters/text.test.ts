import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { report } from "../../src/hypotheses/report.ts";
import { text } from "../../src/reporters/text.ts";
import type { Report } from "../../src/model/report.ts";
import { boundOf, experimentOf, faultSeen, observe, requests, windows } from "../support/hand-made.ts";
import { simulate } from "../support/simulate.ts";

const steadyState = [{ probe: "checkout", claims: [{ metric: "success", bound: boundOf("share", ">= 99%") } as const, { metric: "p95", bound: boundOf("duration", "<= 250ms") } as const], during: [], settleMs: 3000 }];
const hypotheses = [
  { name: "answers in time", type: "claim", params: { probe: "checkout", p95: "<= 1ms" } },
  { name: "fallback-1", type: "fallback", params: { probe: "checkout", share: ">= 95%" } },
  { name: "health-check-1", type: "health-check", params: { probe: "ready", turnsUnhealthy: { within: "5s" }, liveness: "live" } },
  { name: "many", type: "claim", params: { probe: "checkout", available: ">= 99.9%" } },
];
const seen = report(simulate({ perSecond: 25, health: 5, fault: { kind: "latency", delayMs: 3000 }, service: { timeoutMs: 300, fallback: true, breaker: { trips: { consecutive: 5 }, coolDownMs: 1000 } }, steadyState, hypotheses }).observations);
const plain = { colour: false, width: 80, verbose: false };
const lines = (reports: readonly Report[], options = plain): readonly string[] => text.render(reports, options).split("\n");

describe("the text report", () => {
  test.each([40, 48, 60, 72, 80, 100, 200])("fits into %i columns", (width) => {
    for (const verbose of [false, true]) expect(lines([seen], { colour: false, width, verbose }).filter((line) => line.length > Math.min(100, width))).toEqual([]);
  });

  test("leaves no blank at the end of a line", () => {
    expect(lines([seen]).filter((line) => /\s$/.test(line))).toEqual([]);
  });

  test("has no control character without colour, and says the same with it", () => {
    const coloured = text.render([seen], { ...plain, colour: true });
    expect(text.render([seen], plain)).not.toMatch(/[^\P{Cc}\n]/u);
    expect(coloured).toContain("\u001B[");
    expect(stripVTControlCharacters(coloured)).toBe(text.render([seen], plain));
  });

  test("begins with the title and one headline that names the defect", () => {
    expect(lines([seen]).slice(0, 2)).toEqual(["Simulated", expect.stringMatching(/^✘ VIOLATED {2}answers in time: The p95 latency was \d+ms/)]);
  });

  test("draws phases, fault, states, answers, latency and calls on one time axis", () => {
    const drawn = lines([seen]);
    const row = (label: string): string => drawn.find((line) => line.startsWith(`  ${label} `)) ?? "";
    const at = (label: string, glyph: string): number => row(label).indexOf(glyph);
    expect(at("phase", "├during")).toBe(at("fault", "▓"));
    expect(row("phase").indexOf("├after")).toBe(row("fault").lastIndexOf("▓") + 1);
    expect(at("health-check-1", "unhealthy")).toBeGreaterThan(at("fault", "▓"));
    expect(row("checkout")).toMatch(/█+▒+█+/);
    expect(row("payments calls")).toContain("·");
    expect(row("live")).not.toContain("×");
  });

  test("draws a fault that comes and goes where it was in force only, and nothing where it never was", () => {
    const [fault] = experimentOf().faults;
    if (fault === undefined) throw new Error("no fault");
    const cells = (selection: Partial<typeof fault.selection>, seenOf: Parameters<typeof faultSeen>[0] = {}): string => {
      const drawn = lines([report(observe({ overrides: { faults: [faultSeen({ fault: { ...fault, selection: { ...fault.selection, ...selection } }, ...seenOf })] } }))]);
      const [phase = "", row = ""] = [drawn.find((line) => line.startsWith("  phase ")), drawn.find((line) => line.startsWith(`  ${fault.name} `))];
      return row.slice(phase.indexOf("├during"), phase.indexOf("├after"));
    };
    const solid = cells({});
    expect(solid).toMatch(/^▓+$/);
    expect(cells({ flap: { onMs: 3000, offMs: 3000 } })).toMatch(/^▓+ +▓+ +▓+$/);
    expect(cells({ flap: { onMs: 3000, offMs: 60_000 } })).toMatch(/^▓+ +$/);
    expect(cells({ fromMs: 3000, forMs: 9000, flap: { onMs: 3000, offMs: 3000 } })).toMatch(/^ +▓+ +▓+ +$/);
    expect(cells({ flap: { onMs: 3000, offMs: 3000 } }, { liftedMs: 12_000 })).toMatch(/^▓+ +▓+ +$/);
    expect(cells({ fromMs: 9000 }, { liftedMs: 12_000 }).trim()).toBe("");
    expect(cells({}, { away: [{ startMs: 5000, endMs: 8000 }, { startMs: 7000, endMs: 9000 }, { startMs: 14_000, endMs: 17_000 }] })).toMatch(/^▓+ +▓+ +$/);
    expect(cells({}, { away: [{ startMs: 5000, endMs: 8000 }, { startMs: 14_000 }] })).toMatch(/^▓+ +▓+$/);
    // Too short for any column: the windows of an hour of them are not told one by one.
    expect(cells({ flap: { onMs: 0.001, offMs: 0.001 } })).toBe(solid);
  });

  test("tells the last lines of a service that ended by itself, each on its own, with no control character", () => {
    const died = { name: "shop", replica: 2, exitedAtMs: 9000, code: 7 };
    expect(text.render([{ ...seen, services: [{ ...died, lastLines: ["Error: \u001B[31mno memory", "    at shop.js:3"] }] }], plain)).toContain("  ✘ shop#2 ended by itself at 9s with exit code 7; its last lines:\n      Error: [31mno memory\n      at shop.js:3\n");
    expect(text.render([{ ...seen, services: [{ ...died, lastLines: [] }] }], plain)).toContain("  ✘ shop#2 ended by itself at 9s with exit code 7; it wrote nothing\n");
    expect(text.render([{ ...seen, services: [died] }], plain)).toContain("  ✘ shop#2 ended by itself at 9s with exit code 7\n");
  });

  test("says of violated ones the witnesses, of open ones the next step, of held ones neither", () => {
    const drawn = text.render([seen], plain);
    expect(drawn).toMatch(/· at [\d.]+s request \d+ of checkout was \w+ after/);
    expect(drawn).toContain("→ Needs at least 4603 samples, there were 250");
    const held = drawn.slice(drawn.indexOf("✔ fallback-1"), drawn.indexOf("health-check-1 held"));
    expect(held).not.toMatch(/→|· at/);
  });

  test("says of a steady state that is not met what most bad answers were blamed for", () => {
    const [row] = seen.steadyState;
    if (row === undefined) throw new Error("no steady state");
    const missed = { ...row, met: false, bad: 30, commonBlame: { blame: "the connection was reset", count: 28 } };
    expect(text.render([{ ...seen, steadyState: [missed] }], plain)).toMatch(/^ +28 of 30 bad answers: the connection was reset$/m);
  });

  test("says where in the file a warning of validation stands", () => {
    const issues = [{ code: "unused-probe", severity: "warning", message: "nothing is claimed of live", hint: "claim something", line: 3, column: 5 }, { code: "disturbed", severity: "warning", message: "busy" }] as const;
    expect(text.render([{ ...seen, issues }], plain)).toContain("Take note\n  ! simulated.yaml:3:5: nothing is claimed of live\n    → claim something\n  ! busy\n");
  });

  test("says in its last line what the exit code means", () => {
    expect(lines([seen]).at(-2)).toBe("exit 1: violated");
  });

  test("lets no control character of a service through", () => {
    const nasty = { ...seen, because: "\u001B[2Jboo\nfake line \u202Ereversed" };
    expect(text.render([nasty], plain)).toContain("boo fake line reversed");
  });

  test("tells a run that never began", () => {
    const nothing = report(observe({ overrides: { phases: [], faults: [], interruptions: [{ kind: "failed", atMs: 1, message: "port 8080 is taken" }] } }));
    expect(lines([nothing]).slice(0, 2)).toEqual(["A test", "✘ FAILED  port 8080 is taken."]);
  });

  test("tells a baseline that was not met without a during", () => {
    const missed = report(observe({ samples: requests("checkout", "before", 20, () => ({ grade: "bad" })), experiment: { steadyState }, overrides: { phases: windows.slice(0, 1), faults: [] } }));
    expect(text.render([missed], plain)).toContain("✘ NOT STEADY BEFORE\n  The steady state did not hold before the fault: of checkout, success was 0%,\n");
  });

  test("of a series ends with one line per experiment and the worst exit code", () => {
    const failed: Report = { ...seen, title: "Another", outcome: "failed", exitCode: 6 };
    expect(lines([seen, failed]).slice(-6)).toEqual(["2 experiments", "✘ Simulated (violated)", "✘ Another (failed)", "", "exit 6: the run could not be carried out", ""]);
    expect(text.render([seen], { ...plain, suite: true })).toContain("1 experiment\n");
  });
});
